"""Following stolen money, the drafts that ask for it back, and what came of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from xsdata.formats.dataclass.parsers import XmlParser

from features.events import Payment, parse
from features.formats.iso_status import read_statuses
from features.reference import Reference
from serving.cases.money_trail import Hop, follow
from serving.cases.recall_messages import camt056, stop_payment
from tests.helpers.iso_documents import document_class
from tests.serving.harness import Running, running
from tests.serving.people import Person, hire
from tests.serving.worlds import START, payment, theft


def pay(number: int, debtor: str, creditor: str, euros: int, hours: float, **more: Any) -> Any:
    fields = payment(number, 1, START + timedelta(hours=hours), **more)
    fields |= {"debtor_account": debtor, "creditor_account": creditor, "amount": f"{euros}.00"}
    return number, parse(Payment, fields)


def carried(hops: tuple[Hop, ...]) -> list[tuple[str, int, int]]:
    return [(hop.event_id, hop.depth, hop.carried // 100) for hop in hops]


def test_the_trail_follows_what_arrived_first_in_first_out() -> None:
    first = [pay(1, "A", "M", 1_000, 0), pay(2, "A", "M", 500, 1)]
    later = [
        pay(3, "X", "Y", 999, 2),  # of no concern
        pay(4, "M", "N", 1_200, 3),
        pay(5, "M", "P", 900, 4),  # more than is left: 300 of it is stolen
        pay(6, "N", "A2", 200, 5),
        pay(7, "M", "Q", 50, 6),  # the purse is empty
        pay(8, "P", "R", 100, 24 * 30),  # much later: no longer thought part of it
    ]
    trail = follow(first, [*first[1:], *later], Reference())
    assert carried(trail.hops) == [
        ("p1", 1, 1_000),
        ("p2", 1, 500),
        ("p4", 2, 1_200),
        ("p5", 2, 300),
        ("p6", 3, 200),
    ]
    assert {one.account: one.amount // 100 for one in trail.resting} == {
        "N": 1_000,
        "P": 300,
        "A2": 200,
    }
    assert sum(one.amount for one in trail.resting) == 150_000


def test_a_circle_ends_and_nothing_is_counted_twice() -> None:
    first = [pay(1, "A", "B", 100, 0)]
    ring = [pay(2 + n, "BC"[n % 2], "CB"[n % 2], 100, 1 + n) for n in range(20)]
    trail = follow(first, ring, Reference())
    assert max(hop.depth for hop in trail.hops) == 6
    assert sum(one.amount for one in trail.resting) == 10_000


AGENTS = {"debtor_agent": "GEBABEBB", "creditor_agent": "BNPAFRPP"}


@pytest.mark.parametrize(
    "more",
    [
        AGENTS | {"uetr": "0f0a5c8e-7f3b-4a52-9d4e-6a1b2c3d4e5f", "end_to_end_id": "E2E-1"},
        {},
        {"event_id": "x" * 60, "end_to_end_id": "<&>" * 10, "creditor_name": "<script> To: me"},
    ],
)
def test_the_draft_is_a_message_of_the_standard_and_our_own_reader_reads_it(more: Any) -> None:
    _, one = pay(1, "BE68539007547034", "FR1420041010050500013M02606", 250, 0, **more)
    drafted = camt056(one, "C-17", START)
    parsed = XmlParser().from_bytes(drafted, document_class("camt.056", 8))
    item = parsed.fito_fipmt_cxl_req.undrlyg[0].tx_inf[0]
    assert item.orgnl_intr_bk_sttlm_amt.ccy == "EUR"
    assert item.cxl_rsn_inf[0].rsn.cd == "FRAD"
    [status] = read_statuses(drafted).statuses
    assert (status.status, status.reason) == ("recall_requested", "FRAD")
    assert status.amount is not None and status.amount == 250
    assert status.uetr == more.get("uetr")
    for name in re.findall(rb"<(?:Id|CxlId|OrgnlMsgId|OrgnlTxId)>([^<]*)<", drafted):
        assert 0 < len(name) <= 35
    letter = stop_payment(one, "C-17", "Demo Bank", START)
    assert "250.00 EUR" in letter
    assert letter.count("To: ") == 1 + letter.count("<script> To: ")


@pytest.fixture(scope="module")
def office(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("recalls")
    copytree(trained / "models", home / "models")
    with running(home) as service:
        hire(home, "ana")
        yield service


def test_from_the_confirmation_to_what_came_back(office: Running) -> None:
    robbed = [office.score(stream, fields) for stream, fields, _ in theft(9_000, 3, START)]
    [case_id] = {one["case_id"] for one in robbed if one["advice"] != "clear"}
    found = office.client.get(f"/v1/cases/{case_id}").json()
    stolen = [one for one in found["timeline"] if one["in_case"] and one["stream"] == "payment"]
    mule = stolen[0]["event"]["creditor_account"]
    onward = payment(9_900, 50, START + timedelta(days=1), creditor_account="0000000399")
    scheme = stolen[0]["event"]
    onward |= {"debtor_account": mule, "amount": "15.00", "customer_id": "mule"}
    onward |= {"debtor_account_scheme": scheme["creditor_account_scheme"]}
    onward |= {"debtor_account_country": scheme["creditor_account_country"]}
    office.score("payment", onward)
    with Person(office.url, "ana") as ana:
        path = f"/console/cases/{case_id}/recall"
        assert ana.get(path).status_code == 409
        ana.claim(case_id)
        ana.act(case_id, "decide", disposition="fraud_confirmed", reason="Stolen.")
        assert f'href="{path}"' in ana.get(f"/console/cases/{case_id}").text
        shown = ana.get(path)
        assert shown.status_code == 200
        recall = office.client.get(f"/v1/cases/{case_id}/recall").json()
        assert [one["event_id"] for one in recall["payments"]] == [
            one["event_id"] for one in stolen
        ]
        assert [hop["event_id"] for hop in recall["trail"]["hops"] if hop["depth"] == 2] == [
            "p9900"
        ]

        sequence = recall["payments"][0]["sequence"]
        xml = ana.get(f"{path}/{sequence}/camt.056.xml")
        assert xml.headers["content-disposition"].startswith("attachment")
        assert len(read_statuses(xml.content).statuses) == 1
        assert "STOP PAYMENT" in ana.get(f"{path}/{sequence}/stop-payment.txt").text
        for wrong in ("999999999/camt.056.xml", f"{sequence}/other.txt", "x/camt.056.xml"):
            assert ana.get(f"{path}/{wrong}").status_code == 404

        def note(state: str, recovered: str = "") -> int:
            form = {"state": state, "recovered": recovered}
            return ana.post(path, f"{path}/{sequence}", **form).status_code

        assert note("frozen", "10") == 409  # nobody asked yet
        assert note("requested") == 303
        assert note("requested") == 409
        assert note("frozen") == 422
        assert note("frozen", "ten") == 422
        assert note("frozen", "12,50") == 303
        assert "12.50 EUR" in ana.get(path).text
        assert note("gone") == 303
    after = office.client.get(f"/v1/cases/{case_id}").json()
    assert {"refund", "recall_answer"} == {one["clock"] for one in after["desk"]["clocks"]}
    drafts = office.stored(
        f"SELECT count(*) FROM audit WHERE action = 'case.recall_draft' AND target = '{case_id}'"
    )
    assert drafts == [(2,)]
