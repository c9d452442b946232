"""A file of pairs of names, compared: to try the matcher, or measure it where labels are given."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from features.errors import Problem, UnreadableFile
from models.names import Comparison, Kind, compare
from serving.errors import Invalid

KINDS: dict[str, Kind] = {
    "person": "person",
    "individual": "person",
    "organisation": "organisation",
    "organization": "organisation",
    "company": "organisation",
    "entity": "organisation",
}
"""What a file may call a kind of name."""
_ANSWERS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_NEEDED = ("a", "b", "kind")
_LONGEST = 2_000


@dataclass(frozen=True)
class NamePair:
    """Two names of a kind; `match` is what a person said of them, where the file says it."""

    a: str
    b: str
    kind: Kind
    match: bool | None = None


@dataclass(frozen=True)
class Agreement:
    """How far the matcher and the labels of a file agree."""

    labelled: int
    precision: float
    recall: float
    f1: float


def read_pairs(path: Path) -> list[NamePair]:
    """Read a CSV file with the columns a, b and kind, and perhaps match.

    Raises `UnreadableFile` when it is no such file, and `Invalid` for wrong values, by line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, strict=True)
            missing = [name for name in _NEEDED if name not in (rows.fieldnames or ())]
            if missing:
                raise UnreadableFile(
                    f"{path}: no column {', '.join(missing)}; give a CSV file with a first line "
                    f"that names the columns a, b and kind"
                )
            return list(_checked(rows))
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"{path} is not UTF-8 ({error.reason}); save it as UTF-8") from error
    except (OSError, csv.Error) as error:
        raise UnreadableFile(f"{path} cannot be read: {error}") from error


def _checked(rows: csv.DictReader[str]) -> Iterator[NamePair]:
    problems: list[Problem] = []
    for row in rows:
        line = f"line {rows.line_num}"
        a, b = (row["a"] or "").strip(), (row["b"] or "").strip()
        word = (row["kind"] or "").strip().lower()
        kind = KINDS.get(word)
        if kind is None:
            problems.append(
                Problem(f"{line}, kind", word, "not a kind of name", "give person or organisation")
            )
        for name, value in (("a", a), ("b", b)):
            if len(value) > _LONGEST:
                short = value[:20] + "…"
                fix = f"give {_LONGEST:,} characters or fewer"
                problems.append(Problem(f"{line}, {name}", short, "too long for a name", fix))
        if kind is not None and not problems:
            yield NamePair(a, b, kind, _ANSWERS.get((row.get("match") or "").strip().lower()))
    if problems:
        raise Invalid(problems[:20])


def compare_pairs(pairs: Sequence[NamePair]) -> list[Comparison]:
    """Compare each pair at the default threshold."""
    return [compare(pair.a, pair.b, pair.kind) for pair in pairs]


def agreement(pairs: Sequence[NamePair], found: Sequence[Comparison]) -> Agreement | None:
    """Return how the matcher and the file's labels agree, None when it has none."""
    told = [
        (pair.match, one.match)
        for pair, one in zip(pairs, found, strict=True)
        if pair.match is not None
    ]
    if not told:
        return None
    right = sum(wanted and got for wanted, got in told)
    wanted, got = sum(one[0] for one in told), sum(one[1] for one in told)
    return Agreement(
        labelled=len(told),
        precision=right / got if got else 0.0,
        recall=right / wanted if wanted else 0.0,
        f1=2 * right / (wanted + got) if wanted + got else 0.0,
    )
