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
"%d/%m/%Y %H:%M:%S", "unix_seconds" or "seconds_since_start"), `time_origin` (when the start was),
`time_of_day` (the column of the clock, where `time` is a date), `decimal_mark` ("," for 1.234,50),
`round_amounts = true`, `ip_numbers = true` (addresses written as one number) and
`number_rows = true` (the event id is the line number). A file without accounts or users says
`parties = "none"`; one without times says in which order it is to be taken, `untimed = "shuffled"`
or `"rows"`. `[prefixes]` puts a text before a field's values, `[values.FIELD]` translates their
words to ours ("*" stands for every other word), `[attributes]` carries columns that no field takes
(see `features.formats.carried`), and `[split]` names the column that says which rows to test on.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError

from features.attributes import PREFIX
from features.errors import BadMapping
from features.events import MODELS
from features.fields import microseconds
from features.formats.adapters import adapter, as_given
from features.formats.carried import Carried, carried_from
from features.formats.times import SINCE_START, Clock

BATCH_ONLY = ("received_at", "member")
_DELAY = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_LABEL_COLUMNS = (
    "is_fraud",
    "known_at",
    "typology",
    "subject_role",
    "status",
    "review_propensity",
)
_TABLES = ("columns", "constants", "prefixes", "values", "labels", "attributes", "split")
_SETTINGS = (
    "stream",
    "time_zone",
    "time_format",
    "time_origin",
    "time_of_day",
    "untimed",
    "parties",
    "decimal_mark",
    "round_amounts",
    "ip_numbers",
    "number_rows",
)
_SWITCHES = ("round_amounts", "ip_numbers", "number_rows")
TIME_FORMATS = ("unix_seconds", "unix_milliseconds", *SINCE_START)
ANY = "*"
NO_PARTIES = "none"
PARTIES = {"payment": ("debtor_account", "creditor_account"), "access": ("user_id",)}
UNTIMED = ("shuffled", "rows")
# A Monday, so that a count of hours that began with a week keeps its weekdays.
_ORIGIN = "2024-01-01T00:00:00Z"
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
class GivenSplit:
    """Which rows of an untimed file are to test on: those with one of these words in a column."""

    column: str
    test: tuple[str, ...]


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
    time_origin: str = _ORIGIN
    time_of_day: str | None = None
    untimed: str | None = None
    parties: str | None = None
    decimal_mark: str = "."
    round_amounts: bool = False
    ip_numbers: bool = False
    number_rows: bool = False
    attributes: Carried = field(default_factory=Carried)
    split: GivenSplit | None = None

    @property
    def origin(self) -> int:
        """The moment (microseconds) from which times count that only count from a start."""
        return microseconds(datetime.fromisoformat(self.time_origin))

    @property
    def clock(self) -> Clock:
        """How the file spells its times."""
        return Clock(self.time_zone, self.time_format, self.origin)

    @property
    def wanted(self) -> set[str]:
        """Every column of the file that is read."""
        return {column for _, column in self._sources()}

    def check(self, stream: str, available: Iterable[str], source: str) -> None:
        """Raise BadMapping unless this mapping makes events of `stream` from these columns."""
        there = list(available)
        fields = field_names(stream)
        for table in (self.columns, self.constants, self.prefixes, self.values):
            for name in table:
                _check_field(name, fields, stream, labelled=self.labels is not None)
        for name, column in self._sources():
            if column not in there:
                raise BadMapping(
                    f"the mapping takes {name} from column {column!r}, which {source} does not"
                    f" have{_did_you_mean(column, there)}; its columns are {', '.join(there)}"
                )
        if both := sorted(set(self.columns) & set(self.constants)):
            raise BadMapping(f"{both[0]} has a column and a constant in the mapping; keep one")
        made = {*self.columns, *self.constants, *self._made_up(stream)}
        for name in required(stream):
            if name not in made:
                raise BadMapping(
                    f"nothing gives the required field {name}: name its column under [columns] or"
                    f" its value under [constants]; the columns of {source} are {', '.join(there)}"
                )
        for name, text in self.constants.items():
            _check_constant(stream, name, self.prefixes.get(name, "") + text)

    def _sources(self) -> Iterable[tuple[str, str]]:
        """Yield everything that is taken from a column, and the column."""
        yield from self.columns.items()
        yield from ((f"attribute {column}", column) for column in self.attributes.columns)
        if self.labels:
            yield from ((f"labels.{name}", one) for name, one in self.labels.columns.items())
        if self.split:
            yield "split", self.split.column
        if self.time_of_day:
            yield "time_of_day", self.time_of_day

    def _made_up(self, stream: str) -> Iterable[str]:
        """Yield the fields that the reader makes up, because the file has nothing of the kind."""
        if self.number_rows:
            yield "event_id"
        if self.untimed:
            yield "time"
        if self.parties == NO_PARTIES:
            yield from PARTIES.get(stream, ())


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
    if not columns and not given.get("attributes"):
        raise BadMapping(f"{source}: [columns] is empty; give lines such as amount = 'TX_AMOUNT'")
    values = {
        name: _texts(given.get("values", {}), name, f"{source}: values")
        for name in given.get("values", {})
    }
    settings = {key: given[key] for key in _SETTINGS if key in given}
    _check_settings(settings, source)
    if "split" in given and "untimed" not in settings:
        raise BadMapping(
            f"{source}: [split] is for files without a time: give untimed as well, or leave it"
            " out, for events with a time are split by it"
        )
    return Mapping(
        attributes=carried_from(given.get("attributes", {}), source),
        split=_given_split(given["split"], source) if "split" in given else None,
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
    columns = {name: name for name in there if name in fields or name.startswith(PREFIX)}
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
    own = [name for name in MODELS[stream].model_fields if name != "attributes"]
    return [*own, *BATCH_ONLY]


def required(stream: str) -> list[str]:
    """Return the fields that every row must have."""
    return [name for name, info in MODELS[stream].model_fields.items() if info.is_required()]


def _check_field(name: str, fields: list[str], stream: str, labelled: bool) -> None:
    if name in fields or name.startswith(PREFIX) or (labelled and name in _LABEL_COLUMNS):
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
    for name in _SWITCHES:
        if not isinstance(settings.get(name, False), bool):
            raise BadMapping(f"{source}: {name} must be true or false")
    if settings.get("parties", NO_PARTIES) != NO_PARTIES:
        raise BadMapping(f"{source}: parties must be {NO_PARTIES!r}, or be left out")
    if settings.get("untimed", UNTIMED[0]) not in UNTIMED:
        raise BadMapping(f"{source}: untimed must be one of {', '.join(UNTIMED)}, or be left out")
    if not isinstance(settings.get("time_of_day", ""), str):
        raise BadMapping(f"{source}: time_of_day must name a column")
    _check_origin(settings, source)


def _check_origin(settings: dict[str, Any], source: str) -> None:
    origin = settings.get("time_origin", _ORIGIN)
    if isinstance(origin, date):
        origin = settings["time_origin"] = origin.isoformat()
    try:
        zoned = datetime.fromisoformat(origin)
    except (TypeError, ValueError) as error:
        raise BadMapping(
            f"{source}: time_origin {origin!r} is no time; write {_ORIGIN!r} or the like"
        ) from error
    if zoned.tzinfo is None:
        settings["time_origin"] = zoned.replace(tzinfo=UTC).isoformat()


def _given_split(given: Any, source: str) -> GivenSplit:
    test = given.get("test")
    words = [test] if isinstance(test, str) else test
    named = isinstance(given.get("column"), str) and set(given) == {"column", "test"}
    if not named or not isinstance(words, list) or not words:
        raise BadMapping(
            f'{source}: [split] needs column (such as "set") and test (the words of the rows to'
            ' test on, such as "test"), and nothing else'
        )
    return GivenSplit(given["column"], tuple(str(one) for one in words))


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
