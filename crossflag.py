"""The front door: one command, `crossflag`, that mounts the training and the serving commands."""

from __future__ import annotations

import sys

import typer

import bench.command
import serving.cli
import serving.cli.consistency
import training.cli.features
from features.errors import CrossflagError

app = typer.Typer(
    name="crossflag",
    help="Detect cross-border fraud and cybercrime, explain each flag, and let people decide.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
# `crossflag features` is about both: what is trained on, and whether it was served so.
training.cli.features.app.add_typer(serving.cli.consistency.app)
app.add_typer(training.cli.app)
app.add_typer(serving.cli.app)
app.add_typer(bench.command.app, name="bench")


def main() -> None:
    """Run the command line; a known error is one sentence on standard error and status 1."""
    try:
        app()
    except CrossflagError as error:
        problems = getattr(error, "problems", None)
        print("crossflag:", "; ".join(map(str, problems)) if problems else error, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
