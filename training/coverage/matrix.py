"""The coverage matrix: red flags of published sources, the features that see them, the crimes.

Each TOML file in `flags/` is one typology. A flag has a source, features of either catalogue and a
simulated scenario; where features or scenario are wanting, `gap` says why. `sources.toml` names the
documents; `context.toml` the features that serve no red flag by themselves, with the reason. A test
refuses a matrix with `problems`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from features.events import STREAMS
from training.errors import BadCoverage

HERE = Path(__file__).parent
Names = tuple[str, ...]
Model = TypeVar("Model", bound=BaseModel)


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Source(_Entry):
    """A published document of red flags."""

    short: str
    """As it is cited in a row of the matrix."""
    title: str
    """As on its cover."""
    by: str
    """Who publishes it."""
    year: int | None = None
    """Year of the edition used; none for one that is always being revised."""


class Flag(_Entry):
    """One red flag, in our words, and what answers it."""

    flag: str = Field(min_length=10)
    """What a reviewer would see, in a phrase; a paraphrase, never a quotation."""
    source: str
    """Key in sources.toml."""
    where: str = ""
    """Section of the source or identifier of the technique, where it has one."""
    payment: Names = ()
    """Payment features that see it; `*` stands for one word of a name, such as a window."""
    access: Names = ()
    """Access features that see it."""
    scenario: str | None = None
    """Simulated crime that shows it; the file's own when not given."""
    gap: str = ""
    """Why there is no feature or no scenario; empty when there are both."""


class Typology(_Entry):
    """One file: a kind of crime and its red flags."""

    typology: str
    """Name of the kind of crime, as a heading."""
    scenario: str | None = None
    """Simulated crime of the flags that name none."""
    flags: tuple[Flag, ...] = Field(min_length=1)


class Context(_Entry):
    """Features that serve no red flag by themselves."""

    why: str = Field(min_length=10)
    payment: Names = ()
    access: Names = ()


@dataclass(frozen=True)
class Matrix:
    """Everything as read: sources by key, typologies in order of their files, context."""

    sources: Mapping[str, Source]
    typologies: tuple[Typology, ...]
    context: tuple[Context, ...]

    @property
    def flags(self) -> tuple[Flag, ...]:
        """Every red flag of every typology."""
        return tuple(flag for typology in self.typologies for flag in typology.flags)


def load(folder: Path = HERE) -> Matrix:
    """Read the matrix; raises BadCoverage with the file, the field and what is wrong."""
    given = _toml(folder / "sources.toml")
    sources = {key: _read(Source, entry, f"sources.toml, {key}") for key, entry in given.items()}
    typologies = tuple(
        _with_scenario(_read(Typology, _toml(path), path.name))
        for path in sorted((folder / "flags").glob("*.toml"))
    )
    context = tuple(
        _read(Context, entry, "context.toml")
        for entry in _toml(folder / "context.toml").get("context", ())
    )
    return Matrix(sources, typologies, context)


def expand(names: Iterable[str], catalogue: Iterable[str]) -> Names:
    """Return the catalogue's names that a list means, in the list's order.

    A name stands for itself, `*` in it for one word; what matches nothing is left out.
    """
    known, found = tuple(catalogue), dict[str, None]()
    for name in names:
        pattern = re.compile(re.escape(name).replace(r"\*", "[a-z0-9]+"))
        found |= dict.fromkeys(one for one in known if pattern.fullmatch(one))
    return tuple(found)


def problems(
    matrix: Matrix, catalogues: Mapping[str, Collection[str]], scenarios: Collection[str]
) -> list[str]:
    """Return every unexplained gap in a sentence: of sources, features, scenarios and flags.

    `catalogues` are the names of the features of each stream, `scenarios` of the simulated crimes.
    """
    found = _flag_problems(matrix, scenarios)
    for key in sorted(set(matrix.sources) - {flag.source for flag in matrix.flags}):
        found.append(f"source {key} gives no red flag: use it or remove it")
    shown = {flag.scenario for flag in matrix.flags}
    for name in sorted(set(scenarios) - shown):
        found.append(f"scenario {name} shows no red flag: name the flags that it shows")
    for stream in STREAMS:
        found += _feature_problems(matrix, stream, tuple(catalogues[stream]))
    return found


def _flag_problems(matrix: Matrix, scenarios: Collection[str]) -> list[str]:
    found, seen = list[str](), set[str]()
    for flag in matrix.flags:
        said = f"red flag {flag.flag!r}"
        if flag.source not in matrix.sources:
            found.append(f"{said}: source={flag.source!r} is not in sources.toml")
        if flag.scenario is not None and flag.scenario not in scenarios:
            found.append(f"{said}: scenario={flag.scenario!r} is not simulated")
        whole = flag.scenario is not None and bool(flag.payment or flag.access)
        if not whole and not flag.gap:
            wanting = "scenario" if flag.scenario is None else "feature"
            found.append(f"{said} has no {wanting}: name one, or give the reason as gap")
        if whole and flag.gap:
            found.append(f"{said} has features and a scenario: remove its gap")
        if flag.flag in seen:
            found.append(f"{said} stands twice: keep one")
        seen.add(flag.flag)
    return found


def _feature_problems(matrix: Matrix, stream: str, catalogue: Names) -> list[str]:
    entries: list[tuple[str, Flag | Context]] = [
        *((f"red flag {flag.flag!r}", flag) for flag in matrix.flags),
        *((f"context {context.why!r}", context) for context in matrix.context),
    ]
    found = [
        f"{said}: {stream} feature {name!r} is not in the catalogue"
        for said, entry in entries
        for name in getattr(entry, stream)
        if not expand((name,), catalogue)
    ]
    serving = {name for flag in matrix.flags for name in expand(getattr(flag, stream), catalogue)}
    context = {name for one in matrix.context for name in expand(getattr(one, stream), catalogue)}
    for name in catalogue:
        if name not in serving | context:
            found.append(
                f"{stream} feature {name} serves no red flag: name it in one, "
                f"or in context.toml with the reason"
            )
        if name in serving & context:
            found.append(f"{stream} feature {name} serves a red flag: remove it from context.toml")
    return found


def _with_scenario(typology: Typology) -> Typology:
    """Give the file's scenario to each flag that names none and explains no gap in it."""
    flags = tuple(
        flag
        if flag.scenario or flag.gap
        else flag.model_copy(update={"scenario": typology.scenario})
        for flag in typology.flags
    )
    return typology.model_copy(update={"flags": flags})


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise BadCoverage(f"{path.name}: {error}; correct the file, it must be TOML") from error


def _read(model: type[Model], given: Any, place: str) -> Model:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        item = error.errors()[0]
        field = ".".join(str(part) for part in item["loc"])
        raise BadCoverage(f"{place}: {field}={item['input']!r}: {item['msg']}") from None
