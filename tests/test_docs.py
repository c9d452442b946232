"""The documentation holds: links resolve, generated pages are current, the site builds."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote

import pytest
import typer

import crossflag
from features.events import Payment, parse
from features.formats.mapping import mapping_from
from training.recipe import load
from training.simulate.command import simulate_command

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted({*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "data_samples").glob("*.md")})
LINK = re.compile(r"!?\[[^\]]*\]\(<?([^)\s>]+)>?[^)]*\)|<img[^>]*\ssrc=\"([^\"]+)\"")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.S)


def slug(heading: str) -> str:
    """Return a heading's anchor as GitHub and mkdocs form it."""
    plain = re.sub(r"[^\w\s-]", "", heading.replace("`", "")).strip().lower()
    return re.sub(r"\s", "-", plain)


def anchors(page: Path) -> set[str]:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
    return {slug(heading) for heading in re.findall(r"^#+\s+(.+)$", text, re.M)}


def broken_links(page: Path) -> list[str]:
    broken = []
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    for link in (first or second for first, second in LINK.findall(text)):
        if re.match(r"[a-z][a-z0-9+.-]*:", link):
            continue
        name, _, anchor = unquote(link).partition("#")
        target = (page.parent / name).resolve() if name else page
        found = target.is_relative_to(ROOT) and target.exists()
        if found and anchor and target.suffix == ".md":
            found = anchor in anchors(target)
        if not found:
            broken.append(link)
    return broken


def program(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"docs_{name}", DOCS / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_relative_link_resolves(page: Path) -> None:
    assert broken_links(page) == []


def test_a_broken_link_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    page = tmp_path / "page.md"
    (tmp_path / "other.md").write_text("# A heading, `coded`\n")
    page.write_text(
        "[good](other.md#a-heading-coded) [gone](gone.md) [part](other.md#gone) `[code](no.md)`\n"
        "[out](../out.md) [web](https://example.org) ![picture](gone.png)\n"
    )
    assert broken_links(page) == ["gone.md", "other.md#gone", "../out.md", "gone.png"]


@pytest.mark.parametrize(
    "name",
    ["fields.md", "features.md", "recipe.md", "service.md", "typologies.md", "coverage.md"],
)
def test_a_generated_page_is_current(name: str) -> None:
    written = (DOCS / name).read_text(encoding="utf-8")
    pages = program("generate").PAGES
    assert written == pages[name](), f"{name} is out of date: run `make docs`"


def test_the_pictures_are_what_the_engine_computes() -> None:
    pictures = program("pictures").PICTURES
    assert {path.name for path in (DOCS / "images").glob("exact-*.svg")} == set(pictures)
    for name, picture in pictures.items():
        written = (DOCS / "images" / name).read_text(encoding="utf-8")
        assert written == picture().svg(), f"{name} is out of date: run `make docs`"


def test_the_feature_that_is_shown_works() -> None:
    feature, test = blocks(DOCS / "add-a-feature.md", "python")
    assert len([line for line in feature.splitlines() if line and "import" not in line]) <= 10
    shown: dict[str, Any] = {}
    exec(feature + test, shown)
    shown["test_a_wave_reads_as_one"]()


def test_every_direct_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    for extra in project["project"]["optional-dependencies"].values():
        wanted += extra
    names = {re.split(r"[\[<>=~!; ]", line)[0] for line in wanted}
    page = (DOCS / "decisions" / "0002-dependencies.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| (?!package )([a-z0-9-]+) \| \S.{15,}\|$", page, re.M)
    assert sorted(told) == sorted(names)


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    fetched = [
        f"{page.relative_to(tmp_path)}: {source}"
        for page in tmp_path.rglob("*.html")
        for source in re.findall(
            r"<(?:script|img|link)[^>]+(?:src|href)=\"(https?:[^\"]+)\"", page.read_text()
        )
    ]
    assert fetched == []


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.S | re.M)


@pytest.mark.parametrize("page", [ROOT / "README.md", DOCS / "data.md"], ids=lambda page: page.name)
def test_a_mapping_that_is_shown_makes_payments(page: Path) -> None:
    (text,) = blocks(page, "toml")
    mapping = mapping_from(tomllib.loads(text))
    assert mapping.labels
    columns = [*mapping.columns.values(), *mapping.labels.columns.values(), "Channel"]
    mapping.check("payment", columns, "the page's file")


def test_recipes_that_are_shown_are_recipes(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    shown = []
    for text in blocks(DOCS / "training.md", "toml"):
        path.write_text(text)
        shown.append(load(str(path)))
    assert any(one.figures.segment == "customer_kind" for one in shown)
    assert any(one.review.reviews_per_day == 60 for one in shown)
    assert any(one.boosting.monotone.get("amount_to_mean") == "rising" for one in shown)
    assert shown[0].labels.target == "laundering"


@pytest.mark.parametrize("page", [ROOT / "README.md", DOCS / "api.md"], ids=lambda page: page.name)
def test_a_payment_that_is_sent_is_valid(page: Path) -> None:
    bodies = re.findall(r"-d '(\{.*?\})'", page.read_text(encoding="utf-8"), re.S)
    assert bodies
    for body in bodies:
        assert parse(Payment, body.encode()).corridor == ("DE", "GB")


def commands(page: Path) -> list[str]:
    """Every `crossflag …` that a page shows, continued lines joined, comments cut."""
    text = page.read_text(encoding="utf-8")
    shown = "".join(blocks(page, "sh")).replace("\\\n", " ")
    lines = re.findall(r"(?:^|\$\()(crossflag [^\n#)|]+)", shown, re.M)
    return lines + re.findall(r"`(crossflag [^`]+)`", text)


def unknown_words(command: str) -> list[str]:
    """The sub-commands and options of a shown command that `crossflag` does not have."""
    part = typer.main.get_command(crossflag.app)
    _, *words = command.split()
    while hasattr(part, "commands") and words:
        name = words.pop(0)
        if name not in part.commands:
            return [name]
        part = part.commands[name]
    if part.name == "simulate":
        # The front door hands everything on, so that other commands need not load the simulator.
        world = typer.Typer()
        world.command("simulate")(simulate_command)
        part = typer.main.get_command(world)
    known = {option for parameter in part.params for option in parameter.opts}
    known |= {option for parameter in part.params for option in parameter.secondary_opts}
    return [word for word in words if word.startswith("--") and word not in known]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_that_is_shown_exists(page: Path) -> None:
    unknown = {command: words for command in commands(page) if (words := unknown_words(command))}
    assert unknown == {}


def test_an_unknown_command_is_found() -> None:
    assert unknown_words("crossflag serve --port 1 --prot 2") == ["--prot"]
    assert unknown_words("crossflag sreve") == ["sreve"]
