"""The report of a run: one file, whole in itself, the same again, and nobody's account in it."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from training import pipeline, recipe, report
from training.cli import app
from training.errors import MissingInput, NoChampion
from training.report import corridors, examples, finding, words
from training.report.svg import Chart, Scale

from .conftest import Bank

VOID = {"meta", "link", "br", "img", "circle", "rect", "line", "polyline"}


class Page(HTMLParser):
    """Gathers what a page is made of, and minds that its tags close."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def run(bank: Bank, home: Path) -> report.Run:
    """A training run as its report was told of it."""
    told: list[report.Run] = []
    write = report.write

    def remember(path: Path, given: report.Run) -> Path:
        told.append(given)
        return write(path, given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "write", remember)
        pipeline.train(recipe.load(bank.recipe), "payment", home, log=False)
    return told[0]


@pytest.fixture(scope="module")
def text(run: report.Run) -> str:
    return report.render(run)


def test_the_page_is_well_formed_and_needs_nothing_else(text: str) -> None:
    page = Page(text)
    assert page.open == []
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in page.tags}
    for _, attributes in page.tags:
        for name in ("src", "href"):
            assert (attributes.get(name) or "#").startswith("#")
    assert "url(" not in text and "@import" not in text
    assert len(text.encode()) < 1_000_000


def test_the_same_run_gives_the_same_bytes(run: report.Run, home: Path, text: str) -> None:
    assert report.render(run) == text
    written = finding.report_of(home, "payment", run.result.version)
    assert written.read_text(encoding="utf-8") == text


def test_every_picture_is_told_in_words_and_in_numbers(text: str) -> None:
    page = Page(text)
    for picture in page.all("svg"):
        assert picture.get("aria-hidden") == "true" or len(picture.get("aria-label") or "") > 20
    figures = text.split("<figure>")[1:]
    assert len(figures) == 6
    assert all("<table>" in figure.split("</figure>")[0] for figure in figures)
    assert all(
        one.get("tabindex") == "0" for one in page.all("div") if one.get("class") == "scroll"
    )
    assert [one["lang"] for one in page.all("html")] == ["en"]


def test_light_dark_narrow_and_paper_have_their_styles(text: str) -> None:
    for words_of_style in ("prefers-color-scheme: dark", "max-width: 900px", "@media print"):
        assert words_of_style in text


def test_links_within_the_page_lead_somewhere(text: str) -> None:
    page = Page(text)
    places = {attributes.get("id") for _, attributes in page.tags}
    targets = {(one["href"] or "")[1:] for one in page.all("a")}
    assert targets and targets <= places


def test_nobodys_account_and_no_event_is_named(text: str, run: report.Run) -> None:
    assert "CUSTOMER-" not in text and "SHOP-" not in text and "NEW-" not in text
    hits, misses, false_alarms = examples.kinds(
        run.prepared,
        run.judged.around,
        run.scores["xgboost"],
        run.probability,
        run.result.thresholds.review,
        run.scorer,
    )
    assert hits.events == len(run.prepared.test.outcomes.target.nonzero()[0]) - misses.events
    assert 0 < len(hits.examples) <= examples.EACH
    assert all(one.reasons and one.pseudonym in text for one in hits.examples)
    assert all("EUR" in one.text for one in hits.examples)
    assert len({one.pseudonym for one in false_alarms.examples}) == len(false_alarms.examples)
    ids = set(run.judged.around.event_id)
    assert not ids & {one.pseudonym for one in hits.examples}
    other = examples.pseudonym("p1", "another version")
    assert other != examples.pseudonym("p1", run.result.version)


def test_another_room_may_add_a_section(run: report.Run, text: str) -> None:
    table = report.Table(("feature", "PSI"), [("amount", "0.31"), ("<b>", "0.02")])
    section = report.Section("Drift & novelty", "How far features have moved.", [table])
    found = report.render(replace(run, sections=[section]))
    page = Page(found)
    assert page.open == []
    assert {"id": "drift---novelty"} in page.all("section")
    assert "Drift &amp; novelty" in found and "&lt;b&gt;" in found
    assert "0.31" not in text


