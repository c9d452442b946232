"""How a stranger's columns become the schema's fields: a small TOML file, no code.

    time_zone = "Europe/Brussels"      # for times that carry no zone

    [columns]                          # field = "their column"
    event_id = "TRANSACTION_ID"
    time = "TX_DATETIME"
    amount = "TX_AMOUNT"

    [constants]                        # field = value of every row
    currency = "EUR"

    [labels]                           # when the file says which rows were fraud
    is_fraud = "TX_FRAUD"
    delay = "7d"                       # known that long after the event

Above the tables may stand `stream` ("payment", "access" or "label"), `time_format` (such as
"%d/%m/%Y %H:%M:%S", "unix_seconds" or "unix_milliseconds"), `decimal_mark` ("," for 1.234,50) and
`number_rows = true` (the event id is the line number). `[prefixes]` puts a text before a field's
values, `[values.FIELD]` translates their words to ours.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError

from features.errors import BadMapping
from features.events import MODELS
from features.formats.adapters import adapter, as_given

EXTRA = "extra_"
BATCH_ONLY = ("received_at", "member")
_DELAY = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_LABEL_COLUMNS = ("is_fraud", "known_at", "typology", "subject_role")
_TABLES = ("columns", "constants", "prefixes", "values", "labels")
_SETTINGS = ("stream", "time_zone", "time_format", "decimal_mark", "number_rows")
TIME_FORMATS = ("unix_seconds", "unix_milliseconds")
_DIRECTIVES = frozenset("YmdHMSfz")


@dataclass(frozen=True)
class LabelMapping:
    """Where the labels of an event file stand.

    `columns` maps label fields to columns; `delay` (microseconds after the event) says when each
    became known if no column does; `source` says who labelled.
    """

    columns: dict[str, str]
    delay: int | None
    source: str = "import"


@dataclass(frozen=True)
class Mapping:
    """Which column, constant, prefix and translation makes each field of the schema."""

    columns: dict[str, str]
    constants: dict[str, str] = field(default_factory=dict)
    prefixes: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    labels: LabelMapping | None = None
    stream: str | None = None
    time_zone: str | None = None
    time_format: str | None = None
    decimal_mark: str = "."
    number_rows: bool = False

    def check(self, stream: str, available: Iterable[str], source: str) -> None:
        """Raise BadMapping unless this mapping makes events of `stream` from these columns."""
        there = list(available)
        fields = field_names(stream)
        for table in (self.columns, self.constants, self.prefixes, self.values):
            for name in table:
                _check_field(name, fields, stream, labelled=self.labels is not None)
        wanted = dict(self.columns)
        if self.labels:
            wanted |= {f"labels.{name}": column for name, column in self.labels.columns.items()}
        for name, column in wanted.items():
            if column not in there:
                raise BadMapping(
                    f"the mapping takes {name} from column {column!r}, which {source} does not"
                    f" have{_did_you_mean(column, there)}; its columns are {', '.join(there)}"
                )
        if both := sorted(set(self.columns) & set(self.constants)):
            raise BadMapping(f"{both[0]} has a column and a constant in the mapping; keep one")
        made = {*self.columns, *self.constants, *(["event_id"] if self.number_rows else [])}
        for name in required(stream):
            if name not in made:
                raise BadMapping(
                    f"nothing gives the required field {name}: name its column under [columns] or"
                    f" its value under [constants]; the columns of {source} are {', '.join(there)}"
                )
        for name, text in self.constants.items():
            _check_constant(stream, name, self.prefixes.get(name, "") + text)


def read_mapping(path: Path) -> Mapping:
    """Return the mapping that a TOML file describes; raises BadMapping, naming file and key."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadMapping(f"cannot read the mapping {path}: {error}") from error
    return mapping_from(given, str(path))


def mapping_from(given: dict[str, Any], source: str = "the mapping") -> Mapping:
    """Return the mapping of a TOML document already read; raises BadMapping."""
    for key, value in given.items():
        if key not in (*_TABLES, *_SETTINGS):
            raise BadMapping(
                f"{source}: unknown key {key!r}{_did_you_mean(key, [*_TABLES, *_SETTINGS])}"
            )
        if (key in _TABLES) != isinstance(value, dict):
            kind = "a table, such as" if key in _TABLES else "one value above the tables, not"
            raise BadMapping(f"{source}: {key} must be {kind} [{key}]")
    columns = _texts(given, "columns", source)
    if not columns:
        raise BadMapping(f"{source}: [columns] is empty; give lines such as amount = 'TX_AMOUNT'")
    values = {
        name: _texts(given.get("values", {}), name, f"{source}: values")
        for name in given.get("values", {})
    }
    settings = {key: given[key] for key in _SETTINGS if key in given}
    _check_settings(settings, source)
    return Mapping(
        columns=columns,
        constants=_texts(given, "constants", source),
        prefixes=_texts(given, "prefixes", source),
        values=values,
        labels=_label_mapping(_texts(given, "labels", source), source)
        if "labels" in given
        else None,
        **settings,
    )


