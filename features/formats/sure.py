"""The quick way through the schema: whole columns at once, and only what is surely valid.

A row that this module accepts is one that `features.events.parse` accepts with the same result;
every other row is left for that function, which alone decides and says why. Plain text is checked
by one pattern, any other field by the schema's own check once for each distinct value.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, get_type_hints

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import ValidationError

from features.attributes import PREFIX
from features.events import MODELS
from features.fields import (
    CLOCK_TOLERANCE,
    Identifier,
    LongText,
    ShortText,
    Text,
    check_iban,
    looks_like_iban,
    microseconds,
)
from features.formats.adapters import adapter, as_given
from features.formats.columns import TIMES, Columns, over_distinct
from features.reference import currency_exponent
from features.table import schema

Mask = npt.NDArray[np.bool_]
_TRIMMED, _PRINTABLE = r"\A[!-~](?:[ -~]*[!-~])?\z", r"\A[ -~]+\z"
# A pattern and the greatest length, apart because bounded repeats make a pattern slow.
_PLAIN = (
    (Identifier, _TRIMMED, 128),
    (ShortText, _PRINTABLE, 35),
    (Text, _PRINTABLE, 140),
    (LongText, _PRINTABLE, 1024),
)
_AMOUNT = r"\A\d{1,15}(?:\.\d{1,8})?\z"
_AMOUNT_CHARACTERS = 15
_LAST_TIME = 253_339_228_800_000_000
_NOT_SURE = object()


@dataclass(frozen=True)
class Checked:
    """Columns in batch form, and which rows of them are surely valid; other rows mean nothing."""

    columns: dict[str, pa.Array]
    sure: Mask


class Checker:
    """Checks the rows of one stream; remembers the verdict on each distinct value it has met."""

    def __init__(self, stream: str, now: datetime | None = None) -> None:
        self.stream = stream
        latest = microseconds(now + CLOCK_TOLERANCE) if now else _LAST_TIME
        self._latest = min(latest, _LAST_TIME)
        self._verdicts: dict[str, dict[str, Any]] = {}
        self._ibans: dict[str, str | None] = {}

    def check(self, given: Columns) -> Checked:
        """Return the batch form of some rows, and which of them are surely valid."""
        columns: dict[str, pa.Array] = {}
        sure = np.ones(given.size, dtype=np.bool_)
        for name, texts in given.texts.items():
            if name in TIMES:
                columns[name] = given.times[name]
                sure &= self._times(given.times[name], texts)
            elif name != "amount":
                columns[name], fine = self._field(name, texts)
                sure &= fine
        sure &= self._required(given)
        if self.stream == "payment_status":
            sure &= self._whole_status(columns, given)
        if self.stream == "payment":
            if sure.any():
                sure &= self._amounts(columns, given)
            for party in ("debtor", "creditor"):
                sure &= self._resolve(columns, party, given.size)
        self._defaults(columns, given.size)
        if self.stream == "label":
            _name_labels(columns)
            sure &= ~_true(pc.equal(columns["supersedes"], columns["label_id"]))
            # A suspicion has rules of its own; few labels are one.
            sure &= _true(pc.equal(columns["status"], "confirmed"))
        known = schema(self.stream)
        return Checked(
            {
                name: pc.cast(column, known.field(name).type) if name in known.names else column
                for name, column in columns.items()
            },
            sure,
        )

    def _required(self, given: Columns) -> Mask:
        sure = np.ones(given.size, dtype=np.bool_)
        for name, field in MODELS[self.stream].model_fields.items():
            if field.is_required():
                sure &= _valid(given.texts[name]) if name in given.texts else False
        return sure

    def _times(self, times: pa.Array, texts: pa.Array) -> Mask:
        fine = _true(pc.and_(pc.greater_equal(times, 0), pc.less_equal(times, self._latest)))
        return fine | ~_valid(texts)

    def _field(self, name: str, texts: pa.Array) -> tuple[pa.Array, Mask]:
        plain = _plain(self.stream, name)
        if plain is not None:
            matches = pc.match_substring_regex(texts, plain[0])
            short = pc.less_equal(pc.binary_length(texts), plain[1])
            fine = _true(pc.and_(matches, short)) | ~_valid(texts)
            if fine.all():
                return texts, fine
        verdicts = self._verdicts.setdefault(name, {})
        encoded = texts.dictionary_encode()
        values = [self._verdict(name, text, verdicts) for text in encoded.dictionary.to_pylist()]
        if len(verdicts) > 2**20:
            verdicts.clear()
        kind = schema(self.stream).field(name).type if not name.startswith(PREFIX) else pa.float64()
        found = pa.array([None if value is _NOT_SURE else value for value in values], kind)
        column = found.take(encoded.indices)
        return column, _valid(column) | ~_valid(texts)

    def _verdict(self, name: str, text: str, verdicts: dict[str, Any]) -> Any:
        if text not in verdicts:
            try:
                value = adapter(self.stream, name).validate_python(as_given(name, text))
                verdicts[text] = (
                    (" ".join(value) or _NOT_SURE) if isinstance(value, tuple) else value
                )
            except ValidationError:
                verdicts[text] = _NOT_SURE
        return verdicts[text]

    def _amounts(self, columns: dict[str, pa.Array], given: Columns) -> Mask:
        """Fill `amount_minor`; sure are amounts that a float64 holds to the last digit."""
        texts = given.texts["amount"]
        short = pc.and_(
            pc.match_substring_regex(texts, _AMOUNT),
            pc.less_equal(pc.utf8_length(texts), _AMOUNT_CHARACTERS),
        )
        amounts = pc.cast(pc.if_else(short, texts, None), pa.float64())
        scales = over_distinct(columns["currency"], _scale, pa.float64())
        amount = np.asarray(amounts.fill_null(np.nan).to_numpy(zero_copy_only=False))
        scale = np.asarray(scales.fill_null(np.nan).to_numpy(zero_copy_only=False))
        minor = np.round(amount * scale)
        # Fifteen digits name one float64 each, so equality here is equality of the decimals.
        fine: Mask = (minor / scale == amount) & (minor < 1e15)
        columns["amount_minor"] = pa.array(np.where(fine, minor, 0).astype(np.int64))
        return fine

    def _whole_status(self, columns: dict[str, pa.Array], given: Columns) -> Mask:
        """Return which rows name their payment; one with an amount is left to the schema."""
        named = np.zeros(given.size, dtype=np.bool_)
        for name in ("payment_event_id", "uetr", "end_to_end_id"):
            if name in columns:
                named |= _valid(columns[name])
        if "amount" in given.texts:
            columns["amount_minor"] = pa.nulls(given.size, pa.int64())
            named &= ~_valid(given.texts["amount"])
        if "currency" in columns:
            named &= ~_valid(columns["currency"])
        return named

    def _resolve(self, columns: dict[str, pa.Array], party: str, size: int) -> Mask:
        """Check IBANs and fill in scheme and countries as the schema does for one party."""
        nothing = pa.nulls(size, pa.string())
        account = columns.get(f"{party}_account", nothing)
        scheme = columns.get(f"{party}_account_scheme", nothing)
        agent = columns.get(f"{party}_agent", nothing)
        shaped = over_distinct(account, looks_like_iban, pa.bool_()).fill_null(False)
        is_iban = pc.or_(
            pc.equal(scheme, "IBAN").fill_null(False), pc.and_(pc.is_null(scheme), shaped)
        )
        ibans = over_distinct(pc.if_else(is_iban, account, None), self._iban, pa.string())
        sure = ~_true(is_iban) | _valid(ibans)
        columns[f"{party}_account"] = pc.if_else(is_iban, ibans, account)
        columns[f"{party}_account_scheme"] = pc.coalesce(
            scheme, pc.if_else(is_iban, "IBAN", "OTHER")
        )
        countries = columns.get(f"{party}_account_country", nothing)
        columns[f"{party}_account_country"] = pc.coalesce(
            countries, pc.utf8_slice_codeunits(ibans, 0, 2)
        )
        countries = columns.get(f"{party}_agent_country", nothing)
        columns[f"{party}_agent_country"] = pc.coalesce(
            countries, pc.utf8_slice_codeunits(agent, 4, 6)
        )
        return sure

    def _iban(self, account: str) -> str | None:
        if account not in self._ibans:
            try:
                self._ibans[account] = check_iban(account)
            except ValueError:
                self._ibans[account] = None
        return self._ibans[account]

    def _defaults(self, columns: dict[str, pa.Array], size: int) -> None:
        for name, field in MODELS[self.stream].model_fields.items():
            if field.is_required() or field.default in (None, ()):
                continue
            kind = schema(self.stream).field(name).type
            default = pa.scalar(field.default, kind)
            if name in columns:
                columns[name] = columns[name].fill_null(default)
            else:
                columns[name] = pa.repeat(default, size)


def _name_labels(columns: dict[str, pa.Array]) -> None:
    parts = (columns["stream"], columns["event_id"], pc.cast(columns["known_at"], pa.string()))
    named = pc.binary_join_element_wise(*parts, ":")
    nothing = pa.nulls(len(named), pa.string())
    columns["label_id"] = pc.coalesce(columns.get("label_id", nothing), named)
    columns.setdefault("supersedes", nothing)


@lru_cache(maxsize=256)
def _plain(stream: str, name: str) -> tuple[str, int] | None:
    if name == "member":
        return _PLAIN[0][1:]
    hint = get_type_hints(MODELS[stream], include_extras=True).get(name)
    for kind, pattern, length in _PLAIN:
        if hint in (kind, kind | None):
            return pattern, length
    return None


def _scale(currency: str) -> float | None:
    exponent = currency_exponent(currency)
    return None if exponent is None else 10.0**exponent


def _valid(column: pa.Array) -> Mask:
    return np.asarray(column.is_valid().to_numpy(zero_copy_only=False), dtype=np.bool_)


def _true(mask: pa.Array) -> Mask:
    return np.asarray(mask.fill_null(False).to_numpy(zero_copy_only=False), dtype=np.bool_)
