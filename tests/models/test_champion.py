from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from models import promotions
from models.bundle import Bundle
from models.champion import champion, history, promote, rollback
from models.decision import Thresholds
from models.errors import BadBundle, PromotionRefused


@pytest.fixture
def bundles(write_bundle, tmp_path):
    return [
        write_bundle(tmp_path / f"bundle{number}", thresholds=Thresholds(0.1 * number, 0.9, 10))
        for number in (1, 2, 3)
    ]


def test_promotion_copies_records_and_points(bundles, tmp_path):
    models_dir = tmp_path / "models"
    assert champion(models_dir, "payment") is None and history(models_dir, "payment") == []
    promotion = promote(models_dir, bundles[0].directory, "ada", "first model")
    shutil.rmtree(bundles[0].directory)
    serving = champion(models_dir, "payment")
    assert serving == models_dir / "payment" / bundles[0].version
    assert Bundle.load(serving).version == bundles[0].version
    assert history(models_dir, "payment") == [promotion]
    assert (promotion.previous, promotion.action, promotion.by) == (None, "promote", "ada")
    assert champion(models_dir, "access") is None


def test_rollback_walks_back_through_the_champions(bundles, tmp_path):
    models_dir = tmp_path / "models"
    for bundle in bundles:
        promote(models_dir, bundle.directory, "ada", "better")
    for expected in (bundles[1], bundles[0]):
        record = rollback(models_dir, "payment", "bo", "too many flags")
        assert record.version == expected.version and record.action == "rollback"
        assert champion(models_dir, "payment").name == expected.version
    with pytest.raises(PromotionRefused, match="no earlier champion"):
        rollback(models_dir, "payment", "bo", "again")
    assert [record.action for record in history(models_dir, "payment")] == [
        *["promote"] * 3,
        *["rollback"] * 2,
    ]


def test_promoting_the_champion_again_changes_nothing(bundles, tmp_path):
    first = promote(tmp_path / "models", bundles[0].directory, "ada", "first")
    assert promote(tmp_path / "models", bundles[0].directory, "bo", "again") == first
    assert history(tmp_path / "models", "payment") == [first]


def test_rollback_without_a_champion_is_refused(tmp_path):
    with pytest.raises(PromotionRefused, match="no champion"):
        rollback(tmp_path, "payment", "ada", "why not")


@pytest.mark.parametrize(("by", "why"), [("", "good"), ("ada", "  ")])
def test_a_promotion_says_who_and_why(bundles, tmp_path, by, why):
    with pytest.raises(PromotionRefused, match="say who"):
        promote(tmp_path / "models", bundles[0].directory, by, why)


@pytest.mark.parametrize("crash", ["copy", "record", "pointer"])
def test_a_crash_leaves_the_old_champion_and_promotion_can_be_repeated(
    bundles, tmp_path, monkeypatch, crash
):
    models_dir = tmp_path / "models"
    promote(models_dir, bundles[0].directory, "ada", "first")

    class PowerCut(BaseException):
        pass

    def cut(*_args, **_options):
        raise PowerCut

    with monkeypatch.context() as patch:
        if crash == "copy":
            copytree = shutil.copytree

            def half(source: Path, target: Path, **options):
                copytree(source, target, **options)
                (target / "model.json").unlink()
                raise PowerCut

            patch.setattr(shutil, "copytree", half)
            patch.setattr(shutil, "rmtree", lambda *_args, **_options: None)
        elif crash == "record":
            patch.setattr(promotions, "append", cut)
        else:
            replace = Path.replace

            def cut_pointer(path: Path, target: Path):
                if Path(target).name == "champion.json":
                    raise PowerCut
                return replace(path, target)

            patch.setattr(Path, "replace", cut_pointer)
        with pytest.raises(PowerCut):
            promote(models_dir, bundles[1].directory, "ada", "second")
    assert champion(models_dir, "payment").name == bundles[0].version
    visible = [path for path in (models_dir / "payment").iterdir() if path.is_dir()]
    for path in visible:
        if not path.name.startswith("."):
            Bundle.load(path)
    promote(models_dir, bundles[1].directory, "ada", "second")
    assert champion(models_dir, "payment").name == bundles[1].version
    assert rollback(models_dir, "payment", "ada", "back").version == bundles[0].version


def test_a_torn_last_record_is_ignored_and_then_cut_off(bundles, tmp_path):
    models_dir = tmp_path / "models"
    promote(models_dir, bundles[0].directory, "ada", "first")
    records = models_dir / "payment" / "promotions.jsonl"
    whole = records.read_bytes()
    records.write_bytes(whole + b'{"stream": "paym')
    assert len(history(models_dir, "payment")) == 1
    promote(models_dir, bundles[1].directory, "ada", "second")
    assert records.read_bytes().startswith(whole)
    assert [json.loads(line)["why"] for line in records.read_text().splitlines()] == [
        "first",
        "second",
    ]


def test_a_damaged_bundle_is_not_promoted(bundles, tmp_path):
    model = bundles[0].directory / "model.json"
    model.write_bytes(model.read_bytes()[:-10])
    with pytest.raises(BadBundle):
        promote(tmp_path / "models", bundles[0].directory, "ada", "first")
    assert champion(tmp_path / "models", "payment") is None


def test_a_damaged_pointer_is_named(bundles, tmp_path):
    models_dir = tmp_path / "models"
    promote(models_dir, bundles[0].directory, "ada", "first")
    (models_dir / "payment" / "champion.json").write_text("{}")
    with pytest.raises(BadBundle, match=r"champion\.json"):
        champion(models_dir, "payment")
