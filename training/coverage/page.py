"""The matrix as a page of the documentation, with the measured figures beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from features.events import STREAMS
from training.coverage.matrix import Context, Flag, Matrix, Names, Source, expand
from training.coverage.measure import Caught, Measured

COMMAND = "crossflag coverage measure --customers 5000 --out training/coverage/measured.json"
_WORDS = {"payment": "payments", "access": "access events"}


def page(matrix: Matrix, measured: Measured, catalogues: Mapping[str, Names]) -> str:
    """Return the page as Markdown; `catalogues` are each stream's features in order."""
    flags = matrix.flags
    gaps = sum(bool(flag.gap) for flag in flags)
    parts = [
        "# Coverage\n\nWhich red flag of the published sources is seen by which feature, and "
        "which simulated crime shows it. A test fails when a red flag has neither feature nor "
        "reason, when a feature serves none, and when a simulated crime shows none. The flags are "
        "put in our words; the documents below decide.\n\n"
        f"{len(flags)} red flags of {len(matrix.sources)} sources, {gaps} of them with a gap that "
        "is explained in place.\n",
        _found(measured),
        "\n## Red flags\n",
    ]
    for typology in sorted(matrix.typologies, key=lambda one: one.typology):
        rows = [_row(flag, matrix, measured, catalogues) for flag in typology.flags]
        header = ("Red flag", "Source", "Seen by", "Shown by (incidents found)")
        parts.append(f"\n### {typology.typology}\n\n{_table(header, rows)}")
    rows = [(_seen_by(context, catalogues), context.why) for context in matrix.context]
    parts.append(
        "\n## Features that serve no red flag by themselves\n\n"
        + _table(("Features", "Why they are there"), rows)
    )
    rows = [
        (source.short, source.title, source.by, "" if source.year is None else str(source.year))
        for source in sorted(matrix.sources.values(), key=lambda one: one.short)
    ]
    header = ("Cited as", "Title", "By", "Year")
    parts.append(f"\n## Sources\n\n{_table(header, rows)}")
    return "".join(parts)


def _found(measured: Measured) -> str:
    spans = " and ".join(dict.fromkeys(measured.spans.values()))
    rows = [
        (
            name.replace("_", " "),
            _share(caught.found_incidents, caught.incidents),
            *(_subjects(caught, stream) for stream in STREAMS),
        )
        for name, caught in measured.scenarios.items()
    ]
    header = ("Scenario", "Incidents", "Subject days, payments", "Subject days, access events")
    return (
        "\n## What is found\n\n"
        f"Both models, trained on {measured.payments:,} payments and {measured.access_events:,} "
        f"access events of a simulated bank and set for {measured.reviews_per_day:.0f} reviews a "
        f"day each, on its held-back days ({spans}), against what really happened. An incident is "
        "found when a model flags one of its events; a subject's day with a crime when the model "
        "flags that subject on that day. Simulated crime says nothing about your data.\n\n"
        f"{_table(header, rows)}\nMeasured by `{COMMAND}`, with features "
        + " and ".join(f"`{name}`" for name in measured.feature_sets.values())
        + ". The world is larger than the sample, of the same simulator, and its reviews are as "
        "much more.\n"
    )


def _row(
    flag: Flag, matrix: Matrix, measured: Measured, catalogues: Mapping[str, Names]
) -> Sequence[str]:
    shown = flag.gap and f"Gap: {flag.gap}"
    if flag.scenario is not None:
        caught = measured.scenarios.get(flag.scenario)
        share = "none held back"
        if caught is not None:
            share = _share(caught.found_incidents, caught.incidents)
        shown = f"{flag.scenario.replace('_', ' ')} ({share})" + (f". {shown}" if shown else "")
    return (
        flag.flag,
        _cited(matrix.sources[flag.source], flag.where),
        _seen_by(flag, catalogues),
        shown,
    )


def _cited(source: Source, where: str) -> str:
    year = "" if source.year is None else f" {source.year}"
    return source.short + year + (f": {where}" if where else "")


def _seen_by(entry: Flag | Context, catalogues: Mapping[str, Names]) -> str:
    seen = []
    for stream in STREAMS:
        names = expand(getattr(entry, stream), catalogues[stream])
        if names:
            listed = ", ".join(f"`{name}`" for name in names)
            seen.append(f"{_WORDS[stream]}: {listed}")
    return "; ".join(seen)


def _subjects(caught: Caught, stream: str) -> str:
    found = caught.streams.get(stream)
    return "" if found is None else _share(found.found_subject_days, found.subject_days)


def _share(found: int, count: int) -> str:
    return f"{found} of {count}"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    cells = ([cell.replace("|", "\\|") for cell in line] for line in lines)
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)
