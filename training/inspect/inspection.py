"""The look at a file as a whole: what is placed, carried and left out, and what would leak."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from features.attributes import MOST
from features.formats.times import SINCE_START
from training.inspect import leaks, words
from training.inspect.columns import Column
from training.inspect.leaks import Leak
from training.inspect.placing import Placed, place
from training.inspect.sampling import Sample, sample

_RETURNING = 0.5
_PROSE = 60
_FRAUDS = 60
_TEST = 0.175
_KEPT_BESIDE = (
    "currency",
    "debtor_account_country",
    "creditor_account_country",
    "creditor_account",
)
_FEW = 3000


@dataclass(frozen=True)
class Inspection:
    """What a file holds and the mapping that fits it; `document()` is what `--json` prints."""

    file: str
    rows: int
    looked_at: int
    stream: str
    timed: bool
    parties: bool
    days: float | None
    frauds: float | None
    placed: dict[str, str]
    numeric: list[str]
    categorical: list[str]
    since: list[str]
    left_out: dict[str, str]
    leaks: list[Leak]
    notes: list[str]
    problems: list[str]
    mapping: dict[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return everything as JSON-able values."""
        return asdict(self)


def inspect_file(path: Path) -> Inspection:
    """Look at a CSV or Parquet table and propose its mapping.

    Raises MissingInput or UnreadableFile for a file that cannot be looked at; what keeps it from
    being trained on is in `problems`.
    """
    found = sample(path)
    columns = {name: Column(name, found.table[name]) for name in found.table.columns}
    placed = place(columns)
    target = _target(columns, placed)
    problems = _label_problems(columns, placed, target, found)
    seconds = _seconds(columns, placed)
    days = None if seconds is None else float(np.nanmax(seconds) - np.nanmin(seconds)) / 86_400
    _untimed(columns, placed)
    left_out: dict[str, str] = {}
    kinds = _kinds(columns, placed, seconds, left_out)
    looked = [columns[name] for names in kinds.values() for name in names]
    suspected = leaks.label_leaks(looked, target) if target is not None else []
    for leak in suspected:
        left_out[leak.column] = leak.text
        for names in kinds.values():
            if leak.column in names:
                names.remove(leak.column)
    if target is not None:
        suspected += _more_leaks(found, columns, placed, kinds, target, seconds)
    _known(columns, placed, days, seconds, left_out)
    problems += _value_problems(columns, kinds)
    return Inspection(
        file=str(path),
        rows=found.rows,
        looked_at=len(found.table),
        stream=placed.stream,
        timed="time" in placed.columns,
        parties="parties" not in placed.settings,
        days=None if days is None else round(days, 2),
        frauds=None if target is None else round(float(target.mean()), 6),
        placed=placed.why,
        numeric=kinds["numeric"],
        categorical=kinds["categorical"],
        since=kinds["since"],
        left_out=left_out,
        leaks=suspected,
        notes=placed.notes,
        problems=problems,
        mapping=_mapping(placed, kinds),
    )


def _target(columns: dict[str, Column], placed: Placed) -> npt.NDArray[np.bool_] | None:
    if "is_fraud" not in placed.labels:
        return None
    given = columns[placed.labels["is_fraud"]].values.astype(str).str.strip()
    words_of = placed.values.get("is_fraud", {})
    plain = given.map(lambda word: words_of.get(word, words_of.get("*", word)))
    return np.asarray(plain.str.lower().isin(["1", "1.0", "true"]), dtype=np.bool_)


def _label_problems(
    columns: dict[str, Column],
    placed: Placed,
    target: npt.NDArray[np.bool_] | None,
    found: Sample,
) -> list[str]:
    if target is None:
        return [
            "no column says which rows were fraud: name it under [labels] (is_fraud), or give a "
            "file of labels to train with (--labels)"
        ]
    name = placed.labels["is_fraud"]
    if target.all() or not target.any():
        one = "fraud" if target.all() else "honest"
        return [
            f"{name} marks every row looked at as {one}; a model needs both kinds: give rows of "
            f"the other, or name another label column"
        ]
    rarer = min(int(target.sum()), int((~target).sum())) * found.rows / len(target)
    if rarer < _FRAUDS:
        return [
            f"{name} marks about {rarer:.0f} rows of {found.rows:,} as fraud; each of the slices "
            f"to learn from, calibrate and test on needs some: give more data, or longer"
        ]
    if (missing := columns[name].missing) > 0:
        placed.notes.append(f"{name} is empty in {missing:.1%} of rows; these carry no label")
    return []


