"""Quality samples: drawn by a keyed lot, apart from accusations, labelled with their chance."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from serving.cases.gathering import NOTHING_AGAINST
from serving.errors import Invalid
from serving.sampling import KEY_FILE, Lot
from serving.settings import Settings
from tests.serving.harness import Running, running
from tests.serving.worlds import START, payment, theft

KEY = b"k" * 32


@pytest.fixture
def drawing(new_home: Callable[..., Path]):
    """A service that draws half of what it leaves clear."""
    with running(new_home(), console=False, random_review_share=0.5) as service:
        yield service


def test_the_lot_draws_its_share_and_the_same_event_always() -> None:
    lot = Lot(0.05, KEY)
    drawn = [lot.draws("bank-a", "payment", f"p{number}") for number in range(40_000)]
    assert 0.045 < sum(drawn) / len(drawn) < 0.055
    again = Lot(0.05, KEY)
    assert drawn[:1000] == [again.draws("bank-a", "payment", f"p{n}") for n in range(1000)]
    assert drawn[:1000] != [again.draws("bank-b", "payment", f"p{n}") for n in range(1000)]
    other = Lot(0.05, b"o" * 32)
    assert drawn[:1000] != [other.draws("bank-a", "payment", f"p{n}") for n in range(1000)]
    # What a small share draws, a larger one draws too.
    wider = Lot(0.5, KEY)
    assert all(wider.draws("bank-a", "payment", f"p{n}") for n in range(1000) if drawn[n])


def test_the_homes_key_is_made_once_and_is_nobodys_to_read(tmp_path: Path) -> None:
    first = Lot.kept_in(tmp_path / "home", 0.5)
    path = tmp_path / "home" / KEY_FILE
    assert len(path.read_bytes()) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    again = Lot.kept_in(tmp_path / "home", 0.5)
    names = [f"p{number}" for number in range(200)]
    assert [first.draws("m", "payment", n) for n in names] == [
        again.draws("m", "payment", n) for n in names
    ]
    assert [one.name for one in (tmp_path / "home").iterdir()] == [KEY_FILE]
    assert not Lot.kept_in(tmp_path / "none", 0.0).draws("m", "payment", "p1")
    assert not (tmp_path / "none").exists()


def test_the_police_look_at_nobody_by_lot() -> None:
    assert Settings().lot_share == 0.0005
    assert Settings(profile="police").lot_share == 0
    assert Settings.from_environment({"CROSSFLAG_PROFILE": "fiu"}).lot_share == 0.0005
    both = {"CROSSFLAG_PROFILE": "police", "CROSSFLAG_RANDOM_REVIEW_SHARE": "0.01"}
    with pytest.raises(Invalid, match="looks at nobody by lot"):
        Settings.from_environment(both)
    assert Settings.from_environment({**both, "CROSSFLAG_RANDOM_REVIEW_SHARE": "0"}).lot_share == 0
    wrong = {"CROSSFLAG_PROFILE": "spies", "CROSSFLAG_RANDOM_REVIEW_SHARE": "half"}
    with pytest.raises(Invalid) as refused:
        Settings.from_environment(wrong)
    assert {one.field for one in refused.value.problems} == set(wrong)


def test_a_drawn_event_stays_clear_and_has_a_case_apart_that_accuses_nobody(
    drawing: Running,
) -> None:
    answers = [
        drawing.score("payment", payment(number, 1, START + timedelta(hours=number)))
        for number in range(24)
    ]
    clear = [one for one in answers if one["advice"] == "clear"]
    drawn = [one for one in clear if one["case_id"] is not None]
    assert 0 < len(drawn) < len(clear)
    assert all(one["reasons"] == [] and one["counterfactual"] is None for one in drawn)
    for stream, fields, _ in theft(1_000, 1, START + timedelta(days=2)):
        drawing.score(stream, fields)
    cases = drawing.client.get("/v1/cases").json()["cases"]
    assert [one["source"] for one in cases] == ["flag", "random_review"]
    flagged, sample = cases
    assert flagged["subject"] == sample["subject"]
    assert sample["expected_loss"] == 0 and sample["advice"] == "clear"
    assert sample["first_reason"] == NOTHING_AGAINST
    assert drawing.score("payment", payment(0, 1, START))["duplicate"] is True


def test_decisions_label_with_source_and_chance(drawing: Running) -> None:
    for number in range(24):
        drawing.score("payment", payment(number, 1, START + timedelta(hours=number)))
    for stream, fields, _ in theft(1_000, 1, START + timedelta(days=2)):
        drawing.score(stream, fields)
    for case in drawing.client.get("/v1/cases").json()["cases"]:
        by_lot = case["source"] == "random_review"
        word = "nothing_found" if by_lot else "fraud_confirmed"
        for action, body in (
            ("claim", None),
            ("decision", {"disposition": word, "reason": "seen"}),
        ):
            path = f"/v1/cases/{case['case_id']}/{action}"
            answer = drawing.client.post(path, json=body)
            assert answer.status_code == 200, answer.text
    told = [orjson.loads(line) for line in drawing.client.get("/v1/labels").iter_lines()]
    found = {(one["source"], one["is_fraud"], one["review_propensity"]) for one in told}
    assert found == {("reviewer", True, 1.0), ("random_review", False, 0.5)}
