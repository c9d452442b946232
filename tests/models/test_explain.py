from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from features.catalog import PAYMENTS
from models.errors import BadRows
from models.explain import BASELINE, explain, in_words, say, singular
from models.groups import group_of


def planted(scorer, contributions: dict[str, float], bias: float = -1.0):
    """A scorer whose contributions are planted, by feature name."""
    order = [name for name, _ in scorer.bundle.features]
    row = np.array([[contributions.get(name, 0.0) for name in order]])
    return SimpleNamespace(
        bundle=scorer.bundle,
        catalogue=scorer.catalogue,
        width=scorer.width,
        bias=bias,
        contributions=lambda _: row,
    )


def row_of(catalogue, **values: float) -> np.ndarray:
    row = np.full(len(catalogue.names), np.nan)
    for name, value in values.items():
        row[catalogue.index(name)] = value
    return row


def test_reasons_are_real_contributions_strongest_first(scorer, catalogue_rows):
    order = [name for name, _ in scorer.bundle.features]
    for row in catalogue_rows[:200]:
        reasons = explain(scorer, row)
        contributions = dict(zip(order, scorer.contributions(row[None])[0], strict=True))
        groups: dict[str, list[float]] = {}
        for name, contribution in contributions.items():
            own = groups.setdefault(group_of(scorer.catalogue.feature(name)), [])
            own.append(contribution)
        sums = {group: sum(own) for group, own in groups.items()}
        assert 1 <= len(reasons) <= 5
        if reasons[0].feature == BASELINE:
            assert max(sums.values()) <= 0
            continue
        assert reasons[0].contribution == pytest.approx(max(sums.values()))
        values = [reason.contribution for reason in reasons]
        assert values == sorted(values, reverse=True) and values[-1] > 0
        assert len({reason.group for reason in reasons}) == len(reasons)
        for reason in reasons:
            assert reason.contribution == pytest.approx(sums[reason.group])
            assert contributions[reason.feature] == max(groups[reason.group]) > 0


def test_values_and_baselines_are_written_by_unit(scorer, catalogue):
    reasons = explain(
        planted(scorer, {"to_average": 2.0, "amount_24h": 1.0}),
        row_of(catalogue, to_average=12.34, average=5050.0, amount_24h=1234567.0),
    )
    assert [reason.text for reason in reasons] == [
        "the amount is 12 times the average of 50.50 EUR",
        "12,345.67 EUR paid in 24 hours",
    ]
    assert (reasons[0].value, reasons[0].usual, reasons[0].contribution) == (12.34, 5050.0, 2.0)
    assert reasons[1].usual is None


def test_an_unknown_baseline_is_said(scorer, catalogue):
    (reason,) = explain(planted(scorer, {"to_average": 2.0}), row_of(catalogue, to_average=3.0))
    assert reason.text == "the amount is 3 times the average of unknown" and reason.usual is None


def test_a_missing_value_speaks_by_its_text(scorer, catalogue):
    (reason,) = explain(planted(scorer, {"since_creditor": 0.5}), row_of(catalogue))
    assert reason.text == "new payee: the debtor never paid this creditor before"
    assert reason.value is None


def test_a_group_speaks_once_and_for_all_that_it_added(scorer, catalogue):
    raised = {"payments_24h": 3.0, "payments_1h": 2.0, "amount_24h": 1.0, "share_24h": -0.5}
    values = dict.fromkeys(raised, 4.0)
    reasons = explain(planted(scorer, raised | {"to_average": 5.6}), row_of(catalogue, **values))
    assert [reason.feature for reason in reasons] == ["to_average", "payments_24h"]
    assert (reasons[1].group, reasons[1].contribution) == ("velocity", 5.5)


def test_a_group_that_lowered_the_score_as_a_whole_is_no_reason(scorer, catalogue):
    mixed = {"payments_24h": 3.0, "amount_24h": -4.0, "to_average": 0.1}
    reasons = explain(planted(scorer, mixed), row_of(catalogue, **dict.fromkeys(mixed, 4.0)))
    assert [reason.feature for reason in reasons] == ["to_average"]


def test_what_lowers_the_score_is_no_reason_and_the_limit_holds(scorer, catalogue):
    mixed = planted(scorer, {"to_average": 1.0, "payments_1h": -5.0, "since_creditor": 0.4})
    row = row_of(catalogue, to_average=2.0)
    assert [reason.feature for reason in explain(mixed, row)] == ["to_average", "since_creditor"]
    assert len(explain(mixed, row, limit=1)) == 1


def test_without_a_raising_feature_one_reason_says_so(scorer, catalogue):
    (reason,) = explain(planted(scorer, {"to_average": -1.0}, bias=0.7), row_of(catalogue))
    assert reason.feature == BASELINE and reason.contribution == 0.7
    assert "no single measure" in reason.text


def test_one_is_singular():
    assert singular("1 failed logins of this user in the 10 minutes before") == (
        "1 failed login of this user in the 10 minutes before"
    )
    assert singular("21 payments in 1 hour") == "21 payments in 1 hour"
    assert singular("0.1 payments") == "0.1 payments"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (123450, "EUR", "1,234.50 EUR"),
        (-5, "EUR", "-0.05 EUR"),
        (0, "seconds", "0 seconds"),
        (1.2, "seconds", "1 second"),
        (59.4, "seconds", "59 seconds"),
        (60, "seconds", "1 min"),
        (3 * 3600, "seconds", "3 h"),
        (36 * 3600, "seconds", "36 h"),
        (86_400 * 1200, "seconds", "1,200 days"),
        (0.12, "share", "12 %"),
        (0.034, "share", "3.4 %"),
        (0.0005, "share", "0.05 %"),
        (0, "share", "0 %"),
        (1, "share", "100 %"),
        (3, "hour", "03:00"),
        (23.5, "hour", "23:30"),
        (0, "day", "Monday"),
        (6, "day", "Sunday"),
        (912.4, "km/h", "912 km/h"),
        (9, "payments", "9"),
        (12345, "events", "12,345"),
        (3.26, "ratio", "3.3"),
        (1234.5, "ratio", "1,234"),
        (-2.04, "score", "-2"),
        (17, "characters", "17 characters"),
        (2, "code", "2"),
    ],
)
def test_every_unit_reads_as_people_write_it(value, unit, text):
    assert in_words(value, unit) == text


def test_more_than_one_row_is_refused(scorer, catalogue_rows):
    with pytest.raises(BadRows, match="one row"):
        explain(scorer, catalogue_rows[:2])


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("cross_border", 1.0, "debtor's and creditor's accounts lie in different countries"),
        ("cross_border", 0.0, "debtor's and creditor's accounts lie in one country"),
        ("channel", 1.0, "it came through the channel: mobile"),
        ("payee_verification", 2.0, "verification of payee answered: no match"),
        ("debtor_payments_1h", 1.0, "1 payment by this debtor in 1 hour"),
        ("debtor_payments_1h", 3.0, "3 payments by this debtor in 1 hour"),
    ],
)
def test_what_is_said_is_true_of_the_value(name, value, text):
    assert say(PAYMENTS.feature(name), value, "unknown") == text
