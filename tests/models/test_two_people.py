from __future__ import annotations

import json

import pytest

from models.bundle import Bundle
from models.challenger import challenge, challenger, dismiss
from models.champion import (
    approve,
    champion,
    history,
    promote,
    proposal,
    propose,
    reject,
    rollback,
)
from models.decision import Thresholds
from models.errors import PromotionRefused
from models.promotions import Person, documents_of

ADA, BO = Person("ada", "account", "ada"), Person("bo", "console")
PASSED = [{"name": "brier", "passed": True, "value": 0.9, "bound": 1.1, "text": "good"}]
FAILED = [{"name": "brier", "passed": False, "value": 1.9, "bound": 1.1, "text": "bad"}]


@pytest.fixture
def bundles(write_bundle, tmp_path):
    return [
        write_bundle(tmp_path / f"bundle{number}", thresholds=Thresholds(0.1 * number, 0.9, 10))
        for number in (1, 2, 3)
    ]


@pytest.fixture
def rooms(bundles, tmp_path):
    promote(tmp_path / "models", bundles[0].directory, ADA, "first")
    return tmp_path / "models"


def test_what_one_proposes_another_puts_in_force(bundles, rooms):
    proposed = propose(rooms, bundles[1].directory, ADA, "fewer flags", gates=PASSED)
    assert champion(rooms, "payment").name == bundles[0].version
    assert proposal(rooms, "payment") == proposed
    with pytest.raises(PromotionRefused, match="another person must approve"):
        approve(rooms, "payment", Person(" Ada "), "me again")
    done = approve(rooms, "payment", BO, "looked at it", bundles[1].version)
    assert champion(rooms, "payment").name == bundles[1].version
    assert done.approvers == ("ada", "bo") and done.known_by == "console"
    assert list(done.gates) == PASSED
    assert done.bundle_hash.startswith(bundles[1].version) and len(done.bundle_hash) == 64
    assert proposal(rooms, "payment") is None
    with pytest.raises(PromotionRefused, match="no payment model waits"):
        approve(rooms, "payment", BO, "once more")
    assert [act.action for act in history(rooms, "payment")] == ["promote", "propose", "promote"]
    assert rollback(rooms, "payment", ADA, "too many flags").version == bundles[0].version


def test_a_proposal_can_be_turned_down_and_is_then_gone(bundles, rooms):
    propose(rooms, bundles[1].directory, ADA, "fewer flags")
    reject(rooms, "payment", ADA, "taken back")
    assert proposal(rooms, "payment") is None
    with pytest.raises(PromotionRefused, match="waits"):
        reject(rooms, "payment", BO, "again")


def test_an_approval_is_of_what_was_looked_at(bundles, rooms):
    propose(rooms, bundles[1].directory, ADA, "fewer flags")
    propose(rooms, bundles[2].directory, ADA, "fewer still")
    with pytest.raises(PromotionRefused, match=f"what waits for approval is {bundles[2].version}"):
        approve(rooms, "payment", BO, "yes", bundles[1].version)
    promote(rooms, bundles[1].directory, ADA, "in between")
    with pytest.raises(PromotionRefused, match="propose it again"):
        approve(rooms, "payment", BO, "yes", bundles[2].version)


def test_a_failed_gate_keeps_out_unless_a_reason_is_written(bundles, rooms):
    for put in (promote, propose):
        with pytest.raises(PromotionRefused, match="gates brier are not passed"):
            put(rooms, bundles[1].directory, ADA, "better", gates=FAILED)
    done = promote(rooms, bundles[1].directory, ADA, "better", gates=FAILED, override="a new fraud")
    assert done.override == "a new fraud" and done.failed == tuple(FAILED)
    assert history(rooms, "payment")[-1] == done


def test_the_champion_is_not_proposed(bundles, rooms):
    with pytest.raises(PromotionRefused, match="is the champion already"):
        propose(rooms, bundles[0].directory, ADA, "again")


def test_a_crash_after_the_pointer_leaves_no_proposal(bundles, rooms):
    propose(rooms, bundles[1].directory, ADA, "fewer flags")
    pointer = rooms / "payment" / "proposal.json"
    kept = pointer.read_bytes()
    approve(rooms, "payment", BO, "yes")
    pointer.write_bytes(kept)
    assert proposal(rooms, "payment") is None


def test_papers_go_with_the_bundle_and_are_replaced_whole(bundles, rooms, tmp_path):
    paper = tmp_path / "model_card.md"
    shelf = documents_of(rooms / "payment", bundles[1].version)
    for text in ("one", "two"):
        paper.write_text(text)
        propose(rooms, bundles[1].directory, ADA, text, documents=[paper])
        assert (shelf / "model_card.md").read_text() == text
    assert Bundle.load(rooms / "payment" / bundles[1].version)


def test_records_of_earlier_versions_are_read(bundles, rooms):
    book = rooms / "payment" / "promotions.jsonl"
    old = json.loads(book.read_text())
    names = ("stream", "name", "version", "previous", "action", "by", "why", "at")
    book.write_text(json.dumps({name: old[name] for name in names}) + "\n")
    [act] = history(rooms, "payment")
    assert (act.by, act.approvers, act.gates) == ("ada", (), ())


def test_a_challenger_is_named_ended_and_forgotten_when_it_wins(bundles, rooms):
    challenge(rooms, bundles[1].directory, ADA, "to compare")
    assert challenger(rooms, "payment") == rooms / "payment" / bundles[1].version
    assert champion(rooms, "payment").name == bundles[0].version
    dismiss(rooms, "payment", BO, "seen enough")
    assert challenger(rooms, "payment") is None
    with pytest.raises(PromotionRefused, match="no payment model challenges"):
        dismiss(rooms, "payment", BO, "again")
    challenge(rooms, bundles[1].directory, ADA, "to compare")
    promote(rooms, bundles[1].directory, ADA, "it won")
    assert challenger(rooms, "payment") is None
    with pytest.raises(PromotionRefused, match="is the champion"):
        challenge(rooms, bundles[1].directory, ADA, "itself")


def test_nothing_challenges_where_nothing_serves(bundles, tmp_path):
    with pytest.raises(PromotionRefused, match="no champion to challenge"):
        challenge(tmp_path / "other", bundles[1].directory, ADA, "to compare")
