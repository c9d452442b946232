"""`crossflag watchlist compare`: files of pairs, good and bad."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from features.errors import UnreadableFile
from serving.cli import app
from serving.errors import Invalid

PAIRS = Path(__file__).parents[2] / "data_samples" / "names" / "pairs.csv"


def run(*words: str) -> str:
    result = CliRunner().invoke(app, ["watchlist", "compare", *words])
    if result.exception is not None:
        raise result.exception
    return result.stdout


def test_the_answer_is_one_document_with_a_score_for_each_pair(tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text(
        "a,b,kind\nСергей Морозов,Sergey Morozov,person\n"
        "Company 12,Company 21,Organization\n,x,person\n",
        encoding="utf-8-sig",
    )
    document = json.loads(run(str(file), "--json"))
    assert document["agreement"] is None
    assert [pair["match"] for pair in document["pairs"]] == [True, False, False]
    first = document["pairs"][0]
    assert first["score"] > 0.95
    assert first["parts"][0] == {"a": "сергей", "b": "sergey", "similarity": 0.985, "weight": 0.8}


def test_labels_give_precision_and_recall() -> None:
    agreement = json.loads(run(str(PAIRS), "--json"))["agreement"]
    assert agreement["labelled"] > 180
    assert agreement["f1"] >= 0.95
    assert "189 labelled" in run(str(PAIRS))


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        (b"a;b;kind\n", UnreadableFile, "no column a, b, kind"),
        (b"", UnreadableFile, "no column a, b, kind"),
        (b"a,b,kind\n\xff,x,person\n", UnreadableFile, "not UTF-8"),
        (b"a,b,kind\nx,y,ship\n", Invalid, "line 2, kind"),
        (b"a,b,kind\n" + b"x" * 3000 + b",y,person\n", Invalid, "too long"),
    ],
)
def test_a_bad_file_is_refused_in_one_sentence(
    tmp_path: Path, content: bytes, error: type[Exception], said: str
) -> None:
    file = tmp_path / "pairs.csv"
    file.write_bytes(content)
    with pytest.raises(error, match=said):
        run(str(file))
    with pytest.raises(UnreadableFile, match="cannot be read"):
        run(str(tmp_path / "none.csv"))
