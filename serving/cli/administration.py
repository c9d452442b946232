"""The operator's commands: keys, users, labels, store and audit log."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from serving.auth import SCOPES
from serving.clock import now
from serving.settings import Settings

if TYPE_CHECKING:
    from serving.store.accounts import KeyRow
    from serving.store.database import Database

_keys = typer.Typer(no_args_is_help=True, help="API keys of the senders of events.")
_users = typer.Typer(no_args_is_help=True, help="People who review cases in the console.")
_labels = typer.Typer(no_args_is_help=True, help="What became known of events.")
_db = typer.Typer(no_args_is_help=True, help="The service's store.")
_audit = typer.Typer(no_args_is_help=True, help="Who did what, and when.")
PARTS = {"keys": _keys, "users": _users, "labels": _labels, "db": _db, "audit": _audit}

Home = Annotated[Path | None, typer.Option(help="Folder of store and models [./.crossflag].")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Member = Annotated[str, typer.Option(help="Organisation whose events and cases these are.")]
Country = Annotated[str, typer.Option(help="Alpha-2 country of the member's office.")]


@_keys.command("create")
def create_key(
    name: Annotated[str, typer.Option(help="What the key is for.")],
    member: Member = "local",
    country: Country = "BE",
    scope: Annotated[
        list[str] | None, typer.Option(help=f"May be repeated: {', '.join(SCOPES)} [score, read].")
    ] = None,
    days: Annotated[int | None, typer.Option(help="Days until it expires [never].")] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Create an API key and print it, for the only time."""
    from serving import keys

    scopes = scope or ["score", "read"]
    pepper = Settings.from_environment(home=home).pepper
    with opened(home) as database:
        key = keys.create(
            database, pepper, name=name, member=member, country=country, scopes=scopes, days=days
        )
    _show_key(key, as_json, member=member, scopes=scopes)


