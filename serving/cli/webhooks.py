"""The commands of webhooks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from serving.cli.administration import Home, Json, Member, opened, print_rows
from serving.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Systems of members that are told of assessments.")
Webhook = Annotated[str, typer.Argument(help="Identifier, such as wh-1a2b3c4d5e6f.")]


@app.command("add")
def add(
    url: Annotated[str, typer.Argument(help="Where to POST: https, on the open network.")],
    member: Member = "local",
    kind: Annotated[
        list[str] | None,
        typer.Option(
            help="May be repeated: assessment.scored, assessment.flagged, case.opened "
            "[assessment.flagged, case.opened]."
        ),
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Create a webhook and print its signing secret, for the only time."""
    from serving import webhooks

    kinds = kind or ["assessment.flagged", "case.opened"]
    with opened(home) as database:
        row = webhooks.add(database, member=member, url=url, kinds=kinds, anywhere=_anywhere(home))
    told = {"webhook": row.webhook_id, "member": member, "kinds": " ".join(row.kinds)}
    print_rows("Webhook", [told | {"secret": row.secret}], as_json)
    if not as_json:
        print("Keep the secret: it cannot be shown again.", file=sys.stderr)


@app.command("list")
def list_webhooks(home: Home = None, as_json: Json = False) -> None:
    """List webhooks, without their secrets."""
    from serving import webhooks
    from serving.store.records import moment

    with opened(home) as database:
        rows = webhooks.every(database)
    print_rows(
        "Webhooks",
        [
            {
                "webhook": row.webhook_id,
                "member": row.member,
                "url": row.url,
                "kinds": " ".join(row.kinds),
                "created": moment(row.created_at),
                "state": "in force" if row.disabled_at is None else "ended",
            }
            for row in rows
        ],
        as_json,
    )


@app.command("remove")
def remove(webhook: Webhook, home: Home = None) -> None:
    """End a webhook for good; what waits for it is given up."""
    from serving import webhooks

    with opened(home) as database:
        webhooks.remove(database, webhook)
    print(f"webhook {webhook} is ended", file=sys.stderr)


@app.command("test")
def test(webhook: Webhook, home: Home = None, as_json: Json = False) -> None:
    """Send a test message now and tell what was answered; status 1 unless that was a success."""
    from serving import webhooks

    with opened(home) as database:
        attempt = webhooks.test(database, webhook, _anywhere(home))
    row = {"status": attempt.status, "error": attempt.error, "milliseconds": attempt.milliseconds}
    print_rows("Test message", [row], as_json)
    if attempt.status is None or attempt.status // 100 != 2:
        raise typer.Exit(1)


@app.command("deliveries")
def list_deliveries(
    limit: Annotated[int, typer.Option(min=1, help="How many of the newest.")] = 50,
    webhook: Annotated[str | None, typer.Option(help="Only this webhook's [all].")] = None,
    state: Annotated[str | None, typer.Option(help="waiting, delivered or failed [all].")] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """List what webhooks were told, newest first, with the last attempt at it."""
    from serving import webhooks
    from serving.store.records import moment

    with opened(home) as database:
        found = webhooks.deliveries(database, limit, webhook, state)
    print_rows(
        "Deliveries",
        [
            {
                "delivery": row.delivery,
                "webhook": row.webhook_id,
                "message": row.message_id,
                "created": moment(row.created_at),
                "state": row.state,
                "attempts": row.attempts,
                "next": moment(row.next_at) if row.state == "waiting" else None,
                "answered": attempt and (attempt.status or attempt.error),
            }
            for row, attempt in found
        ],
        as_json,
    )


@app.command("redeliver")
def redeliver(
    delivery: Annotated[int, typer.Argument(help="Number, as `webhooks deliveries` prints it.")],
    home: Home = None,
) -> None:
    """Have the service send a message once more, under its old identifier."""
    from serving import webhooks

    with opened(home) as database:
        webhooks.redeliver(database, delivery)
    print(f"delivery {delivery} waits to be sent", file=sys.stderr)


def _anywhere(home: Path | None) -> bool:
    return Settings.from_environment(home=home).webhooks_anywhere
