from __future__ import annotations

import json
import time

import numpy as np
import pytest

from models.bundle import NOVELTY, Bundle
from models.errors import BadBundle, BadNovelty, BadRows, ParityBroken
from models.novelty import Novelty
from models.runtime import Scorer
from models.unusual import claim, unusual
from training import novelty as fitting


def rows_of(count: int = 4000, width: int = 6, seed: int = 1) -> np.ndarray:
    """Twins in columns 0 and 1, a rare flag in 2, a value that is mostly missing in 3."""
    random = np.random.default_rng(seed)
    rows = random.normal(size=(count, width)).astype(np.float32)
    rows[:, 1] = rows[:, 0] + 0.1 * random.normal(size=count)
    rows[:, 2] = random.random(count) < 0.01
    rows[random.random(count) < 0.95, 3] = np.nan
    return rows


@pytest.fixture(scope="module")
def detector() -> Novelty:
    return fitting.learn(rows_of(), list(range(6)), seed=1)


def quiet(**changed: float) -> np.ndarray:
    row = np.array([[0.0, 0.0, 0.0, np.nan, 0.0, 0.0]], dtype=np.float32)
    for name, value in changed.items():
        row[0, int(name[1:])] = value
    return row


def test_the_kernel_computes_what_the_fit_does(detector: Novelty) -> None:
    rows = rows_of(seed=2)
    detector.check_parity(rows, fitting.plain_score(detector, rows))
    with pytest.raises(ParityBroken, match="4000 of 4000"):
        detector.check_parity(rows, fitting.plain_score(detector, rows) + 1)


def test_one_row_and_many_give_the_same_bits(detector: Novelty) -> None:
    rows = rows_of(300, seed=3)
    one_by_one = np.array([detector.score(row[None, :])[0] for row in rows])
    assert np.array_equal(detector.score(rows), one_by_one)


def test_what_was_never_seen_is_more_novel_than_nearly_all(detector: Novelty) -> None:
    far = detector.score(quiet(_4=9.0, _5=-9.0))
    assert detector.rank(far)[0] > 0.99
    assert detector.rank(detector.score(quiet()))[0] < 0.5


def test_a_rare_flag_and_a_rare_presence_count(detector: Novelty) -> None:
    plain = detector.score(quiet())[0]
    assert detector.score(quiet(_2=1.0))[0] > plain
    assert detector.score(quiet(_3=0.0))[0] > plain


def test_twins_that_part_are_more_novel_than_twins_that_go_together(detector: Novelty) -> None:
    together, apart = detector.score(quiet(_0=3.0, _1=3.0)), detector.score(quiet(_0=3.0, _1=0.0))
    assert apart[0] > together[0]


def test_a_value_between_knots_is_as_rare_as_both_say() -> None:
    column = np.repeat(np.float32([1, 2, 5]), [50, 40, 10])[:, None]
    detector = fitting.learn(column, [0], seed=1)
    values = np.float32([[0.5], [1], [2], [3], [5], [6], [np.nan]])
    shares = np.exp(-detector.surprises(values)[:, 0])
    expected = [2 / 101, 1, 1, 22 / 101, 22 / 101, 2 / 101, 1 / 101]
    assert shares == pytest.approx(expected, rel=1e-4)


def test_ranks_rise_with_scores_and_are_shares_of_training_events(detector: Novelty) -> None:
    scores = np.sort(detector.score(rows_of()))
    ranks = detector.rank(scores)
    assert (np.diff(ranks) >= 0).all()
    for share in (0.5, 0.9, 0.99):
        assert ranks[int(share * len(ranks))] == pytest.approx(share, abs=0.005)


def test_columns_that_are_constant_or_empty_are_no_obstacle() -> None:
    rows = np.zeros((200, 3), dtype=np.float32)
    rows[:, 1] = np.nan
    detector = fitting.learn(rows, [0, 1, 2], seed=1)
    assert np.isfinite(detector.score(rows)).all()
    assert detector.score(np.float32([[0, 4, 1]]))[0] > detector.score(rows[:1])[0]


def test_it_is_read_back_to_the_bit(detector: Novelty) -> None:
    again = Novelty.from_json(detector.to_json())
    rows = rows_of(seed=4)
    assert np.array_equal(again.score(rows), detector.score(rows))
    assert again.to_json() == detector.to_json()


