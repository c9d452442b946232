"""The operator's care for what is there: back it up, put it back, and see what is wrong with it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serving.cli.administration import Home, Json, print_json, print_rows
from serving.settings import Settings

if TYPE_CHECKING:
    from serving.backups import Backup

app = typer.Typer()


@app.command("backup")
def backup(
    out: Annotated[Path, typer.Option(help="File to write; it must not be there yet.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Write store, models, pointers, secrets and snapshots to one file, while the service runs."""
    from serving import backups

    made = backups.make(Settings.from_environment(home=home), out, _say)
    _tell(made, f"{made.files} files are in {out}: keep it like the secrets it holds", as_json)


@app.command("restore")
def restore(
    file: Annotated[Path, typer.Argument(help="File that `crossflag backup` wrote.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Put a backup back into an empty home (and an empty database), with the service stopped."""
    from serving import backups

    settings = Settings.from_environment(home=home)
    done = backups.restore(file, settings, _say)
    _tell(done, f"{settings.home} is as it was at {done.made_at}; start the service", as_json)


@app.command("doctor")
def doctor_command(home: Home = None, as_json: Json = False) -> None:
    """Check settings, store, models, secrets, disk and clock; say what is wrong and the fix.

    Changes nothing. The exit status is 1 when something fails.
    """
    from serving import doctor

    found = doctor.examine(home)
    rows = [
        {"check": one.name, "state": one.state, "found": one.found, "fix": one.fix} for one in found
    ]
    print_rows("Doctor", rows, as_json)
    if any(one.state == "fails" for one in found):
        raise typer.Exit(1)


def _tell(done: Backup, sentence: str, as_json: bool) -> None:
    if as_json:
        print_json({**vars(done), "path": str(done.path)})
    else:
        print(sentence, file=sys.stderr)


def _say(text: str) -> None:
    print(text, file=sys.stderr)
