from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from models.counterfactual import Counterfactual
from serving.ui import timeline_view
from serving.ui.http import templates
from serving.ui.reasons_view import explain
from serving.ui.sentence import sentence
from serving.ui.words import percent
from tests.serving.ui import fakes as make


@pytest.fixture
def case():
    return make.detail()


def test_the_sentence_says_who_what_where_to_and_why(case) -> None:
    assert sentence(case) == (
        "Lucia Ejemplo paid 8,400 EUR in 2 payments to Trading Sample SRL in Romania within 1 h; "
        "flagged because: 4 payments to new payees in 24 hours."
    )


def test_the_sentence_of_one_payment_gives_its_own_amount() -> None:
    one = make.payment("p-1", make.NOW, event={"amount": "900.00", "currency": "USD"})
    said = sentence(make.detail(timeline=(one,)))
    assert "paid 900.00 USD to Trading Sample SRL in Romania; flagged" in said


def test_the_sentence_counts_accounts_and_countries() -> None:
    payments = tuple(
        make.payment(
            f"p-{place}",
            make.NOW + timedelta(minutes=place),
            event={"creditor_account": f"X{place}", "creditor_account_country": country},
        )
        for place, country in enumerate(("RO", "AE", "TR", "HK", "PH"))
    )
    said = sentence(make.detail(timeline=payments))
    assert "in 5 payments to 5 accounts" in said
    assert "Romania, United Arab Emirates, Türkiye and 2 more countries" in said


def test_the_sentence_of_access_counts_failures_and_addresses() -> None:
    tried = tuple(
        make.access(
            f"l-{place}", make.NOW, in_case=True, event={"outcome": "failure", "ip_address": "a"}
        )
        for place in range(3)
    )
    said = sentence(make.detail(timeline=tried))
    assert "had 3 unusual logins (3 failed) from a within a minute" in said


def test_flagged_rows_are_numbered_in_time_order(case) -> None:
    numbers = [row.number for row in timeline_view.rows(case)]
    assert numbers == [None, None, None, 1, 2]


def test_a_window_around_the_flags_leaves_the_old_out(case) -> None:
    rows = timeline_view.rows(case)
    near, everything = timeline_view.view(rows, "flags"), timeline_view.view(rows, "all")
    assert near is not None and everything is not None
    assert [row.entry.event_id for row in near.rows] == ["p-2", "p-1"]
    assert near.left_out == 3
    assert everything.left_out == 0
    assert len(everything.rows) == 5


def test_an_unknown_window_is_the_usual_one_and_no_event_is_no_view(case) -> None:
    shown = timeline_view.view(timeline_view.rows(case), "nonsense")
    assert shown is not None
    assert shown.window == timeline_view.DEFAULT_WINDOW
    assert timeline_view.view([], "all") is None


def test_a_received_payment_shows_who_paid() -> None:
    received = make.payment("p-9", make.NOW, "in")
    (row,) = timeline_view.rows(make.detail(timeline=(received,)))
    assert (row.what, row.with_whom, row.amount) == ("Received", "Lucia Ejemplo", "4,200.00 EUR")


@pytest.mark.parametrize(
    ("statuses", "what"),
    [
        (("accepted", "settled", "cover"), "Paid"),
        (("settled", "recall_requested"), "Paid, recall asked for"),
        (("recall_requested", "returned", "cover"), "Paid, returned"),
    ],
)
def test_what_became_of_a_payment_stands_beside_it(statuses: tuple[str, ...], what: str) -> None:
    paid = make.payment("p-9", make.NOW, statuses=statuses)
    (row,) = timeline_view.rows(make.detail(timeline=(paid,)))
    assert row.what == what


def test_reasons_come_strongest_event_first_with_their_weight(case) -> None:
    first, second = case.timeline[3:]
    weaker = replace(first, assessment=replace(first.assessment, probability=0.2))
    rows = timeline_view.rows(replace(case, timeline=(weaker, second)))
    explained = explain(rows)
    assert [one.row.entry.event_id for one in explained] == ["p-2", "p-1"]
    weights = [ground.weight for ground in explained[0].grounds]
    assert weights == pytest.approx([0.75, 0.25])


def _reasons(explained: Any, summary: Any) -> str:
    shown = {"explained": explained, "summary": summary, "root": "/console"}
    parts = templates.get_template("parts.html").make_module(shown)
    return templates.get_template("case_reasons.html").render(shown, parts=parts)


def test_what_would_have_left_it_clear_stands_below_the_reasons() -> None:
    line = Counterfactual("would not have been flagged had <b>x</b>", 0.02, {"amount": 1.0})
    entry = make.payment("p-1", make.NOW, assessment=make.assessment("p-1", counterfactual=line))
    explained = explain(timeline_view.rows(make.detail(timeline=(entry,))))
    shown = _reasons(explained, make.summary())
    assert "It would not have been flagged had &lt;b&gt;x&lt;/b&gt;" in shown
    assert f"({percent(0.02)} then)" in shown


def test_a_quality_sample_accuses_nobody(case) -> None:
    why = "drawn by lot: nothing speaks against it"
    by_lot = make.summary(source="random_review", first_reason=why, advice="clear")
    login = make.access("a-1", make.NOW, in_case=True)
    said = sentence(replace(case, summary=by_lot, timeline=(login,)))
    assert said.endswith(f"; {why}.")
    assert "flagged" not in said and "unusual" not in said
    drawn = make.assessment(
        "p-1", advice="clear", reasons=(), review_propensity=0.0005, probability=0.01
    )
    entries = tuple(make.payment(f"p-{n}", make.NOW, assessment=drawn) for n in range(5))
    explained = explain(timeline_view.rows(make.detail(timeline=entries)))
    shown = _reasons(explained, by_lot)
    assert "chance of one in 2,000" in shown and "2 more drawn events" in shown
    assert "flagged" not in shown


def test_a_ratio_to_the_usual_is_drawn_as_an_amount_and_a_count_alone_is_not(case) -> None:
    count, ratio = explain(timeline_view.rows(case))[0].grounds
    assert count.picture is None
    assert ratio.picture is not None
    assert "now 4,195.20 EUR, usually 91.20 EUR" in ratio.picture


def test_a_feature_that_is_no_longer_known_has_words_but_no_picture() -> None:
    known = make.assessment("p-1")
    gone = replace(known.reasons[1], feature="from_an_older_model")
    entry = make.payment("p-1", make.NOW, assessment=replace(known, reasons=(gone,)))
    (one,) = explain(timeline_view.rows(make.detail(timeline=(entry,))))
    assert one.grounds[0].picture is None