@pytest.mark.parametrize(
    ("name", "value"),
    [("weights", [[1.0]]), ("starts", [0, 1]), ("scale", [0.0] * 6), ("scores", [2.0, 1.0])],
)
def test_parts_that_do_not_fit_are_refused(detector: Novelty, name: str, value: object) -> None:
    body = {**json.loads(detector.to_json()), name: value}
    with pytest.raises(BadNovelty, match=name):
        Novelty.from_json(json.dumps(body).encode())


def test_what_is_no_detector_is_refused() -> None:
    with pytest.raises(BadNovelty, match="cannot be read"):
        Novelty.from_json(b"{}")


def test_rows_that_are_too_narrow_are_refused(detector: Novelty) -> None:
    with pytest.raises(BadRows, match="6"):
        detector.score(np.zeros((1, 3), dtype=np.float32))


def test_a_wide_row_takes_microseconds() -> None:
    rows = np.random.default_rng(1).normal(size=(4000, 140)).astype(np.float32)
    detector = fitting.learn(rows, list(range(140)), seed=1)
    best = []
    for _ in range(5):
        start = time.process_time()
        detector.score(rows)
        best.append((time.process_time() - start) / len(rows))
    assert min(best) < 15e-6


@pytest.fixture(scope="module")
def novel_bundle(write_bundle, trained, tmp_path_factory) -> Bundle:
    detector = fitting.learn(trained.rows, list(range(trained.rows.shape[1])), seed=1)
    return write_bundle(
        tmp_path_factory.mktemp("novel") / "bundle",
        novelty=detector,
        parity_novelty=fitting.plain_score(detector, trained.rows),
    )


def test_a_bundle_keeps_the_detector_and_its_version_depends_on_it(novel_bundle, bundle) -> None:
    assert Bundle.load(novel_bundle.directory).novelty is not None
    assert bundle.novelty is None
    assert novel_bundle.version != bundle.version


def test_a_changed_detector_does_not_load(novel_bundle, tmp_path) -> None:
    for name in (*novel_bundle.files, "bundle.json"):
        (tmp_path / name).write_bytes((novel_bundle.directory / name).read_bytes())
    (tmp_path / NOVELTY).write_bytes(b"{}")
    with pytest.raises(BadBundle, match=r"novelty\.json was changed"):
        Bundle.load(tmp_path)


def test_wrong_scores_are_not_written(write_bundle, trained, tmp_path) -> None:
    detector = fitting.learn(trained.rows, [0, 1], seed=1)
    with pytest.raises(ParityBroken):
        write_bundle(tmp_path / "b", novelty=detector, parity_novelty=np.zeros(len(trained.rows)))


def test_scores_carry_novelty_where_there_is_a_detector(
    novel_bundle, scorer, catalogue, catalogue_rows
) -> None:
    assert scorer.score(catalogue_rows).novelty is None
    assert unusual(scorer, catalogue_rows[0]) == []
    scores = Scorer(novel_bundle, catalogue).score(catalogue_rows)
    assert ((scores.novelty >= 0) & (scores.novelty <= 1)).all()
    assert not scores.novel.any()


def test_the_words_name_value_range_and_rarity(novel_bundle, catalogue, catalogue_rows) -> None:
    scorer = Scorer(novel_bundle, catalogue)
    row = np.zeros(len(catalogue.names))
    row[catalogue.index("payments_24h")] = 40
    row[catalogue.index("since_creditor")] = np.nan
    found = unusual(scorer, row)
    first = found[0]
    assert first.feature == "payments_24h"
    assert first.text.startswith("40 payments in 24 hours; usually -2 to 2, 1 event in ")
    assert first.text.endswith(" is so far out")
    assert (first.value, first.one_in > 300) == (40, True)
    families = [catalogue.feature(one.feature).family for one in found]
    assert len(set(families)) == len(families)
    assert claim(0.99996, found, scorer).startswith("more unusual than 99.99 % of the events")
    assert "velocity" in claim(1.0, found, scorer)


def test_a_common_value_is_said_to_be_odd_beside_the_others() -> None:
    from models.unusual import _rarity

    class Count:
        unit, words = "payments", ()

    assert _rarity(Count(), 3, 1, 3, 4.0) == (  # type: ignore[arg-type]
        "usually 1 to 3, not rare by itself, but beside the event's other values"
    )
