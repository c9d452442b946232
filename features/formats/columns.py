"""From a file's columns to the schema's fields, as text: mapped, prefixed, translated."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import BadMapping
from features.formats.adapters import as_given
from features.formats.mapping import ANY, NO_PARTIES, PARTIES, Mapping
from features.formats.times import Clock, as_datetime, to_microseconds
from features.reference import currency_exponent

Lines = npt.NDArray[np.int64]
TIMES = ("time", "known_at", "received_at")
_NUMBER = r"\A\d{1,15}(?:\.\d+)?(?:[eE][+-]?\d{1,2})?\z"


@dataclass(frozen=True)
class Columns:
    """Some rows of one stream before they are checked.

    `texts` holds each field's values as text, null where the row has none; `times` the same for
    fields of time in microseconds, null also where the text was not understood.
    """

    stream: str
    size: int
    texts: dict[str, pa.Array]
    times: dict[str, pa.Array]

    def given(self, rows: Lines) -> list[dict[str, Any]]:
        """Return the chosen rows, each as the fields that `features.events.parse` takes."""
        chosen = pa.array(rows)
        texts = {name: column.take(chosen).to_pylist() for name, column in self.texts.items()}
        times = {name: column.take(chosen).to_pylist() for name, column in self.times.items()}
        found: list[dict[str, Any]] = []
        for row in range(len(rows)):
            values: dict[str, Any] = {}
            for name, column in texts.items():
                if name in times and times[name][row] is not None:
                    values[name] = _aware(times[name][row], column[row])
                elif column[row] is not None:
                    values[name] = as_given(name, column[row])
            found.append(values)
        return found


def _aware(time: int, text: str) -> Any:
    try:
        return as_datetime(time)
    except OverflowError:
        return text


def event_columns(raw: dict[str, pa.Array], lines: Lines, mapping: Mapping, stream: str) -> Columns:
    """Return the events' fields of some rows; `raw` is the file's columns by name."""
    size = len(lines)
    texts: dict[str, pa.Array] = {}
    times: dict[str, pa.Array] = {}
    for name, column in mapping.columns.items():
        values = raw[column]
        if name == "time" and mapping.time_of_day:
            clock = _text(raw[mapping.time_of_day], mapping.time_of_day)
            values = pc.binary_join_element_wise(_text(values, column), clock, " ")
        _add(texts, times, name, values, mapping, column)
    _make_up(texts, times, lines, mapping, stream)
    for name, text in mapping.constants.items():
        texts[name] = _repeated(text, size)
    for name, prefix in mapping.prefixes.items():
        if name in texts:
            texts[name] = pc.binary_join_element_wise(prefix, texts[name], "")
    for name in TIMES:
        if name in mapping.constants:
            times[name] = to_microseconds(texts[name], texts[name], Clock(mapping.time_zone), name)
    if mapping.round_amounts and "amount" in texts and "currency" in texts:
        texts["amount"] = _rounded(texts["amount"], texts["currency"])
    return Columns(stream, size, texts, times)


def _make_up(
    texts: dict[str, pa.Array],
    times: dict[str, pa.Array],
    lines: Lines,
    mapping: Mapping,
    stream: str,
) -> None:
    """Fill in what the schema needs and the file lacks: identifiers, parties, a time."""
    numbered = pc.cast(pa.array(lines), pa.string())
    if mapping.number_rows:
        texts["event_id"] = numbered
    if mapping.parties == NO_PARTIES:
        for name in PARTIES[stream]:
            texts[name] = pc.binary_join_element_wise("row", numbered, "-")
    if mapping.untimed is not None:
        texts["time"] = _repeated(as_datetime(mapping.origin).isoformat(), len(lines))
        times["time"] = pa.repeat(pa.scalar(mapping.origin, pa.int64()), len(lines))


def label_columns(raw: dict[str, pa.Array], events: Columns, mapping: Mapping) -> Columns | None:
    """Return the labels that stand beside the events of the same rows, None if none are mapped.

    A row whose `is_fraud` is empty has a null there: it carries no label.
    """
    if mapping.labels is None:
        return None
    texts: dict[str, pa.Array] = {}
    times: dict[str, pa.Array] = {}
    for name, column in mapping.labels.columns.items():
        _add(texts, times, name, raw[column], mapping, column)
    texts["stream"] = _repeated(events.stream, events.size)
    texts["event_id"] = events.texts["event_id"]
    texts["source"] = _repeated(mapping.labels.source, events.size)
    if mapping.labels.delay is not None:
        texts["known_at"] = events.texts["time"]
        times["known_at"] = pc.add(events.times["time"], mapping.labels.delay)
    return Columns("label", events.size, texts, times)


def _repeated(text: str, size: int) -> pa.Array:
    return pa.repeat(pa.scalar(text, pa.string()), size)


def _add(
    texts: dict[str, pa.Array],
    times: dict[str, pa.Array],
    name: str,
    column: pa.Array,
    mapping: Mapping,
    source: str,
) -> None:
    text = _text(column, source)
    if name == "amount":
        text = _amount(text, mapping.decimal_mark)
    if name == "ip_address" and mapping.ip_numbers:
        text = over_distinct(text, _dotted, pa.string())
    if words := mapping.values.get(name):
        text = over_distinct(
            text, lambda word: words.get(word.strip(), words.get(ANY, word)), pa.string()
        )
    if name == "typology":
        text = over_distinct(text, _as_word, pa.string())
    texts[name] = text
    if name in TIMES:
        times[name] = to_microseconds(column, text, mapping.clock, source)


def _as_word(text: str) -> str | None:
    """Write "Fan-In " as fan_in."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or None