def _seconds(columns: dict[str, Column], placed: Placed) -> npt.NDArray[np.float64] | None:
    if "time" not in placed.columns or placed.form is None:
        return None
    return columns[placed.columns["time"]].times(placed.form, placed.clock)


def _untimed(columns: dict[str, Column], placed: Placed) -> None:
    """Say how a file without a time is to be ordered and split."""
    if "time" in placed.columns:
        return
    placed.settings["untimed"] = "shuffled"
    placed.settings["parties"] = "none"
    for name in ("user_id", "debtor_account", "creditor_account", "customer_id", "device_id"):
        placed.columns.pop(name, None)
    column, test, text = _given_split(columns)
    if column is not None:
        placed.split.update(column=column.name, test=test)
        placed.taken.add(column.name)
        placed.why[column.name] = text
    placed.notes.append(
        "no time was found: no history, no split in time; rows are dealt out by a seed, and the "
        "figures will say nothing of the future"
        if column is None
        else f"no time was found, so no history; rows are tested on as {column.name} says"
    )


def _given_split(columns: dict[str, Column]) -> tuple[Column | None, list[str], str]:
    """Return the column that parts rows to learn from and to test on, which words, and why."""
    for column in columns.values():
        if column.plain in words.SPLIT and 2 <= column.distinct <= 5:
            test = [
                word for word in column.words if word.lower() in ("test", "testing", "1", "true")
            ]
            if test:
                return column, test, f"the given split; {', '.join(test)} is tested on"
    for column in columns.values():
        if column.plain in words.PERIOD and column.is_whole and 4 <= column.distinct <= 120:
            last = _last_periods(column)
            return column, last, f"counts periods; the last ({', '.join(last)}) are tested on"
    return None, [], ""


def _last_periods(column: Column) -> list[str]:
    """Return the words of the latest periods that hold at least a given share of the rows."""
    known = column.numbers[~np.isnan(column.numbers)]
    periods, rows = np.unique(known, return_counts=True)
    share = np.cumsum(rows[::-1]) / len(known)
    last = set(periods[::-1][: int(np.searchsorted(share, _TEST)) + 1].tolist())
    return sorted((word for word in column.words if float(word) in last), key=float)


def _kinds(
    columns: dict[str, Column],
    placed: Placed,
    seconds: npt.NDArray[np.float64] | None,
    left_out: dict[str, str],
) -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {"numeric": [], "categorical": [], "since": []}
    beside = {placed.columns[name] for name in _KEPT_BESIDE if name in placed.columns}
    for column in columns.values():
        if column.name in placed.taken and column.name not in beside:
            continue
        kind = _kind(column, placed, seconds)
        if kind in kinds:
            if column.name in beside and (kind != "categorical" or column.distinct > _FEW):
                continue
            kinds[kind].append(column.name)
        elif column.name not in placed.taken:
            left_out[column.name] = kind
    while sum(map(len, kinds.values())) > MOST:
        left_out[kinds["numeric"][-1]] = f"more than {MOST} columns cannot be carried"
        kinds["numeric"].pop()
    return kinds


def _kind(column: Column, placed: Placed, seconds: npt.NDArray[np.float64] | None) -> str:
    """Return numeric, categorical or since, or why a column is left out."""
    name = column.plain
    if column.name in placed.columns.values():
        return "categorical"
    if (why := _unusable(column)) is not None:
        return why
    form = None if column.is_numeric else column.form_of_time()
    if form is not None:
        return _time_kind(column, form, placed, seconds)
    if column.is_numeric:
        again = "time" in placed.columns and name in words.TIME
        return "tells the time again" if again and column.form_of_time() is not None else "numeric"
    if column.uniqueness > _RETURNING and column.distinct > 1000:
        return "a different word in nearly each row"
    prose = column.texts.head(1000).str.len().mean() > _PROSE
    return "running text" if prose else "categorical"


