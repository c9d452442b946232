"""The verdict on each row: the quick way where it is sure, the schema's own word elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import ValidationError

from features.attributes import PREFIX
from features.errors import InvalidEvent, Problem
from features.events import MODELS, parse, row
from features.fields import microseconds
from features.formats.adapters import adapter
from features.formats.columns import Columns, Lines
from features.formats.mapping import BATCH_ONLY
from features.formats.sure import Checker
from features.table import schema

_FIXES = {
    "received_at": "send RFC 3339 text with a zone, or leave the column out",
    "member": "send an identifier without blanks, or leave the column out",
}


@dataclass(frozen=True)
class Settled:
    """The valid rows in batch form, their indices in the chunk, and what is wrong with others."""

    table: pa.Table
    rows: Lines
    problems: dict[int, list[Problem]]


def settle(checker: Checker, given: Columns, now: datetime | None = None) -> Settled:
    """Return the verdict on every row of some columns."""
    checked = checker.check(given)
    quick = pa.table(checked.columns).filter(pa.array(checked.sure))
    sure = np.flatnonzero(checked.sure)
    if len(sure) == given.size:
        return Settled(quick, sure, {})
    problems: dict[int, list[Problem]] = {}
    accepted: list[int] = []
    events: list[dict[str, Any]] = []
    doubtful = np.flatnonzero(~checked.sure)
    for index, values in zip(doubtful.tolist(), given.given(doubtful), strict=True):
        try:
            events.append(by_model(given.stream, values, now))
            accepted.append(index)
        except InvalidEvent as error:
            problems[index] = list(error.problems)
    rows = np.concatenate([sure, np.array(accepted, dtype=np.int64)])
    slow = pa.Table.from_pylist(events, schema=_schema(given)).select(quick.column_names)
    order = np.argsort(rows)
    table = pa.concat_tables([quick, slow]).take(pa.array(order))
    return Settled(table, rows[order], problems)


def by_model(stream: str, values: dict[str, Any], now: datetime | None = None) -> dict[str, Any]:
    """Return one row in batch form as the schema itself makes it; raises InvalidEvent."""
    beside = {
        name: values.pop(name)
        for name in list(values)
        if name in BATCH_ONLY or name.startswith(PREFIX)
    }
    problems: list[Problem] = []
    for name, value in beside.items():
        try:
            found = adapter(stream, name).validate_python(value)
            beside[name] = microseconds(found) if isinstance(found, datetime) else found
        except ValidationError as error:
            fix = _FIXES.get(name, "send a finite number, or leave it out")
            problems.append(Problem(name, str(value)[:80], error.errors()[0]["msg"], fix))
    try:
        model: Any = MODELS[stream]
        event = parse(model, values, now)
    except InvalidEvent as error:
        raise InvalidEvent([*error.problems, *problems]) from None
    if problems:
        raise InvalidEvent(problems)
    return row(event) | beside


def _schema(given: Columns) -> pa.Schema:
    extra = [(name, pa.float64()) for name in given.texts if name.startswith(PREFIX)]
    known = schema(given.stream)
    return pa.schema([*zip(known.names, known.types, strict=True), *extra])
