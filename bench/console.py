"""`crossflag bench console`: server time and queries of each page of the console, on a full store.

The store is made by bulk SQL, on SQLite or PostgreSQL; the pages are asked for within this process,
through the same routes as a browser's, so that the figure is the server's own time.
"""

from __future__ import annotations

import asyncio
import math
import secrets
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from rich.console import Console
from rich.table import Table

from serving import users
from serving.auth import hashed
from serving.service import Service
from serving.settings import Settings
from serving.store.database import Database
from serving.store.schema import sessions
from serving.store.unit import Unit
from serving.ui.routes import mount
from training.progress import Teller

MEMBER, USER = "bench-bank", "reader"
GOAL_MS = 150.0
_DAY = 86_400_000_000
_NOW = 20_600 * _DAY
_PART = 250_000
"""Rows of one statement."""
_ROUNDS = 7


def pages(cases: int) -> dict[str, str]:
    """Return the pages that are measured, by name."""
    one = f"/console/cases/C-{cases // 2}"
    return {
        "queue": "/console/queue",
        "queue, by age": "/console/queue?order=age",
        "queue, all states": "/console/queue?state=all",
        "queue, late": "/console/queue?state=late",
        "queue, filtered": "/console/queue?corridor=ES%3ERO&amount_from=500&age=1d%2B",
        "queue, suspicion": "/console/queue?suspicion=fan-in&advice=urgent",
        "queue, a name": "/console/queue?text=person+12",
        "queue, an account": "/console/queue?text=ES00+0000+0000+1",
        "queue, a device": "/console/queue?text=device-12",
        "case": one,
        "case, whole timeline": f"{one}?window=all",
        "timeline as CSV": f"{one}/timeline.csv",
        "related as CSV": f"{one}/related.csv",
        "models": "/console/models",
        "watch": "/console/watch",
    }


def measure(
    cases: int, events: int, url: str | None, tell: Teller, rounds: int = _ROUNDS
) -> dict[str, Any]:
    """Build a store of so many cases and events, and return each page's time and queries.

    `url` is an empty PostgreSQL database; without it SQLite in a folder of its own is used.
    """
    with tempfile.TemporaryDirectory(prefix="crossflag-bench-") as folder:
        settings = Settings(home=Path(folder), database_url=url)
        started = time.perf_counter()
        token = build(Database(settings.database), cases, events, tell)
        built = time.perf_counter() - started
        service = Service(settings)
        try:
            measured = asyncio.run(_ask(service, token, pages(cases), rounds))
        finally:
            service.database.close()
    return {
        "database": "postgresql" if url else "sqlite",
        "cases": cases,
        "events": events,
        "built_seconds": round(built, 1),
        "goal_ms": GOAL_MS,
        "pages": measured,
    }