def _unusable(column: Column) -> str | None:
    """Return why a column is no feature, None when it may be one."""
    name = column.plain
    if column.missing == 1:
        return "empty in every row looked at"
    if column.distinct < 2 and column.missing == 0:
        return "one value in every row looked at"
    if _numbers_rows(column):
        return "numbers the rows"
    if name in words.PROTECTED:
        return "a protected attribute, no feature unless you have a lawful reason"
    if name in words.KNOWN:
        return "tells of the label"
    if name in words.PERSONAL:
        return "names a person"
    if name in words.EVENT or (column.is_whole and column.uniqueness == 1 and name.endswith("id")):
        return "an identifier, different in nearly each row"
    return None


def _numbers_rows(column: Column) -> bool:
    """Tell whether a column without a name of its own counts the rows of the file."""
    if column.plain not in ("", "unnamed0", "index", "rownumber", "rowindex", "rownames"):
        return False
    known = column.numbers
    return column.is_whole and not np.isnan(known).any() and bool((np.diff(known) > 0).mean() > 0.9)


def _time_kind(
    column: Column, form: str, placed: Placed, seconds: npt.NDArray[np.float64] | None
) -> str:
    if seconds is None or placed.form is None:
        return "a time, but the event's own time was not found"
    if form != placed.form or placed.form in SINCE_START:
        return "a time spelt otherwise than the event's own"
    apart = seconds - column.times(form)
    if np.nanmedian(apart) < 0 or np.nanmean(apart < 0) > 0.05:
        return "a time after the event: what it tells is known only later"
    return "since"


def _more_leaks(
    found: Sample,
    columns: dict[str, Column],
    placed: Placed,
    kinds: dict[str, list[str]],
    target: npt.NDArray[np.bool_],
    seconds: npt.NDArray[np.float64] | None,
) -> list[Leak]:
    timed = seconds is not None
    identifier = next(
        (one for one in columns.values() if one.plain in words.EVENT and one.is_numeric), None
    )
    more = leaks.order_leaks(identifier, target, timed)
    place = np.arange(len(target)) if seconds is None else np.argsort(np.argsort(seconds))
    later = place >= (1 - _TEST) * len(target)
    if seconds is None:
        later = np.random.default_rng(1).random(len(target)) < _TEST
    seen = [name for names in kinds.values() for name in names]
    if "amount" in placed.columns:
        seen.append(placed.columns["amount"])
    return more + leaks.copies(found.table, seen, target, later)


def _known(
    columns: dict[str, Column],
    placed: Placed,
    days: float | None,
    seconds: npt.NDArray[np.float64] | None,
    left_out: dict[str, str],
) -> None:
    """Say when each label became known: a column of it, or an assumed delay."""
    if "is_fraud" not in placed.labels:
        placed.labels.clear()
        return
    for column in columns.values():
        if column.plain in words.KNOWN and seconds is not None and column.missing < 1:
            form = column.form_of_time()
            if form is None or form != placed.form:
                continue
            early = float(np.nanmean(column.times(form) < seconds))
            if early > 0.01:
                placed.notes.append(
                    f"{column.name} lies before the event in {early:.0%} of rows: a label cannot "
                    f"be known before its event, so it is not used"
                )
                continue
            if column.missing == 0:
                placed.labels["known_at"] = column.name
                placed.why[column.name] = "known_at: when the label became known"
                left_out.pop(column.name, None)
                return
    if days is None or days < 20:
        placed.labels["delay"] = "0s"
        return
    placed.labels["delay"] = "7d" if days >= 80 else "1d"
    placed.notes.append(
        f"nothing says when labels became known; {placed.labels['delay']} after the event is "
        f"assumed ([labels] delay): put in how long yours take"
    )


def _value_problems(columns: dict[str, Column], kinds: dict[str, list[str]]) -> list[str]:
    carried = [columns[name] for names in kinds.values() for name in names]
    empty = [one.name for one in carried if one.missing > 0.99]
    if carried and len(empty) == len(carried):
        return [f"every column that could be learnt from is empty ({', '.join(empty[:5])} …)"]
    return []


def _mapping(placed: Placed, kinds: dict[str, list[str]]) -> dict[str, Any]:
    """Return the mapping as the document that `features.formats.mapping` reads."""
    body: dict[str, Any] = dict(placed.settings)
    tables = {
        "columns": placed.columns,
        "constants": placed.constants,
        "prefixes": placed.prefixes,
        "values": placed.values,
        "labels": placed.labels,
        "attributes": {kind: names for kind, names in kinds.items() if names},
        "split": placed.split,
    }
    return body | {name: table for name, table in tables.items() if table}
