"""The commands of the training side; `crossflag` mounts them.

Each prints a table for a person, or with `--json` one document on standard output; everything else
goes to standard error. A command imports what it needs when it runs, so that `--help` is quick.
"""

from __future__ import annotations

import typer

from training.cli import data, drift, features, promotion, report, score, study, train
from training.coverage.command import app as coverage

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
_GROUPS = (data, train, study, score, promotion, drift, report)
for _group in (one.app for one in _GROUPS):
    app.add_typer(_group)
app.add_typer(features.app, name="features")
app.add_typer(coverage, name="coverage")


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def simulate(context: typer.Context) -> None:
    """Make the sample world: payments, access events and labels of a simulated population."""
    from training.simulate.command import simulate_command

    world = typer.Typer(pretty_exceptions_enable=False)
    world.command("simulate")(simulate_command)
    typer.main.get_command(world).main(
        args=context.args, prog_name=context.command_path, standalone_mode=False
    )
