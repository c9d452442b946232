"""Map, graph, hits and files of a case: what they show, and that hostile text stays text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest

from serving.cases import Corridor
from serving.cases.links import Links, links_of
from serving.cases.ranking import limits
from serving.entities import CaseEntity
from serving.store import cases as table
from serving.store import related
from serving.store.cases import CaseRow
from serving.store.database import Database
from serving.ui import hits_view, links_view, tables
from serving.ui.map_svg import Way, corridor_map, world
from tests.serving.ui import fakes as make

DAY = 86_400_000_000
LIMITS = limits(4, 48)


def row(number: int, disposition: str | None = None) -> CaseRow:
    return CaseRow(
        member="local",
        number=number,
        subject="customer:c1" if number in (1, 6) else f"customer:c{number}",
        subject_name=make.HOSTILE if number == 2 else f"Person {number}",
        state="decided" if disposition else "open",
        advice="review",
        probability=0.5,
        margin=0.0,
        expected_loss=100 * number,
        events=1,
        streams="payment",
        largest_loss=1,
        debtor_country="ES",
        creditor_country="RO",
        first_reason="a reason",
        opened_at=DAY * 20_000,
        updated_at=DAY * 20_000,
        decided_at=DAY * 20_001 if disposition else None,
        decided_by="ana" if disposition else None,
        decision_reason="seen" if disposition else None,
        disposition=disposition,
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """1 shares a device with 2, 2 an account with 3, 3 an address with 4, which is confirmed."""
    database = Database(tmp_path_factory.mktemp("links") / "crossflag.db")
    device, account, address = (
        CaseEntity("device", "d-1", "D-1"),
        CaseEntity("account", "ro49", "RO49"),
        CaseEntity("ip", "2001:db8::7", "2001:db8::7"),
    )
    named = {1: [device], 2: [device, account], 3: [account, address], 4: [address], 5: []}
    named[6] = [CaseEntity("word", "d-1", "D-1")]
    decided = {4: "fraud_confirmed", 6: "false_positive"}

    def fill(unit: Any) -> None:
        for number in range(1, 7):
            table.add(unit.connection, row(number, decided.get(number)))
            related.add(unit.connection, "local", number, named[number])

    database.write(fill)
    yield database
    database.close()


def links(store: Database, number: int, *followed: int) -> Links:
    found = store.read(lambda view: links_of(view, "local", number, followed, LIMITS))
    assert found is not None
    return found


def test_the_shortest_way_to_a_confirmed_case_is_found_and_drawn(store: Database) -> None:
    found = links(store, 1)
    assert found.path == ("C-1", "d-1", "C-2", "ro49", "C-3", "2001:db8::7", "C-4")
    assert [one.case.case_id for one in found.related] == ["C-2"]
    assert [one.case_id for one in found.earlier] == ["C-6"]
    picture = links_view.view(found, "C-1", ()).picture
    assert picture is not None
    drawn = ElementTree.fromstring(picture)
    assert len(drawn.findall(".//*[@class='svg-path']")) == 6
    assert len(drawn.findall(".//*[@class='svg-confirmed']")) == 1
    assert "<script" not in picture


def test_a_case_that_is_followed_shows_what_it_names(store: Database) -> None:
    assert links(store, 5).related == ()
    assert links_view.view(links(store, 5), "C-5", ()).picture is None
    linked = links_view.view(links(store, 4), "C-4", ())
    assert linked.picture is not None and "follow=C-3#links" in linked.picture
    assert "RO49" not in linked.picture
    walked = links_view.view(links(store, 4, 3), "C-4", ("C-3",))
    assert walked.picture is not None and "RO49" in walked.picture


def test_no_way_is_made_up(store: Database) -> None:
    assert links(store, 5).path == ()
    assert store.read(lambda view: links_of(view, "bank-b", 1, (), LIMITS)) is None


def test_the_map_shows_arcs_sums_and_lists() -> None:
    ways = [Way("ES", "RO", 2, 840_000), Way("FR", "FR", 1, 100), Way("ES", None, 1, 100)]
    picture = corridor_map(ways, {"DZ": "increased_monitoring", "RO": "call_for_action"})
    assert picture is not None
    drawn = ElementTree.fromstring(picture)
    assert len(drawn.findall(".//*[@class='svg-arc']")) == 2
    assert "Romania ▲▲" in [one.text for one in drawn.iter("text")]
    assert "8,400 EUR" in picture
    assert len(re.findall("svg-increased-monitoring", picture)) == 1
    assert corridor_map([Way("ES", None, 1, 1)], {}) is None


def test_the_world_holds_the_small_and_nothing_crosses_it() -> None:
    countries = world()["countries"]
    assert {"SG", "MT", "XK", "LI", "BH"} <= countries.keys()
    for code, shape in countries.items():
        for ring in shape["d"].removesuffix("Z").split("Z"):
            xs = [float(point.split()[0]) for point in ring.removeprefix("M").split("L")]
            assert max(xs) - min(xs) < 0.6 * world()["width"], code


@pytest.mark.parametrize(
    ("ours", "theirs", "marked"),
    [
        ("JOHN SMITH", "John A. Smith", "<mark>John</mark> A.<mark> Smith</mark>"),
        ("<b>Ann</b>", "Ann", "<mark>Ann</mark>"),
        ("Straße", "Strasse", "<mark>Stra</mark>sse"),
        ("abc", "xyz", "xyz"),
    ],
)
def test_hits_mark_what_agrees_and_escape_the_rest(ours: str, theirs: str, marked: str) -> None:
    first, second = hits_view.aligned(ours, theirs)
    assert "<b>" not in first
    if ours != "Straße":
        assert second == marked


def test_files_hold_the_tables_and_no_formula(ana: Any, service: Any) -> None:
    formula = make.payment("p-1", make.NOW, event={"creditor_name": "=HYPERLINK(1)"})
    service.cases.case = replace(
        service.cases.case, timeline=(formula,), corridors=(Corridor("ES", "RO", 1, 12_345),)
    )
    for name in tables.NAMES:
        answer = ana.get(f"/console/cases/C-1/{name}.csv")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    text = ana.get("/console/cases/C-1/timeline.csv").text
    (line,) = list(csv.DictReader(io.StringIO(text)))
    assert line["with"] == "'=HYPERLINK(1)"
    assert ana.get("/console/cases/C-1/corridors.csv").text.endswith("ES,RO,1,123.45\r\n")
    assert ana.get("/console/cases/C-1/users.csv").status_code == 404


def test_the_page_shows_hits_beside_what_they_met(ana: Any, service: Any) -> None:
    hit = {"list_name": "eu-sanctions", "version": 3, "entity_id": "e-1", "caption": "Trading SRL",
           "topics": ["sanction"], "score": 0.91, "field": "creditor_name",
           "by": "Trading Simple SRL"}  # fmt: skip
    entry = make.payment("p-1", make.NOW, assessment=make.assessment("p-1", watchlist_hits=(hit,)))
    service.cases.case = replace(service.cases.case, timeline=(entry,))
    text = ana.get("/console/cases/C-1").text
    assert "Watchlist hits" in text and "eu-sanctions" in text
    assert "<mark>Trading S</mark>" in text
