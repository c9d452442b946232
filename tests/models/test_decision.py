from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.decision import RuleHit, Thresholds, decide
from models.errors import BadThresholds

THRESHOLDS = Thresholds(review=0.3, urgent=0.8, reviews_per_day=50)
RANK = {"clear": 0, "review": 1, "urgent": 2}
hits = st.builds(
    RuleHit, st.just("rule"), st.sampled_from(["clear", "review", "urgent"]), st.text()
)


@pytest.mark.parametrize(
    ("probability", "advice"),
    [(0.0, "clear"), (0.299999, "clear"), (0.3, "review"), (0.799999, "review"), (0.8, "urgent")],
)
def test_a_threshold_belongs_to_the_advice_above_it(probability, advice):
    decision = decide(probability, THRESHOLDS)
    assert decision.advice == advice
    assert f"{probability:.6f}" in decision.because[0]


@given(st.floats(0, 1), st.lists(hits, max_size=4))
def test_rules_raise_the_advice_and_never_lower_it(probability, rule_hits):
    alone, together = decide(probability, THRESHOLDS), decide(probability, THRESHOLDS, rule_hits)
    asked = [RANK[alone.advice], *(RANK[hit.advice] for hit in rule_hits)]
    assert RANK[together.advice] == max(asked)
    assert len(together.because) == 1 + len(rule_hits)


def test_the_strongest_ground_is_named_first():
    hit = RuleHit("sanctions", "urgent", "creditor matches entry 12")
    decision = decide(0.01, THRESHOLDS, [hit])
    assert decision.advice == "urgent"
    assert decision.because[0] == "sanctions: creditor matches entry 12"
    assert "below the review threshold" in decision.because[1]


@pytest.mark.parametrize("values", [(0.8, 0.3, 1), (-0.1, 0.5, 1), (0.1, 1.1, 1), (0.1, 0.2, -1)])
def test_thresholds_out_of_order_are_refused(values):
    with pytest.raises(BadThresholds, match="give"):
        Thresholds(*values)


def test_a_probability_that_is_none_is_refused():
    for probability in (float("nan"), -0.1, 1.1):
        with pytest.raises(BadThresholds, match="between 0 and 1"):
            decide(probability, THRESHOLDS)


def test_thresholds_survive_json_and_incomplete_ones_are_refused():
    assert Thresholds.from_dict(THRESHOLDS.to_dict()) == THRESHOLDS
    with pytest.raises(BadThresholds, match="urgent"):
        Thresholds.from_dict({"review": 0.1})
