"""`crossflag bench names` on the invented pairs: halves, curves and the picture."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from bench.command import app
from bench.names import invented


def test_the_threshold_is_chosen_on_one_half_and_holds_on_the_other(tmp_path: Path) -> None:
    picture = tmp_path / "curves.svg"
    result = CliRunner().invoke(app, ["names", "--json", "--plot", str(picture)])
    assert result.exit_code == 0, result.output
    done = json.loads(result.stdout)
    assert set(done["sources"]) == {"broad", "pairs"}
    broad = done["sources"]["broad"]
    ours, plain = broad["crossflag"], broad["token set ratio"]
    assert ours["chosen"]["pairs"] + ours["confirmed"]["pairs"] == 389
    assert min(ours["chosen"]["pairs"], ours["confirmed"]["pairs"]) > 150
    assert ours["at_default"]["f1"] >= 0.9
    assert ours["confirmed"]["f1"] >= 0.88 > plain["confirmed"]["f1"]
    assert ours["ties_at_1"] < 0.01
    recalls = [point["recall"] for point in ours["curve"].values()]
    assert recalls == sorted(recalls, reverse=True)
    assert {"script", "father and son", "place"} <= set(ours["by"]["case"])
    assert {"latin", "abjad", "han", "hangul", "other"} == set(ours["by"]["script"])
    assert picture.read_text(encoding="utf-8").startswith("<?xml")


def test_a_pair_is_always_in_one_half() -> None:
    once, again = invented(), invented()
    assert [pair.half for pair in once] == [pair.half for pair in again]
    assert len({(pair.a, pair.b, pair.kind) for pair in once}) == len(once)