def test_unbiased_figures_are_told_where_there_are_any(run: report.Run, text: str) -> None:
    assert "weighed by its inverse" not in text
    told = {
        "unbiased_average_precision": 0.5,
        "unbiased_events": 120.0,
        "unbiased_effective_events": 80.4,
    }
    result = replace(run.result, metrics=run.result.metrics | told)
    found = report.render(replace(run, result=result))
    assert "120 events" in found and "average precision is 0.500" in found


def test_what_it_says_are_the_figures_of_the_run(run: report.Run, text: str) -> None:
    precision = run.result.decision.average_precision
    assert f"{precision.value:.3f}" in text
    assert run.result.version in text and run.result.data_hash in text
    assert "stolen card" in text
    assert f"{run.result.decision.at_threshold.alerts_per_day:.1f} subjects a day" in text


def test_the_command_finds_and_copies_the_report(
    run: report.Run, home: Path, tmp_path: Path
) -> None:
    out = tmp_path / "deep" / "report.html"
    done = CliRunner().invoke(app, ["report", "--home", str(home), "--out", str(out), "--json"])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["version"] == run.result.version
    assert document["bytes"] == out.stat().st_size
    assert Path(document["report"]) == out
    shown = CliRunner().invoke(app, ["report", "--home", str(home)])
    assert run.result.version in shown.output
    with pytest.raises(NoChampion, match="version='nonesuch'"):
        finding.report_of(home, "payment", "nonesuch")
    with pytest.raises(MissingInput, match="--out"):
        finding.copied(out, out / "below")
    (home / "bundles" / "payment" / "old").mkdir()
    with pytest.raises(MissingInput, match="train it again"):
        finding.report_of(home, "payment", "old")
    (home / "bundles" / "payment" / "old").rmdir()


def test_the_heat_map_pools_quiet_countries_and_hides_very_few() -> None:
    debtors = ["FR"] * 50 + [f"X{chr(65 + one)}" for one in range(20)] + ["DE"] * 3
    creditors = ["DE"] * 50 + ["FR"] * 20 + ["DE"] * 3
    target = np.arange(73) == 0
    flagged = np.arange(73) < 4
    found = corridors.heat_map((debtors, creditors), target, flagged)
    assert found is not None
    assert found.debtors[0] == "FR" and found.debtors[-1] == "others"
    assert len(found.debtors) == corridors.SHOWN + 1
    first = found.cells[0][found.creditors.index("DE")]
    assert (first.events, first.frauds, first.flagged, first.heat) == (50, 1, 4, 100)
    few = found.cells[found.debtors.index("DE")][found.creditors.index("DE")]
    assert (few.events, few.shown, first.shown) == (3, "under 5", "50")
    assert sum(cell.events for line in found.cells for cell in line) == 73
    assert corridors.heat_map(([""], [""]), np.array([True]), np.array([True])) is None


def test_a_chart_places_values_and_escapes_words() -> None:
    chart = Chart("A <b>", "B & c", Scale(1, 100, log=True), Scale(0, 1), width=220, left=20)
    middle = chart.at((10, 0.5))
    assert middle[0] == pytest.approx((chart.at((1, 0))[0] + chart.at((100, 0))[0]) / 2)
    assert chart.at((1000, 2)) == chart.at((100, 1))
    chart.dot((10, 0.5), "dot", "5 < 6")
    drawn = str(chart.svg())
    assert "A &lt;b&gt;. B &amp; c" in drawn and "5 &lt; 6" in drawn


def test_durations_and_figures_are_said_as_people_say_them() -> None:
    assert [words.hours(one) for one in (None, 0, 0.5, 5, 72)] == [
        "not known",
        "at once",
        "30 min",
        "5 h",
        "3 days",
    ]
    assert words.percent(0.1234, 1) == "12.3 %"
    assert words.plain(None) == "not known"
