"""Score a file offline with the champion: advice and reasons for each event, and who stands out.

The file is its own history: each event is read against the events of the file that came before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training import promote
from training.errors import MissingInput, NotEnoughData
from training.progress import Teller

if TYPE_CHECKING:
    import pyarrow as pa

    from features.formats.rejects import Read
    from features.table import EventTable
    from models.runtime import Scorer, Scores

SUBJECT_FIELDS = {"payment": ("debtor_account",), "access": ("ip_address", "user_id")}
FORMATS = (".csv", ".parquet")


@dataclass(frozen=True)
class FileOptions:
    """How the file is to be read; see `features.formats.readers.read_events`."""

    stream: str | None = None
    mapping: Path | None = None
    rejects: Path | None = None
    year: int | None = None
    time_zone: str | None = None
    ip_overlay: Path | None = None
    geolocation: Path | None = None
    reference_data: Path | None = None


@dataclass(frozen=True)
class TopSubject:
    """One subject: its expected crimes (sum of probabilities), highest score and what raised it."""

    subject: str
    events: int
    flagged: int
    expected: float
    probability: float
    margin: float
    reasons: list[str]
    counterfactual: str | None = None
    """What would have left its highest event clear; None when nothing that was tried would."""


@dataclass(frozen=True)
class Scored:
    """What scoring a file gave; `top` holds the first subjects by each field that names one."""

    stream: str
    version: str
    out: Path
    events: int
    rejected: int
    skipped: int
    advice: dict[str, int]
    top: dict[str, list[TopSubject]]
    absent: list[str]


def score_file(
    path: Path,
    out: Path,
    home: Path,
    options: FileOptions | None = None,
    *,
    limit: int = 10,
    teller: Teller | None = None,
) -> Scored:
    """Score the events of `path` and write one row for each to `out` (.csv or .parquet).

    Columns: event_id, time, the subject's fields, advice, probability, margin, novelty (share of
    training events that are less novel), reasons (of flagged events, joined by "; ", those of a
    novel one after "novel: "), counterfactual (what would have left a flagged event clear, where
    one or two things would) and model_version. `limit` is how many subjects `top` names. Raises
    MissingInput for another ending, NoChampion when no model was promoted, and reading errors.
    """
    if out.suffix.lower() not in FORMATS:
        raise MissingInput(f"--out {str(out)!r}: the ending must be {' or '.join(FORMATS)}")
    options = options or FileOptions()
    teller = teller or Teller(quiet=True)
    with teller.stage("reading"):
        given = _read(path, options)
    if given.rejected:
        first = given.problems[0]
        teller.say(
            f"{path}: {given.rejected} of {given.rows} rows refused, the first at line "
            f"{first.line}: {first.field}={first.value!r}: {first.problem}; {first.fix}"
        )
    events = given.table
    if events.stream not in SUBJECT_FIELDS:
        raise MissingInput(
            f"{path} holds the stream {events.stream!r}: give a file of payments or access events"
        )
    if len(events) == 0:
        raise NotEnoughData(f"{path} holds no event that could be read; nothing was scored")
    directory = promote.champion_dir(home, events.stream)
    with teller.stage("building features") as advance:
        features, absent = _features(events, options, advance)
    with teller.stage("scoring"):
        scorer = _scorer(directory, events.stream)
        features = scorer.joined(features, scorer.bundle.raw.of_table(events))
        scores = scorer.score(features)
        advice = _advice(scorer, scores)
        shown = _top_rows(events, scores, limit)
        reasons = _reasons(scorer, features, scores, advice, shown)
        lines = _counterfactuals(scorer, features, advice)
    with teller.stage("writing"):
        _write(out, events, scores, advice, reasons, lines, scorer.bundle.version)
    return Scored(
        stream=events.stream,
        version=scorer.bundle.version,
        out=out,
        events=len(events),
        rejected=given.rejected,
        skipped=given.skipped,
        advice={name: int((advice == name).sum()) for name in ("clear", "review", "urgent")},
        top={
            name: [_top_subject(*item, scores, advice, reasons, lines) for item in items]
            for name, items in shown.items()
        },
        absent=absent,
    )


def _read(path: Path, options: FileOptions) -> Read:
    from features.formats.mapping import read_mapping
    from features.formats.readers import read_events

    if not path.is_file():
        raise MissingInput(f"FILE {str(path)!r}: no such file; correct the path")
    return read_events(
        path,
        stream=options.stream,
        mapping=read_mapping(options.mapping) if options.mapping else None,
        rejects=options.rejects,
        year=options.year,
        time_zone=options.time_zone,
    )


def _features(
    events: EventTable, options: FileOptions, advance: Any
) -> tuple[np.ndarray[Any, np.dtype[np.float64]], list[str]]:
    from features.batch import build
    from features.reference import Reference

    payments = events if events.stream == "payment" else None
    access = events if events.stream == "access" else None
    reference = Reference(options.ip_overlay, options.geolocation, options.reference_data)
    built = build(payments, access, None, reference, progress=advance, wanted=(events.stream,))
    return built.features[events.stream], built.absent[events.stream]


def _scorer(directory: Path, stream: str) -> Scorer:
    from features.catalog import CATALOGUES
    from models.bundle import Bundle
    from models.runtime import Scorer

    return Scorer(Bundle.load(directory, CATALOGUES[stream]), CATALOGUES[stream])


def _advice(scorer: Scorer, scores: Scores) -> np.ndarray[Any, np.dtype[np.object_]]:
    from models.decision import decide

    # Few probabilities differ after rounding: each is decided once.
    values, place = np.unique(scores.probability, return_inverse=True)
    decided = [decide(float(value), scorer.bundle.thresholds).advice for value in values]
    advice = np.array(decided, dtype=object)[place]
    if scores.novel is not None:
        advice[scores.novel & (advice == "clear")] = "review"
    return advice


def _top_rows(
    events: EventTable, scores: Scores, limit: int
) -> dict[str, list[tuple[str, np.ndarray[Any, np.dtype[np.int64]]]]]:
    """Return the subjects of the most expected crimes, each with its rows, highest score first."""
    top: dict[str, list[tuple[str, np.ndarray[Any, np.dtype[np.int64]]]]] = {}
    for field in SUBJECT_FIELDS[events.stream]:
        if not events.has(field):
            continue
        coded = events.column(field).combine_chunks().dictionary_encode()
        codes = np.asarray(coded.indices.fill_null(-1).to_numpy(), dtype=np.int64)
        order = np.lexsort((-scores.margin, codes))
        order = order[codes[order] >= 0]
        starts = np.flatnonzero(np.diff(codes[order], prepend=-2))
        groups = np.split(order, starts[1:])
        ranked = sorted(groups, key=lambda rows: -float(scores.probability[rows].sum()))
        names = coded.dictionary
        top[field] = [(names[int(codes[rows[0]])].as_py(), rows) for rows in ranked[:limit]]
    return top


def _reasons(
    scorer: Scorer, features: Any, scores: Scores, advice: Any, shown: dict[str, Any]
) -> dict[int, list[str]]:
    from models.explain import explain
    from models.unusual import NOVEL, unusual

    wanted = set(np.flatnonzero(advice != "clear").tolist())
    for items in shown.values():
        wanted.update(int(rows[0]) for _, rows in items)
    reasons = {
        row: [reason.text for reason in explain(scorer, features[row])] for row in sorted(wanted)
    }
    for row in np.flatnonzero(scores.novel) if scores.novel is not None else ():
        said = [f"{NOVEL}: {one.text}" for one in unusual(scorer, features[row])]
        by_score = scores.probability[row] >= scorer.bundle.thresholds.review
        reasons[int(row)] = [*reasons[int(row)], *said] if by_score else said
    return reasons


def _counterfactuals(scorer: Scorer, features: Any, advice: Any) -> dict[int, str]:
    """Return, for flagged rows that have one, what would have left them clear."""
    from models.counterfactual import counterfactual

    found = {
        int(row): counterfactual(scorer, features[row]) for row in np.flatnonzero(advice != "clear")
    }
    return {row: one.text for row, one in found.items() if one is not None}


def _top_subject(
    name: str,
    rows: Any,
    scores: Scores,
    advice: Any,
    reasons: dict[int, list[str]],
    lines: dict[int, str],
) -> TopSubject:
    best = int(rows[0])
    return TopSubject(
        subject=name,
        events=len(rows),
        flagged=int((advice[rows] != "clear").sum()),
        expected=float(scores.probability[rows].sum()),
        probability=float(scores.probability[best]),
        margin=float(scores.margin[best]),
        reasons=reasons[best],
        counterfactual=lines.get(best),
    )


def _write(
    out: Path,
    events: EventTable,
    scores: Scores,
    advice: Any,
    reasons: dict[int, list[str]],
    lines: dict[int, str],
    version: str,
) -> None:
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    table: pa.Table = pa.table(
        {
            "event_id": events.column("event_id"),
            "time": [_rfc3339(int(time)) for time in events.integers("time")],
            **{name: events.column(name) for name in SUBJECT_FIELDS[events.stream]},
            "advice": pa.array(advice, pa.string()),
            "probability": scores.probability,
            "margin": scores.margin,
            "novelty": pa.nulls(len(events), pa.float64())
            if scores.novelty is None
            else scores.novelty,
            "reasons": ["; ".join(reasons.get(row, [])) for row in range(len(events))],
            "counterfactual": pa.array([lines.get(row) for row in range(len(events))], pa.string()),
            "model_version": [version] * len(events),
        }
    )
    try:
        if out.suffix.lower() == ".csv":
            pyarrow.csv.write_csv(table, out)
        else:
            pyarrow.parquet.write_table(table, out)
    except OSError as error:
        raise MissingInput(f"--out {str(out)!r}: cannot be written ({error})") from error


def _rfc3339(time: int) -> str:
    moment = datetime.fromtimestamp(time // 1_000_000, UTC).replace(microsecond=time % 1_000_000)
    return moment.isoformat().replace("+00:00", "Z")
