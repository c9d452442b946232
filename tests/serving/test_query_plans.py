"""The hottest queries, as the code sends them, are answered from indices on a large PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from serving.store import accounts, cases, log, webhooks
from serving.store.database import Database, View
from serving.store.unit import Unit

FILL = """
INSERT INTO events (sequence, member, stream, event_id, received_at, event_time, subject,
    counterparty, uetr, end_to_end_id, body, body_hash)
SELECT n, 'bank-' || n % 8, CASE WHEN n % 2 = 0 THEN 'payment' ELSE 'access' END, 'e' || n, n, n,
    'customer:' || n % 50000, 'account:' || n % 70000, CASE WHEN n % 4 = 0 THEN 'u' || n END,
    CASE WHEN n % 6 = 0 THEN 'x' || n END, '\\x7b7d', sha256(n::text::bytea)
FROM generate_series(1, :rows) AS n;
INSERT INTO assessments (sequence, assessment_id, member, stream, event_id, received_at, advice,
    because, probability, margin, reasons, features, model_name, model_version, feature_set,
    reference_version, thresholds, late, pool)
SELECT sequence, 'as-' || sequence, member, stream, event_id, received_at, 'clear', '[]', 0.1, -2,
    '[]', '\\x00', 'm', 'v', 'f', 'r', '{}', false, 'member:' || member
FROM events;
INSERT INTO labels (sequence, member, label_id, stream, event_id, is_fraud)
SELECT sequence, member, 'l' || sequence, stream, event_id, true FROM events
WHERE sequence % 10 = 0;
INSERT INTO payment_statuses (sequence, member, payment, status)
SELECT sequence, member, sequence - 3, 'ACSC' FROM events WHERE sequence % 10 = 5;
ANALYZE;
"""
LARGE = ("events", "assessments", "labels", "payment_statuses")


def hottest(view: View) -> None:
    """Ask what is asked for each event, each case and each page, of a member in the middle."""
    unit = Unit(view)
    unit.prefetch(("bank-2", "payment", f"e{2 + 8 * n}") for n in range(64))
    unit.assessment(1_002)
    log.assessment(view, "bank-2", "as-1002")
    log.entry_at(view, 1_002)
    log.record_of(view, "bank-2", "payment", "e1002")
    log.timeline(view, "bank-2", "customer:1002", ["account:1002"], 50)
    log.label_exists(view, "bank-2", "l1010")
    log.latest_findings(view, "bank-2", [("payment", "e1010"), ("payment", "e1018")])
    references = {"event_id": "e1002", "uetr": "u1002", "end_to_end_id": "x1002"}
    for name in references:
        log.payments_named(view, "bank-2", name, references)
    log.statuses_of(view, [1_002, 1_010])
    log.fates_before(view, 1_002, 2_000)
    cases.undecided(view, "bank-2", "customer:1002", "flag")
    accounts.key(view, "abcdefgh")
    webhooks.due(view, 1_000)


@contextmanager
def explained(view: View) -> Iterator[list[tuple[str, str]]]:
    """Gather the plan of each statement that the block sends."""
    found: list[tuple[str, str]] = []

    def explain(connection: Any, cursor: Any, statement: str, given: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            plan = cursor.connection.cursor().execute(f"EXPLAIN {statement}", given)
            found.append((statement, "\n".join(line for (line,) in plan)))

    sa.event.listen(view, "before_cursor_execute", explain)
    yield found
    sa.event.remove(view, "before_cursor_execute", explain)


@pytest.mark.parametrize(
    "rows",
    [100_000, pytest.param(10_000_000, marks=[pytest.mark.full, pytest.mark.timeout(3_600)])],
    ids=["100k", "10M"],
)
def test_no_hot_query_reads_a_large_table_from_end_to_end(postgresql: str, rows: int) -> None:
    database = Database(postgresql)
    try:
        with database.unit() as unit:
            for statement in FILL.split(";\n"):
                if statement.strip():
                    given = {"rows": rows} if ":rows" in statement else {}
                    unit.connection.execute(sa.text(statement), given)
        with database.reading() as view, explained(view) as found:
            hottest(view)
    finally:
        database.close()
    assert len(found) >= 10
    for statement, plan in found:
        for table in LARGE:
            assert f"Seq Scan on {table}" not in plan, f"{statement}\n{plan}"