def _dotted(text: str) -> str:
    """Write the number of an IPv4 address with dots; other text stays, to be refused."""
    try:
        return str(ipaddress.IPv4Address(int(float(text))))
    except (ValueError, OverflowError):
        return text


def _rounded(amounts: pa.Array, currencies: pa.Array) -> pa.Array:
    """Round amounts to the decimals of their currency; what is no number stays as it is."""
    exponents = over_distinct(currencies, currency_exponent, pa.int64()).fill_null(2)
    plain = pc.match_substring_regex(amounts, _NUMBER)
    numbers = pc.cast(pc.if_else(plain, amounts, None), pa.float64())
    found = amounts
    for exponent in pc.unique(exponents).to_pylist():
        exact = pc.cast(pc.round(numbers, exponent), pa.decimal128(28, exponent), safe=False)
        own = pc.and_(plain, pc.equal(exponents, exponent)).fill_null(False)
        found = pc.if_else(own, pc.cast(exact, pa.string()), found)
    return found


def over_distinct(column: pa.Array, function: Callable[[Any], Any], kind: pa.DataType) -> pa.Array:
    """Apply a function to each distinct value of a column; null stays null."""
    encoded = column.dictionary_encode()
    return pa.array([function(value) for value in encoded.dictionary.to_pylist()], kind).take(
        encoded.indices
    )


def _amount(text: pa.Array, decimal_mark: str) -> pa.Array:
    """Return amounts with a decimal point and without what binary fractions leave behind.

    A float64 holds 15 significant digits surely, and no valid amount has more: 85.64999999999999
    is 85.65 that went through a float.
    """
    if decimal_mark == ",":
        text = pc.replace_substring(pc.replace_substring_regex(text, "[. '\u00a0]", ""), ",", ".")
    noisy = pc.match_substring_regex(text, r"\A\d{1,15}\.\d{2,}\z")
    noisy = pc.and_(noisy, pc.greater(pc.binary_length(text), 16)).fill_null(False)
    if not pc.any(noisy).as_py():
        return text
    rounded = [f"{float(one):.15g}" for one in text.filter(noisy).to_pylist()]
    return pc.replace_with_mask(text, noisy, pa.array(rounded, pa.string()))


def _text(column: pa.Array, source: str) -> pa.Array:
    """Return a column as text; empty text and NaN become null, 596.0 becomes 596."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_floating(kind):
        column = pc.if_else(pc.is_nan(column), None, column)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        try:
            column = pc.binary_join(pc.cast(column, pa.list_(pa.string())), " ")
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise BadMapping(f"column {source!r} is nested ({kind}): flatten it first") from error
    try:
        text = pc.cast(column, pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise BadMapping(f"column {source!r} ({kind}) cannot be read as text: {error}") from error
    return pc.if_else(pc.equal(text, ""), None, text)
