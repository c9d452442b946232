"""Status files in training: recalls for fraud are labels, as of when they were known."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.reference import Reference
from training import data, truth
from training.errors import MissingInput
from training.prepare import timeline
from training.recipe import Data, Labels, load
from training.score import score_file

PAYMENTS = """event_id,time,currency,amount,debtor_account,creditor_account,end_to_end_id
p1,2026-05-01T00:00:00Z,EUR,1,1,2,E-1
p2,2026-05-01T00:00:00Z,EUR,1,1,2,E-2
p3,2026-05-01T00:00:00Z,EUR,1,1,2,E-3
"""
STATUSES = """event_id,time,status,reason,payment_event_id,end_to_end_id
s1,2026-05-03T00:00:00Z,recall_requested,FRAD,,E-1
s2,2026-05-04T00:00:00Z,returned,AC04,p2,
s3,2026-05-04T00:00:00Z,recall_requested,FRAD,nobody,
"""
LABELS = """stream,event_id,is_fraud,known_at,source
payment,p3,1,2026-05-02T00:00:00Z,police
"""
DAY = 86_400_000_000


@pytest.fixture
def files(tmp_path: Path) -> Data:
    for name, text in (("payments", PAYMENTS), ("statuses", STATUSES), ("labels", LABELS)):
        (tmp_path / f"{name}.csv").write_text(text)
    return Data(
        payments=tmp_path / "payments.csv",
        statuses=tmp_path / "statuses.csv",
        labels=tmp_path / "labels.csv",
    )


def test_a_recall_for_fraud_is_known_from_its_own_day_on(files: Data) -> None:
    read = data.read(files, print)
    assert read.payments is not None
    assert read.statuses is not None and len(read.statuses) == 3
    assert [source.role for source in read.sources] == ["payments", "labels", "statuses"]
    payments = read.payments
    start = int(payments.integers("time")[0])

    def known(after: int) -> list[int]:
        found = truth.known_by(payments, read.labels, start + after, 90 * DAY, Labels())
        return [int(target) for target in found.target]

    assert known(2 * DAY) == [-1, -1, 1]
    assert known(2 * DAY + 1) == [1, -1, 1]


def test_what_was_undone_leaves_the_values_that_a_model_learns_from(
    files: Data, tmp_path: Path
) -> None:
    more = "p4,2026-05-05T00:00:00Z,EUR,1,1,2,E-4\n"
    (tmp_path / "payments.csv").write_text(PAYMENTS + more)
    recipe = load("default")

    def last(given: Data) -> list[float]:
        chosen = recipe.model_copy(update={"data": given})
        line = timeline(chosen, "payment", data.read(given, print), Reference(), lambda *_: None)
        return [float(value) for value in line.features[3]]

    undone = last(files)
    (tmp_path / "statuses.csv").write_text(STATUSES.replace("returned", "settled"))
    assert undone != last(files)


def test_recalls_alone_are_labels_enough(files: Data) -> None:
    read = data.read(files.model_copy(update={"labels": None}), print)
    assert read.labels is not None
    assert read.labels.column("event_id").to_pylist() == ["p1"]
    assert read.labels.column("source").to_pylist() == ["recall"]


def test_a_recipe_names_status_files_beside_itself(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('[data]\nstatuses = "statuses.csv"\n')
    assert load(str(tmp_path / "mine.toml")).data.statuses == tmp_path / "statuses.csv"


def test_a_file_of_statuses_is_not_scored(files: Data, tmp_path: Path) -> None:
    assert files.statuses is not None
    with pytest.raises(MissingInput, match="holds the stream 'payment_status'"):
        score_file(files.statuses, tmp_path / "out.csv", tmp_path)
