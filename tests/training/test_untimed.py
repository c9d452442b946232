"""Files without times: rows in an order over made-up days, a given split at their end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from features.formats.carried import SPLIT
from features.table import EventTable
from models.bundle import Bundle
from training import data, pipeline, score, untimed
from training.errors import MissingInput
from training.progress import Teller
from training.recipe import Data, Recipe

DAY = 86_400_000_000


def tables(fraud: np.ndarray, **more: object) -> tuple[EventTable, EventTable]:
    names = [f"e{number}" for number in range(len(fraud))]
    zero = np.zeros(len(fraud), np.int64)
    return (
        EventTable("access", pa.table({"event_id": names, "time": zero, **more})),
        EventTable("label", pa.table({"event_id": names, "is_fraud": fraud, "known_at": zero})),
    )


def test_frauds_are_dealt_out_evenly_and_by_the_seed() -> None:
    fraud = np.arange(10_000) < 300
    events, labels, days = untimed.spread(*tables(fraud), "shuffled")
    day = events.integers("time") // DAY
    assert days is None
    assert set(np.bincount(day[fraud], minlength=100)) <= {2, 3, 4}
    assert set(np.bincount(day)) == {100}
    again = untimed.spread(*tables(fraud), "shuffled")[0]
    assert again.table.equals(events.table)
    assert labels.table["known_at"].equals(events.table["time"])


def test_the_files_order_is_kept_where_asked() -> None:
    events, _, _ = untimed.spread(*tables(np.arange(500) % 3 == 0), "rows")
    assert (np.diff(events.integers("time")) > 0).all()


def test_given_test_rows_come_last_in_whole() -> None:
    test = np.random.default_rng(1).random(4000) < 0.3
    events, _, days = untimed.spread(*tables(np.arange(4000) % 5 == 0, **{SPLIT: test}), "shuffled")
    assert days is not None
    minute = events.integers("time") // 60_000_000
    assert ((minute >= round((100 - days) * 1440)) == test).all()
    assert SPLIT not in events.table.column_names


def test_a_split_that_leaves_nothing_and_a_label_that_is_missing_are_said() -> None:
    fraud = np.arange(10) % 2 == 0
    with pytest.raises(MissingInput, match="puts 0 of 10 rows into the test"):
        untimed.spread(*tables(fraud, **{SPLIT: np.zeros(10, bool)}), "rows")
    events, labels = tables(fraud)
    with pytest.raises(MissingInput, match="needs a label in each row"):
        untimed.spread(events, labels.take(np.arange(9)), "rows")


def test_a_plain_table_trains_and_scores_with_row_features_only(tmp_path: Path) -> None:
    chance = np.random.default_rng(1)
    attack = chance.random(3000) < 0.4
    lines = ["dur,proto,set,kind"]
    for number, bad in enumerate(attack.tolist()):
        dur = chance.normal(2 if bad else 0)
        proto = ["tcp", "udp", "arp"][int(chance.integers(1 if bad else 0, 3))]
        lines.append(
            f"{dur:.3f},{proto},{'test' if number % 4 == 0 else 'train'},{'x' if bad else 'normal'}"
        )
    path, mapping = tmp_path / "flows.csv", tmp_path / "mapping.toml"
    path.write_text("\n".join(lines))
    mapping.write_text(
        """
stream = "access"
untimed = "shuffled"
parties = "none"
number_rows = true
[constants]
action = "other"
outcome = "unknown"
[values.is_fraud]
normal = "false"
"*" = "true"
[labels]
is_fraud = "kind"
delay = "0s"
[attributes]
numeric = ["dur"]
categorical = ["proto"]
[split]
column = "set"
test = ["test"]
"""
    )
    told: list[str] = []
    teller = Teller(quiet=True)
    teller.say = told.append  # type: ignore[method-assign]
    recipe = Recipe(data=Data(access=path, mapping=mapping), baselines=False)
    made = pipeline.train(recipe, "access", tmp_path, log=False, promote_by="tester", teller=teller)
    assert "no time, so no history" in told[0]
    assert made.counts["test"].events == 750
    assert made.metrics["roc_auc"] > 0.85
    assert {"raw.dur", "raw.proto"} <= set(made.features)
    assert "hour" in made.absent
    assert Bundle.load(made.bundle).training["recipe"]["split"]["test_days"] == 25
    done = score.score_file(
        path, tmp_path / "out.csv", tmp_path, score.FileOptions("access", mapping)
    )
    assert done.events == 3000


def test_inputs_say_whose_rows_stand_alone(tmp_path: Path) -> None:
    assert data.Inputs(None, None, None, ()).alone == {}
