"""What a column's values are, whatever it is called."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from features.formats.times import SINCE_START, Clock, to_microseconds
from training.inspect.words import plain

Floats = npt.NDArray[np.float64]
FORMS: tuple[str | None, ...] = (
    None,
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d-%m-%Y %H:%M:%S",
    "%d-%m-%Y %H:%M",
    "%Y%m%d%H%M%S",
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%Y%m%d",
    "unix_seconds",
    "unix_milliseconds",
)
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?")
_TRIED = 3000
_SURE = 0.98


@dataclass(frozen=True)
class Column:
    """One column of the sample."""

    name: str
    values: pd.Series

    @property
    def plain(self) -> str:
        """Its name for comparison."""
        return plain(self.name)

    @cached_property
    def texts(self) -> pd.Series:
        """Its values as stripped text, without those that are missing."""
        there = self.values.dropna().astype(str).str.strip()
        return there[there != ""]

    @cached_property
    def missing(self) -> float:
        """Share of rows without a value."""
        return 1 - len(self.texts) / len(self.values)

    @cached_property
    def distinct(self) -> int:
        """How many different values the sample holds."""
        return int(self.texts.nunique())

    @property
    def uniqueness(self) -> float:
        """Different values for each row that has one."""
        return self.distinct / max(len(self.texts), 1)

    @cached_property
    def numbers(self) -> Floats:
        """Its values as numbers, NaN where they are none."""
        found = pd.to_numeric(self.values, errors="coerce").to_numpy(
            dtype=np.float64, na_value=np.nan
        )
        return np.where(np.isfinite(found), found, np.nan)

    @cached_property
    def is_numeric(self) -> bool:
        """Tell whether its values are numbers."""
        if len(self.texts) == 0:
            return False
        there = self.values.notna().to_numpy()
        known = pd.to_numeric(self.values[there], errors="coerce").notna()
        # Some writers spell a missing number as a word, such as Infinity or a dash.
        return bool(known.mean() >= 0.9)

    @cached_property
    def is_whole(self) -> bool:
        """Tell whether its values are whole numbers."""
        known = self.numbers[~np.isnan(self.numbers)]
        return self.is_numeric and bool((known == np.round(known)).all())

    @cached_property
    def words(self) -> list[str]:
        """Its different values, the most frequent first, at most two hundred."""
        return [str(one) for one in self.texts.value_counts().index[:200]]

    def holds_addresses(self) -> bool:
        """Tell whether its values are IP addresses."""
        tried = self.texts.head(_TRIED)
        return len(tried) > 0 and float(np.mean([_is_address(one) for one in tried])) >= _SURE

    def holds_address_numbers(self) -> bool:
        """Tell whether its values may be IPv4 addresses written as one number."""
        known = self.numbers[~np.isnan(self.numbers)]
        return (
            self.is_numeric
            and len(known) > 0
            and bool((known >= 2**16).all() and (known < 2**32).all() and np.median(known) > 2**24)
        )

    def is_clock(self) -> bool:
        """Tell whether its values are times of a day."""
        tried = self.texts.head(_TRIED)
        return len(tried) > 0 and bool(tried.map(lambda one: bool(_CLOCK.fullmatch(one))).all())

    def form_of_time(self, clock: Column | None = None) -> str | None:
        """Return how its values spell times, "" for RFC 3339, None when they are no times.

        `clock` is the column of the time of day, where this one holds dates.
        """
        tried = self._of_time(clock, _TRIED)
        if len(tried) == 0:
            return None
        for form in FORMS:
            found = _parsed(tried, form)
            if len(found) and np.mean([one is not None for one in found]) >= _SURE:
                # A number of eight digits is a day only where it reads as one of our time.
                return form or ""
        return None

    def times(self, form: str, clock: Column | None = None) -> Floats:
        """Return its times in seconds since 1970 (or since their start), NaN where none."""
        if form in SINCE_START:
            return self.numbers * SINCE_START[form] / 1e6
        spelt = self._of_time(clock, None)
        seconds = np.full(len(self.values), np.nan)
        found = _parsed(spelt, form or None)
        seconds[self.values.notna().to_numpy()] = [
            np.nan if one is None else one / 1e6 for one in found
        ]
        return seconds

    def _of_time(self, clock: Column | None, limit: int | None) -> pd.Series:
        there = self.values.dropna()
        if limit:
            # From all over the file: its first days alone may not tell day from month.
            there = there.iloc[:: max(len(there) // limit, 1)]
        if clock is not None:
            return there.astype(str) + " " + clock.values.loc[there.index].astype(str)
        return there


def _parsed(values: pd.Series, form: str | None) -> list[int | None]:
    column = pa.Array.from_pandas(values)
    if not (pa.types.is_timestamp(column.type) or pa.types.is_date(column.type)):
        texts = values.astype(str).str.strip()
        if form in ("unix_seconds", "unix_milliseconds"):
            least, most = (5e8, 2.5e9) if form == "unix_seconds" else (5e11, 2.5e12)
            numbers = pd.to_numeric(texts, errors="coerce")
            texts = texts.where((numbers > least) & (numbers < most), "")
        column = pa.array(texts.to_list(), pa.string())
    try:
        found = to_microseconds(column, column.cast(pa.string()), Clock("UTC", form), "time")
    except pa.ArrowInvalid:
        return [None] * len(values)
    return list(found.to_pylist())


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
