"""The coverage matrix has no unexplained gap, and its figures are measured, not typed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from features.catalog import CATALOGUES
from training import pipeline, recipe
from training.cli import app
from training.coverage import matrix, measure
from training.coverage.matrix import Context, Flag, Matrix, Source, Typology
from training.coverage.page import COMMAND, page
from training.errors import BadCoverage, MissingInput
from training.progress import Teller
from training.simulate.crimes import CRIMES

from .conftest import Bank, write_bank

NAMES = {stream: catalogue.names for stream, catalogue in CATALOGUES.items()}
TECHNIQUES = (
    *("1078", "1090", "1098.005", "1110.003", "1110.004", "1114.003", "1219", "1528", "1530"),
    *("1539", "1556.006", "1564.008", "1567", "1621"),
)
SMALL = {"payment": ("amount", "count_1h", "count_24h"), "access": ("hour",)}
FLAG = Flag(flag="many payments in a day", source="book", payment=("count_*",), scenario="rush")
SOURCE = Source(short="Book", title="A book", by="Somebody", year=2020)
CONTEXT = Context(why="baseline of the subject", payment=("amount",), access=("hour",))


def small(*flags: Flag, context: Context = CONTEXT) -> Matrix:
    return Matrix({"book": SOURCE}, (Typology(typology="Rush", flags=flags),), (context,))


def test_no_gap_is_unexplained() -> None:
    assert matrix.problems(matrix.load(), NAMES, CRIMES) == []


def test_the_sources_that_were_asked_for_are_there() -> None:
    read = matrix.load()
    techniques = " ".join(flag.where for flag in read.flags if flag.source == "attack")
    assert [name for name in TECHNIQUES if f"T{name} " not in techniques] == []
    publishers = " ".join(source.by for source in read.sources.values())
    assert all(name in publishers for name in ("FATF", "UNODC", "Wolfsberg", "Egmont", "INTERPOL"))
    assert len(read.flags) >= 80


@pytest.mark.parametrize("stream", CATALOGUES)
def test_a_feature_that_names_a_technique_serves_its_red_flag(stream: str) -> None:
    served = {
        (flag.where.split()[0], name)
        for flag in matrix.load().flags
        if flag.source == "attack"
        for name in matrix.expand(getattr(flag, stream), NAMES[stream])
    }
    named = {
        (technique, feature.name)
        for feature in CATALOGUES[stream].features
        for technique in feature.techniques
    }
    assert named - served == set()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"payment": ("count_*", "sum")}, "payment feature 'sum' is not in the catalogue"),
        ({"scenario": "rash"}, "scenario='rash' is not simulated"),
        ({"scenario": None}, "has no scenario: name one, or give the reason as gap"),
        ({"payment": ()}, "has no feature: name one, or give the reason as gap"),
        ({"source": "film"}, "source='film' is not in sources.toml"),
        ({"gap": "not simulated"}, "has features and a scenario: remove its gap"),
        ({"payment": ("count_1h",)}, "payment feature count_24h serves no red flag"),
        ({"payment": ("count_*", "amount")}, "feature amount serves a red flag: remove it from"),
    ],
)
def test_each_gap_is_found_and_named(change: dict[str, object], said: str) -> None:
    assert matrix.problems(small(FLAG), SMALL, {"rush"}) == []
    found = matrix.problems(small(FLAG.model_copy(update=change)), SMALL, {"rush"})
    assert any(said in problem for problem in found), found


def test_a_scenario_without_red_flag_and_a_repeated_flag_are_found() -> None:
    assert matrix.problems(small(FLAG), SMALL, {"rush", "heist"}) == [
        "scenario heist shows no red flag: name the flags that it shows"
    ]
    assert "stands twice" in matrix.problems(small(FLAG, FLAG), SMALL, {"rush"})[0]
    unused = replace(small(FLAG), sources={"book": SOURCE, "film": SOURCE})
    assert matrix.problems(unused, SMALL, {"rush"}) == [
        "source film gives no red flag: use it or remove it"
    ]


def test_a_star_stands_for_one_word() -> None:
    names = ("count_1h", "count_new_1h", "count_24h", "account_1h")
    assert matrix.expand(("count_*",), names) == ("count_1h", "count_24h")
    assert matrix.expand(("count_24h", "count_*"), names) == ("count_24h", "count_1h")
    assert matrix.expand(("count",), names) == ()


def test_an_explained_gap_takes_no_scenario_of_its_file(tmp_path: Path) -> None:
    write(tmp_path, 'flag = "a flag without shape"\nsource = "book"\ngap = "not in the data"')
    (read,) = matrix.load(tmp_path).flags
    assert read.scenario is None
    write(tmp_path, 'flag = "a flag with shape"\nsource = "book"\npayment = ["amount"]')
    (read,) = matrix.load(tmp_path).flags
    assert read.scenario == "rush"


def write(folder: Path, entry: str) -> None:
    (folder / "flags").mkdir(exist_ok=True)
    (folder / "sources.toml").write_text('[book]\nshort = "B"\ntitle = "A book"\nby = "Somebody"\n')
    (folder / "context.toml").write_text("")
    (folder / "flags" / "rush.toml").write_text(
        f'typology = "Rush"\nscenario = "rush"\n[[flags]]\n{entry}\n'
    )


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    write(tmp_path, 'flag = "a flag with a fault"\nsource = "book"\nfeature = ["amount"]')
    with pytest.raises(BadCoverage, match=r"rush\.toml: flags\.0\.feature="):
        matrix.load(tmp_path)
    write(tmp_path, "flag = [")
    with pytest.raises(BadCoverage, match=r"rush\.toml: .*must be TOML"):
        matrix.load(tmp_path)


def test_the_committed_figures_are_of_this_simulator() -> None:
    measured = measure.read()
    now = measure.sample_hash(recipe.load("default"))
    assert measured.sample_hash == now, f"the simulator has changed: run {COMMAND}"
    assert set(measured.scenarios) == set(CRIMES)
    for caught in measured.scenarios.values():
        assert 0 <= caught.found_incidents <= caught.incidents


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    """The bank with a truth as the simulator writes it: all that was labelled, two an incident."""
    bank = write_bank(tmp_path_factory.mktemp("bank"))
    events = pq.read_table(bank.labels)["event_id"].to_pylist()
    columns = {
        "event_id": events,
        "stream": ["payment"] * len(events),
        "typology": ["rush" if place % 3 else "heist" for place in range(len(events))],
        "incident_id": [f"incident-{place // 2}-{place % 3 == 0}" for place in range(len(events))],
    }
    pq.write_table(pa.table(columns), bank.folder / "truth.parquet")
    return bank


def test_measuring_agrees_with_training(truth: Bank, tmp_path: Path) -> None:
    chosen = recipe.load(truth.recipe).model_copy(update={"baselines": False})
    trained = pipeline.train(chosen, "payment", tmp_path, log=False)
    measured = measure.measure(chosen, None, Teller(quiet=True))
    assert measured.sample_hash == trained.data_hash
    assert measured.payments == pq.read_metadata(truth.payments).num_rows
    assert set(measured.scenarios) == {"rush", "heist"}
    found = [caught.streams["payment"] for caught in measured.scenarios.values()]
    told = trained.recall_by_typology.values()
    assert sum(one.events for one in found) == sum(one.events for one in told)
    assert sum(one.flagged_events for one in found) == sum(one.flagged_events for one in told)
    for caught in measured.scenarios.values():
        assert 0 < caught.found_incidents <= caught.incidents <= caught.streams["payment"].events
    measure.write(measured, tmp_path / "measured.json")
    assert measure.read(tmp_path / "measured.json") == measured


def test_the_command_writes_what_it_prints(bank: Bank, truth: Bank, tmp_path: Path) -> None:
    out = tmp_path / "measured.json"
    given = ["coverage", "measure", "--recipe", truth.recipe]
    done = CliRunner().invoke(app, [*given, "--out", str(out), "--json"], catch_exceptions=False)
    assert json.loads(done.stdout) == json.loads(out.read_bytes())
    with pytest.raises(MissingInput, match=r"truth=.*no such file"):
        CliRunner().invoke(app, [*given[:3], bank.recipe], catch_exceptions=False)


def test_the_page_shows_each_flag_with_its_answer() -> None:
    figures = measure.Measured(
        sample_hash="ab" * 32,
        payments=1234,
        access_events=0,
        feature_sets={"payment": "payments-1"},
        spans={"payment": "2026-01-01 to 2026-01-21"},
        reviews_per_day=5,
        scenarios={"rush": measure.Caught(4, 3, {"payment": measure.Found(9, 8, 7, 6, 6 / 7)})},
    )
    gap = Flag(flag="a voice on the telephone", source="book", where="page 3", gap="not in data")
    text = page(small(FLAG, gap), figures, SMALL)
    assert "| rush | 3 of 4 | 6 of 7 |  |" in text
    assert (
        "| many payments in a day | Book 2020 | payments: `count_1h`, `count_24h` "
        "| rush (3 of 4) |" in text
    )
    assert "| a voice on the telephone | Book 2020: page 3 |  | Gap: not in data |" in text
    assert "trained on 1,234 payments" in text
    assert "2 red flags of 1 sources, 1 of them with a gap" in text