async def _ask(
    service: Service, token: str, wanted: dict[str, str], rounds: int
) -> dict[str, dict[str, float]]:
    app = FastAPI()
    mount(app)
    app.state.service = service
    asked: list[str] = []

    def count(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        # Another store of this process, such as a service of the tests', asks for itself.
        database, own = str(connection.engine.url.database), service.database.name
        if database in own or own in database:
            asked.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", count)
    try:
        async with AsyncClient(
            transport=ASGITransport(app), base_url="http://bench", timeout=600
        ) as client:
            client.cookies.set("crossflag_session", token)
            measured = {}
            for name, address in wanted.items():
                times = []
                for _ in range(rounds):
                    asked.clear()
                    started = time.perf_counter()
                    answer = await client.get(address)
                    times.append(1_000 * (time.perf_counter() - started))
                    answer.raise_for_status()
                measured[name] = {
                    "queries": len(asked),
                    "median_ms": round(statistics.median(times), 1),
                    "slowest_ms": round(max(times), 1),
                    "kilobytes": round(len(answer.content) / 1_024, 1),
                }
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", count)
    return measured


def build(database: Database, cases: int, events: int, tell: Teller) -> str:
    """Fill an empty store; return the token of a reader's session."""
    users.create(
        database,
        user_name=USER,
        password=secrets.token_urlsafe(16),
        role="supervisor",
        member=MEMBER,
        country="ES",
        display_name="Reader",
    )
    token = secrets.token_urlsafe(32)
    given = {"cases": cases, "member": MEMBER, "now": _NOW, "day": _DAY, "spread": 90 * _DAY}
    dialect = "sqlite"

    def one(unit: Unit, statement: str, count: int) -> None:
        for start in range(0, count, _PART):
            until = min(count, start + _PART)
            unit.connection.execute(
                sa.text(_SERIES + statement), {**given, "first": start, "last": until - 1}
            )

    def fill(unit: Unit) -> None:
        nonlocal dialect
        dialect = unit.connection.dialect.name
        blob = "CAST({} AS BLOB)" if dialect == "sqlite" else "convert_to({}, 'UTF8')"
        names = {"body": blob.format(_BODY), "hash": blob.format("'bench'")}
        rank = f"CAST({_DAY} * {math.log2(1000):.6f} AS BIGINT)"
        steps = (
            (_EVENTS.format(**names), events, "events"),
            (_CASES.format(rank=rank), cases, "cases"),
            (_ASSESSMENTS.format(hash=names["hash"]), 2 * cases, "assessments"),
            (_CASE_EVENTS, 2 * cases, "their events"),
            (_HISTORY, cases, "their histories"),
            *((statement, cases, "what they name") for statement in _ENTITIES),
        )
        for statement, count, what in steps:
            tell.say(f"{count:,} {what}")
            one(unit, statement, count)
        unit.connection.execute(
            sa.insert(sessions).values(
                token_hash=hashed(token),
                user_name=USER,
                csrf_token="bench",
                created_at=0,
                expires_at=2**52,
            )
        )
        unit.connection.execute(sa.text("ANALYZE"))

    database.write(fill)
    database.close()
    return token


_SERIES = (
    "WITH RECURSIVE n(i) AS (SELECT CAST(:first AS BIGINT) UNION ALL "
    "SELECT i + 1 FROM n WHERE i < :last) "
)
# Event i is of subject i modulo cases, so that the first two rounds are everybody's flagged ones.
_BODY = (
    '\'{"amount":"\' || (10 + i % 900) || \'.00","currency":"EUR","debtor_account":"ES00\' '
    '|| (1000000000 + i % :cases) || \'","debtor_account_scheme":"BBAN",'
    '"debtor_account_country":"ES","debtor_name":"Person \' || (i % :cases) || '
    '\'","creditor_account":"RO00\' || (i % 5000) || \'","creditor_account_scheme":"BBAN",'
    '"creditor_account_country":"RO","creditor_name":"Payee \' || (i % 5000) || '
    '\'","customer_id":"c\' || (i % :cases) || \'","event_id":"e\' || i || '
    '\'","time":"2026-05-01T10:00:00Z"}\''
)
_EVENTS = (
    "INSERT INTO events (sequence, member, stream, event_id, received_at, event_time, subject, "
    "counterparty, body, body_hash) SELECT i + 1, :member, 'payment', 'e' || i, "
    ":now - :spread + i, :now - :spread + i, 'customer:c' || (i % :cases), "
    "'RO:BBAN:RO00' || (i % 5000), {body}, {hash} FROM n"
)
_ASSESSMENTS = (
    "INSERT INTO assessments (sequence, assessment_id, member, stream, event_id, received_at, "
    "advice, because, probability, margin, reasons, features, model_name, model_version, "
    "feature_set, reference_version, thresholds, case_id, late, amount_reference, pool) "
    "SELECT i + 1, 'as-' || i, :member, 'payment', 'e' || i, :now - :spread + i, 'review', "
    "'[\"probability 0.5 reaches the review threshold\"]', 0.5, 0.1, "
    '\'[{{"feature":"amount","text":"a large payment","value"\\:1.0,"usual"\\:null,'
    "\"contribution\"\\:1.0,\"group\":\"fan-in\"}}]', {hash}, 'bench', 'v1', 'bench', 'bench', "
    "'{{\"review\"\\:0.1}}', 'C-' || (1 + i % :cases), false, 100 * (10 + i % 900), "
    "'member:bench' FROM n"
)
_CASES = (
    "INSERT INTO cases (member, number, subject, subject_name, state, advice, probability, margin, "
    "expected_loss, events, streams, largest_loss, debtor_country, creditor_country, first_reason, "
    "opened_at, updated_at, claimed_by, claimed_at, claim_expires_at, decided_by, decided_at, "
    "disposition, decision_reason, rank, amount, suspicion, model_version) "
    "SELECT :member, i + 1, 'customer:c' || i, 'Person ' || i, "
    "CASE i % 10 WHEN 0 THEN 'claimed' WHEN 1 THEN 'decided' WHEN 2 THEN 'decided' "
    "ELSE 'open' END, CASE WHEN i % 25 = 3 THEN 'urgent' ELSE 'review' END, 0.5, 0.1, "
    "1000 + i * 7919 % 900000, 2, 'payment', 1, 'ES', "
    "CASE WHEN i % 3 = 0 THEN 'RO' ELSE 'PL' END, 'a large payment', "
    ":now - :spread + i * (:spread / :cases), :now - :spread + i * (:spread / :cases), "
    "CASE WHEN i % 10 = 0 THEN 'ana' END, CASE WHEN i % 10 = 0 THEN :now END, "
    "CASE WHEN i % 10 = 0 THEN :now END, CASE WHEN i % 10 IN (1, 2) THEN 'ana' END, "
    "CASE WHEN i % 10 IN (1, 2) THEN :now END, "
    "CASE i % 10 WHEN 1 THEN 'fraud_confirmed' WHEN 2 THEN 'false_positive' END, "
    "CASE WHEN i % 10 IN (1, 2) THEN 'seen' END, "
    "{rank} + i * 7919 % 900000 * 1000000 - (:now - :spread + i * (:spread / :cases)), "
    "100 * (10 + i % 900), CASE WHEN i % 4 = 0 THEN 'fan-in' ELSE 'new payee' END, "
    "'v' || (i % 3) FROM n"
)
_CASE_EVENTS = (
    "INSERT INTO case_events (member, number, sequence) "
    "SELECT :member, 1 + i % :cases, i + 1 FROM n"
)
_HISTORY = (
    "INSERT INTO case_history (member, number, at, actor, action, text) "
    "SELECT :member, i + 1, :now, 'crossflag', 'opened', 'payment: review' FROM n"
)
_ENTITY = "INSERT INTO case_entities (member, number, kind, value, shown) SELECT :member, i + 1, "
_ENTITIES = tuple(
    f"{_ENTITY}'{kind}', {value}, {value} FROM n"
    for kind, value in (
        ("account", "'es00' || (1000000000 + i)"),
        ("account", "'ro00' || (i % 5000)"),
        ("customer", "'c' || i"),
        ("device", "'device-' || (i / 20)"),
        ("ip", "'2001:db8::' || (i % 4000)"),
        ("name", "'person ' || i"),
        ("word", "'person'"),
        ("word", "'' || i"),
    )
)


def show(measured: dict[str, Any]) -> None:
    """Print the figures as a table."""
    size = f"{measured['cases']:,} cases and {measured['events']:,} events"
    table = Table(title=f"Pages of the console on {measured['database']}, {size}")
    for name in ("page", "queries", "median ms", "slowest ms", "kB"):
        table.add_column(name, justify="left" if name == "page" else "right")
    for name, one in measured["pages"].items():
        table.add_row(
            name,
            str(one["queries"]),
            f"{one['median_ms']:.1f}",
            f"{one['slowest_ms']:.1f}",
            f"{one['kilobytes']:.0f}",
        )
    Console().print(table)
    slow = [n for n, one in measured["pages"].items() if one["median_ms"] > measured["goal_ms"]]
    said = f"Over {measured['goal_ms']:.0f} ms: {', '.join(slow)}." if slow else "None is over."
    print(f"Built in {measured['built_seconds']} s. Goal: {measured['goal_ms']:.0f} ms. {said}")