@_keys.command("rotate")
def rotate_key(
    prefix: str,
    overlap_hours: Annotated[
        int, typer.Option(help="Hours during which the old key works beside the new one.")
    ] = 24,
    days: Annotated[
        int | None, typer.Option(help="Days until the new one expires [as long as the old one].")
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Make a key in place of another, which works on for a while; print it, for the only time."""
    from serving import keys

    pepper = Settings.from_environment(home=home).pepper
    with opened(home) as database:
        key = keys.rotate(database, pepper, prefix, overlap_hours=overlap_hours, days=days)
    if not as_json:
        print(f"key {prefix} works on for {overlap_hours} hours", file=sys.stderr)
    _show_key(key, as_json, replaces=prefix, overlap_hours=overlap_hours)


@_keys.command("list")
def list_keys(home: Home = None, as_json: Json = False) -> None:
    """List API keys, without their secrets; the last use is up to a minute behind."""
    from serving import keys
    from serving.store.records import moment, optional_moment

    mark = Settings.from_environment(home=home).pepper.mark
    with opened(home) as database:
        rows = keys.every(database)
    print_rows(
        "API keys",
        [
            {
                "prefix": row.prefix,
                "name": row.name,
                "member": row.member,
                "country": row.country,
                "scopes": " ".join(row.scopes),
                "created": moment(row.created_at),
                "expires": optional_moment(row.expires_at),
                "last used": optional_moment(row.last_used_at),
                "replaced by": row.replaced_by,
                "state": _state(row, mark),
            }
            for row in rows
        ],
        as_json,
    )


@_keys.command("revoke")
def revoke_key(prefix: str, home: Home = None) -> None:
    """Revoke an API key for good; a running service refuses it within a second."""
    from serving import keys

    with opened(home) as database:
        keys.revoke(database, prefix)
    print(f"key {prefix} is revoked", file=sys.stderr)


@_users.command("create")
def create_user(
    user_name: str,
    role: Annotated[str, typer.Option(help="reviewer, supervisor or administrator.")] = "reviewer",
    member: Member = "local",
    country: Country = "BE",
    display_name: Annotated[str | None, typer.Option(help="Name to show.")] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    home: Home = None,
) -> None:
    """Create a user who may sign in to the console; asks for the password."""
    from serving import users

    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    with opened(home) as database:
        users.create(
            database,
            user_name=user_name,
            password=password,
            role=role,
            member=member,
            country=country,
            display_name=display_name,
        )
    print(f"user {user_name} may sign in as {role}", file=sys.stderr)


@_users.command("list")
def list_users(home: Home = None, as_json: Json = False) -> None:
    """List users."""
    from serving import users
    from serving.store.records import moment

    with opened(home) as database:
        rows = users.every(database)
    print_rows(
        "Users",
        [
            {
                "user": row.user_name,
                "name": row.display_name or "",
                "role": row.role,
                "member": row.member,
                "country": row.country,
                "created": moment(row.created_at),
                "state": "disabled" if row.disabled_at else "enabled",
            }
            for row in rows
        ],
        as_json,
    )


@_users.command("disable")
def disable_user(user_name: str, home: Home = None) -> None:
    """Disable a user for good and end the sessions."""
    from serving import users

    with opened(home) as database:
        users.disable(database, user_name)
    print(f"user {user_name} is disabled", file=sys.stderr)


@_labels.command("export")
def export_labels(
    out: Annotated[Path, typer.Option(help="CSV or Parquet file, by its ending.")],
    member: Annotated[str | None, typer.Option(help="Only this member's [all].")] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Write every label to a file that `crossflag train --labels` reads."""
    from serving.cli.export import write_labels
    from serving.labels import every_label

    with opened(home) as database:
        count = write_labels(every_label(database, member), out)
    if as_json:
        print_json({"labels": count, "out": str(out)})
    else:
        print(f"{count} labels written to {out}", file=sys.stderr)


@_db.command("upgrade")
def upgrade(home: Home = None) -> None:
    """Bring the store's tables to the newest form; `serve` does it too."""
    with opened(home) as database:
        print(f"{database.name} is in the newest form", file=sys.stderr)


@_db.command("downgrade")
def downgrade(
    revision: Annotated[str, typer.Argument(help="Form to go back to, such as 0011.")],
    home: Home = None,
) -> None:
    """Bring the store's tables back to an older form, so that an older release can use them.

    Stop every service first; what only the newer form can hold is lost.
    """
    with opened(home) as database:
        database.downgrade(revision)
        print(f"{database.name} is in the form {revision}", file=sys.stderr)


@_audit.command("list")
def list_audit(
    limit: Annotated[int, typer.Option(min=1, help="How many of the newest rows.")] = 50,
    member: Annotated[str | None, typer.Option(help="Only this member's [all].")] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """List the newest rows of the audit log, newest first."""
    from serving import audit
    from serving.store.records import moment

    with opened(home) as database:
        rows = audit.newest(database, limit, member)
    print_rows(
        "Audit log",
        [
            {
                "at": moment(row.at),
                "actor": row.actor,
                "member": row.member,
                "action": row.action,
                "target": row.target,
                "detail": row.detail,
            }
            for row in rows
        ],
        as_json,
    )


@contextmanager
def opened(home: Path | None) -> Iterator[Database]:
    """Open the store of a home, or of the settings, and close it in the end."""
    from serving.store.database import Database

    database = Database(Settings.from_environment(home=home).database)
    try:
        yield database
    finally:
        database.close()


def _state(row: KeyRow, mark: str) -> str:
    if row.revoked_at is not None:
        return "revoked"
    if row.expires_at is not None and row.expires_at <= now():
        return "expired"
    return "in force" if row.pepper == mark else "of another pepper"


def _show_key(key: str, as_json: bool, **beside: Any) -> None:
    if as_json:
        print_json({"key": key, **beside})
    else:
        print(key)
        print("Keep it: it cannot be shown again.", file=sys.stderr)


def print_rows(title: str, rows: Sequence[dict[str, Any]], as_json: bool) -> None:
    """Print rows as a table, or as one JSON document."""
    from rich.console import Console
    from rich.table import Table

    if as_json:
        print_json(rows)
        return
    if not rows:
        print(f"{title}: none", file=sys.stderr)
        return
    table = Table(title=title)
    for name in rows[0]:
        table.add_column(name)
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    Console().print(table)


def print_json(document: Any) -> None:
    """Print one JSON document."""
    print(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
