"""`crossflag data inspect`: a stranger's table, and the mapping that fits it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.cli import options

app = typer.Typer(pretty_exceptions_enable=False)
data_app = typer.Typer(pretty_exceptions_enable=False, no_args_is_help=True)
app.add_typer(data_app, name="data", help="Look at a file before training on it.")


@data_app.callback()
def data() -> None:
    """Look at a file before training on it."""


@data_app.command("inspect")
def data_inspect(
    file: Annotated[Path, typer.Argument(help="A table of events: CSV or Parquet.")],
    out: Annotated[
        Path | None, typer.Option(help="Write the proposed mapping here (.toml).")
    ] = None,
    as_json: options.AsJson = False,
) -> None:
    """Say what each column is, propose the mapping, and look for what would let a model cheat.

    Large files are looked at in part. Then: crossflag train --data FILE --mapping mapping.toml
    """
    from training.errors import MissingInput
    from training.inspect import inspect_file
    from training.inspect.showing import tables_of
    from training.inspect.toml import as_toml

    found = inspect_file(file)
    if out is not None:
        try:
            out.write_text(as_toml(found), encoding="utf-8")
        except OSError as error:
            raise MissingInput(f"--out {str(out)!r}: cannot be written ({error})") from error
    options.show(
        as_json,
        {**found.document(), "out": None if out is None else str(out)},
        *tables_of(found, out),
    )
