"""The queue in SQL, on either database: order, filters, search, and who gets the next case."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from serving.cases import ranking
from serving.entities import CaseEntity, entities_of
from serving.store import cases as table
from serving.store import database as module
from serving.store import queues, related
from serving.store.cases import CaseRow
from serving.store.database import Database, View
from serving.store.queues import Filter

HOUR = 3_600_000_000
DAY = 24 * HOUR
NOW = 20_000 * DAY
LIMITS = ranking.limits(4, 48)
ME = "bank-a"


def case(number: int, **given: Any) -> CaseRow:
    row = CaseRow(
        member=ME,
        number=number,
        subject=f"customer:c{number}",
        subject_name=f"Person {number}",
        state="open",
        advice="review",
        probability=0.5,
        margin=0.0,
        expected_loss=1_000 * number,
        events=1,
        streams="payment",
        largest_loss=1,
        debtor_country="ES",
        creditor_country="RO",
        first_reason="a reason",
        opened_at=NOW - HOUR,
        updated_at=NOW,
        amount=10_000 * number,
    )
    row = replace(row, **given)
    return replace(row, rank=ranking.rank(row.expected_loss, row.advice, row.opened_at))


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def store(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Database]:
    if request.param == "sqlite":
        database = Database(tmp_path_factory.mktemp("queue") / "crossflag.db")
    else:
        folder = request.getfixturevalue("postgresql_server")
        import psycopg

        with psycopg.connect(host=folder, user="postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE queue_of_tests")
        database = Database(f"postgresql://postgres@/queue_of_tests?host={folder}")
    rows = [
        case(1),
        case(2, advice="urgent"),
        case(3, opened_at=NOW - 60 * HOUR, novel=True, streams="access payment"),
        case(4, state="claimed", claimed_by="ana", claim_expires_at=NOW - 1),
        case(5, state="claimed", claimed_by="ana", claim_expires_at=NOW + HOUR),
        case(6, state="decided", typology="mule_chain", suspicion="fan-in"),
        case(7, debtor_country="FR", model_version="0a1b", suspicion="fan-in", expected_loss=5_000),
        case(8, debtor_country="FR", expected_loss=5_000),
        case(9, member="bank-b"),
    ]
    named = {
        1: [CaseEntity("account", "ro49aaaa1b31", "RO49 AAAA 1B31"), *_name("Zoë O'Neill")],
        2: [CaseEntity("account", "ro49aaaa1b31", "RO49 AAAA 1B31"), *_name("Zoë Stone")],
        3: [CaseEntity("ip", "2001:db8::7", "2001:db8::7"), CaseEntity("device", "d-77", "D-77")],
        8: [CaseEntity("device", "d_77%", "d_77%")],
    }

    def fill(unit: Any) -> None:
        for row in rows:
            table.add(unit.connection, row)
            related.add(unit.connection, row.member, row.number, named.get(row.number, []))

    database.write(fill)
    yield database
    database.close()


def _name(text: str) -> list[CaseEntity]:
    return list(entities_of("payment", {"debtor_name": text}))


def numbers(store: Database, order: queues.Order = "priority", **asked: Any) -> list[int]:
    found: list[int] = []
    after = None
    while True:
        rows = store.read(partial(_page, asked=Filter(**asked), order=order, after=after))
        found += [row.number for row in rows]
        if len(rows) < 3:
            return found
        after = queues.position(rows[-1], order)


def _page(
    view: View, asked: Filter, order: queues.Order, after: queues.Position | None
) -> list[CaseRow]:
    return queues.page(view, ME, asked, LIMITS, NOW, order=order, after=after, limit=3)


def test_each_order_is_whole_and_equal_cases_stand_by_number(store: Database) -> None:
    waiting = {1, 2, 3, 4, 5, 7, 8}
    by_loss = numbers(store, "loss")
    assert by_loss == [5, 7, 8, 4, 3, 2, 1]
    assert numbers(store, "age")[0] == 3
    assert set(numbers(store, "age")) == set(numbers(store)) == waiting


def test_priority_is_loss_times_urgency_at_any_time(store: Database) -> None:
    def priority(row: CaseRow, at: int) -> float:
        weight = 4 if row.advice == "urgent" else 1
        return math.log2(row.expected_loss * weight) + (at - row.opened_at) / DAY

    rows = store.read(lambda view: queues.of_numbers(view, ME, range(1, 9)))
    for at in (NOW, NOW + 30 * DAY):
        wanted = sorted(rows, key=lambda row: (-round(priority(row, at), 9), row.number))
        assert [row.number for row in rows] == [row.number for row in wanted]
    assert numbers(store)[:2] == [3, 2]


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({"advice": "urgent"}, {2}),
        ({"stream": "access"}, {3}),
        ({"novel": True}, {3}),
        ({"claimed_by": "ana"}, {4, 5}),
        ({"debtor_country": "FR", "creditor_country": "RO"}, {7, 8}),
        ({"amount_from": 30_000, "amount_to": 40_000}, {3, 4}),
        ({"model_version": "0a1b"}, {7}),
        ({"suspicion": "fan-in", "states": ("open", "decided")}, {6, 7}),
        ({"typology": "mule_chain", "states": ("decided",)}, {6}),
        ({"older_than": 2 * DAY}, {3}),
        ({"younger_than": 2 * DAY}, {1, 2, 4, 5, 7, 8}),
        ({"late": True}, {3}),
        ({"text": "C-7"}, {7}),
        ({"text": "ro49 aaaa"}, {1, 2}),
        ({"text": "zoë"}, {1, 2}),
        ({"text": "STONE zoë"}, {2}),
        ({"text": "zoë nobody"}, set()),
        ({"text": "2001:DB8:"}, {3}),
        ({"text": "d-77"}, {3}),
        ({"text": "d_77%"}, {8}),
        ({"text": "%"}, set()),
        ({"text": "'; DROP TABLE cases; --"}, set()),
    ],
)
def test_filters_and_search(store: Database, asked: dict[str, Any], wanted: set[int]) -> None:
    assert set(numbers(store, **asked)) == wanted
    total = store.read(lambda view: queues.sums(view, ME, Filter(**asked), LIMITS, NOW))
    assert total.cases == len(wanted)


def test_the_next_free_case_is_the_first_that_nobody_holds(store: Database) -> None:
    def free(asked: Filter) -> CaseRow | None:
        return store.read(lambda view: queues.next_free(view, ME, asked, LIMITS, NOW))

    first = free(Filter())
    assert first is not None and first.number == 3
    lapsed = free(Filter(claimed_by="ana"))
    assert lapsed is not None and lapsed.number == 4
    assert free(Filter(states=("decided",), advice="urgent")) is None


def test_cases_are_tied_by_what_both_name(store: Database) -> None:
    named = [tie.entity for tie in store.read(lambda view: related.named_by(view, ME, [1]))]
    assert {one.kind for one in named} == {"account", "name"}
    ties = store.read(lambda view: related.naming(view, ME, named, 10))
    assert {(tie.number, tie.entity.kind) for tie in ties} == {
        *((1, "account"), (2, "account"), (1, "name")),
    }
    assert store.read(lambda view: related.naming(view, "bank-b", named, 10)) == []


def test_a_store_of_before_is_ranked_and_described(tmp_path: Path) -> None:
    """Down and up again: rank, amount and what a case names are read from its events."""
    database = Database(tmp_path / "crossflag.db")
    database.write(lambda unit: table.add(unit.connection, case(1, advice="urgent")))
    config = Config()
    config.set_main_option("script_location", str(Path(module.__file__).parent / "migrations"))
    database.write(lambda unit: _migrate(config, unit.connection, "0035"))
    columns = database.read(lambda view: sa.inspect(view).get_columns("cases"))
    assert "rank" not in [column["name"] for column in columns]
    database.write(lambda unit: _migrate(config, unit.connection, "head"))
    row = database.read(lambda view: table.case(view, ME, 1))
    database.close()
    assert row is not None and row.rank == case(1, advice="urgent").rank


def _migrate(config: Config, connection: sa.Connection, revision: str) -> None:
    config.attributes["connection"] = connection
    act = command.upgrade if revision == "head" else command.downgrade
    act(config, revision)