def canonical_mapping(stream: str, available: Iterable[str], source: str) -> Mapping:
    """Return the mapping of a file that already uses the schema's names.

    A column that is no field is left unread, unless its name is nearly a field's: then BadMapping
    is raised, because a misspelt column would silently be lost.
    """
    fields = field_names(stream)
    there = list(available)
    columns = {name: name for name in there if name in fields or name.startswith(EXTRA)}
    unused = [name for name in fields if name not in columns]
    for name in there:
        near = difflib.get_close_matches(name, unused, n=1, cutoff=0.85)
        if name not in columns and near:
            raise BadMapping(
                f"column {name!r} of {source} is no field of a {stream}: did you mean {near[0]}?"
                " Rename it, or give a mapping"
            )
    return Mapping(columns=columns)


def field_names(stream: str) -> list[str]:
    """Return every field that a column may fill, the batch form's own included."""
    return [*MODELS[stream].model_fields, *BATCH_ONLY]


def required(stream: str) -> list[str]:
    """Return the fields that every row must have."""
    return [name for name, info in MODELS[stream].model_fields.items() if info.is_required()]


def _check_field(name: str, fields: list[str], stream: str, labelled: bool) -> None:
    if name in fields or name.startswith(EXTRA) or (labelled and name in _LABEL_COLUMNS):
        return
    if name in _SETTINGS:
        raise BadMapping(f"{name} stands above the first [table] of the mapping, not inside one")
    raise BadMapping(
        f"the mapping fills {name!r}, which is no field of a {stream}"
        f"{_did_you_mean(name, fields)}; its fields are {', '.join(fields)}"
    )


def _check_constant(stream: str, name: str, text: str) -> None:
    try:
        adapter(stream, name).validate_python(as_given(name, text))
    except ValidationError as error:
        raise BadMapping(
            f"the mapping's constant {name} = {text!r} is refused: {error.errors()[0]['msg']}"
        ) from None


def _check_settings(settings: dict[str, Any], source: str) -> None:
    if settings.get("stream", "payment") not in MODELS:
        raise BadMapping(f"{source}: stream must be one of {', '.join(MODELS)}")
    zone = settings.get("time_zone", "UTC")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError) as error:
        raise BadMapping(
            f"{source}: time_zone {zone!r} is unknown; use a name such as Europe/Brussels or UTC"
        ) from error
    form = settings.get("time_format", TIME_FORMATS[0])
    if form not in TIME_FORMATS and not _is_pattern(form):
        raise BadMapping(
            f"{source}: time_format {form!r} is unknown; use {' or '.join(TIME_FORMATS)}, or a"
            " pattern of %Y %m %d %H %M %S %f %z, such as '%d/%m/%Y %H:%M'"
        )
    if settings.get("decimal_mark", ".") not in (".", ","):
        raise BadMapping(f"{source}: decimal_mark must be '.' or ','")
    if not isinstance(settings.get("number_rows", False), bool):
        raise BadMapping(f"{source}: number_rows must be true or false")


def _is_pattern(form: Any) -> bool:
    if not isinstance(form, str):
        return False
    found = [directive for directive in re.findall(r"%(.?)", form) if directive != "%"]
    return {"Y", "m", "d"} <= set(found) <= _DIRECTIVES and len(found) == len(set(found))


def _label_mapping(given: dict[str, str], source: str) -> LabelMapping:
    for key in given:
        if key not in (*_LABEL_COLUMNS, "delay", "source"):
            raise BadMapping(
                f"{source}: [labels] has an unknown key {key!r}"
                f"{_did_you_mean(key, [*_LABEL_COLUMNS, 'delay', 'source'])}"
            )
    if "is_fraud" not in given:
        raise BadMapping(f"{source}: [labels] must name the column is_fraud")
    if ("delay" in given) == ("known_at" in given):
        raise BadMapping(
            f"{source}: [labels] needs either delay (such as '7d') or known_at (a column): when"
            " a label became known decides what a model may learn from it"
        )
    columns = {name: given[name] for name in _LABEL_COLUMNS if name in given}
    delay = _microseconds(given["delay"], source) if "delay" in given else None
    who = given.get("source", "import")
    _check_constant("label", "source", who)
    return LabelMapping(columns, delay, who)


def _microseconds(text: str, source: str) -> int:
    found = _DELAY.fullmatch(text)
    if not found:
        raise BadMapping(f"{source}: delay {text!r} is not a duration; write 7d, 12h, 30m or 45s")
    return round(float(found[1]) * _UNIT_SECONDS[found[2]] * 1_000_000)


def _texts(given: dict[str, Any], table: str, source: str) -> dict[str, str]:
    found = given.get(table, {})
    if not isinstance(found, dict):
        raise BadMapping(f"{source}: {table} must be a table, such as [{table}]")
    for name, value in found.items():
        if table == "values" or isinstance(value, dict | list):
            raise BadMapping(f"{source}: [{table}] {name} must be one value, not {value!r}")
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in found.items()
    }


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    lowered = {item.lower(): item for item in known}
    near = difflib.get_close_matches(name.lower(), list(lowered), n=1, cutoff=0.5)
    return f" (did you mean {lowered[near[0]]!r}?)" if near else ""
