"""Every statistic of a ring against brute force: ties, late events, boundaries, caps."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from features.compiling import compile_program
from features.definitions import Catalogue, F, Ring, View
from features.engine import Engine
from features.events import Payment, parse
from features.reference import Reference

WINDOWS = ("1m", "10m", "1h")
SECONDS = (60, 600, 3600)
KEEP, GRACE = 7200, 900
REFERENCE = Reference()
START = datetime(2026, 3, 1, tzinfo=UTC)
WINDOWED = (
    "count",
    "total",
    "largest",
    "flagged",
    "same",
    "distinct",
    "distinct_new",
    "outliers",
)
OVERALL = (
    "saturated",
    "seconds_known",
    "seconds_since_last",
    "seconds_since_same",
    "seconds_since_flagged",
    "seconds_since_first_flagged",
    "last_flag",
    "known",
    "last_same",
    "mean",
    "deviation",
    "maximum",
    "rank",
    "median",
)


def engine(cap: int, includes_event: bool) -> Engine:
    ring = Ring(
        "outgoing",
        "payment",
        "debtor",
        value="amount",
        other="creditor",
        flag="truncated",
        windows=WINDOWS,
        keep="2h",
        grace="15m",
        cap=cap,
    )
    view = ring.read("payment", "debtor", "creditor", "amount", includes_event)
    return Engine(REFERENCE, compile_program({"payment": _catalogue(view)}))


def _catalogue(view: View) -> Catalogue:
    features = [
        F(f"{name}_{window}", getattr(view, name)(window), "count", "test", "{value}", "test")
        for name in WINDOWED
        for window in WINDOWS
    ]
    features += [
        F(name, getattr(view, name)(), "count", "test", "{value}", "test") for name in OVERALL
    ]
    return Catalogue("test", "payment", tuple(features))


@dataclass
class BruteForce:
    """What the documentation says a ring does, written as plainly as can be."""

    cap: int
    includes_event: bool
    kept: dict[str, list[tuple[int, int, str, int]]] = field(default_factory=dict)
    newest: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    hours: dict[str, dict[int, list[int]]] = field(default_factory=dict)

    def fold(self, key: str, entry: tuple[int, int, str, int]) -> bool:
        """Add an entry to its hour; too far behind the newest hour it is lost."""
        hours, hour = self.hours.setdefault(key, {}), entry[0] // 3600 * 3600
        if hour < max(hours, default=hour) - KEEP:
            return True
        sums = hours.setdefault(hour, [0, 0, 0])
        hours[hour] = [sums[0] + 1, sums[1] + entry[1], sums[2] + entry[3]]
        horizon = max(hours) - (SECONDS[-1] + GRACE + 3600)
        self.hours[key] = {start: sums for start, sums in hours.items() if start > horizon}
        return False

    def record(self, key: str, entry: tuple[int, int, str, int]) -> bool:
        time = entry[0]
        newest = self.newest.get(key, time)
        if time < newest - GRACE:
            return True
        self.newest[key] = max(newest, time)
        kept = [e for e in self.kept.get(key, []) if e[0] > self.newest[key] - KEEP]
        if len(kept) >= self.cap:
            self.dropped[key] = cut = kept[len(kept) // 4 - 1][0]
            for old in kept:
                if old[0] <= cut:
                    self.fold(key, old)
            kept = [e for e in kept if e[0] > cut]
        if time <= self.dropped.get(key, -1):
            self.kept[key] = kept
            return self.fold(key, entry)
        place = sum(1 for e in kept if e[0] <= time)
        kept.insert(place, entry)
        self.kept[key] = kept
        return False

    def read(self, key: str, event: tuple[int, int, str, int]) -> dict[str, float]:
        time, amount, other, _ = event
        past = [e for e in self.kept.get(key, []) if e[0] <= time]
        values = [e[1] for e in past]
        out: dict[str, float] = {}
        typical = statistics.median(values) if values else math.nan
        for window, seconds in zip(WINDOWS, SECONDS, strict=True):
            inside = [e for e in past if time - seconds < e[0] <= time]
            before = [e for e in past if e not in inside]
            counted = inside + ([event] if self.includes_event else [])
            out[f"count_{window}"] = len(counted)
            out[f"total_{window}"] = sum(e[1] for e in counted)
            out[f"largest_{window}"] = max([0, *(e[1] for e in counted)])
            out[f"flagged_{window}"] = sum(e[3] for e in inside)
            out[f"same_{window}"] = sum(e[2] == other for e in counted)
            out[f"distinct_{window}"] = len({e[2] for e in counted})
            out[f"distinct_new_{window}"] = len({e[2] for e in counted} - {e[2] for e in before})
            out[f"outliers_{window}"] = sum(e[1] > 3 * typical for e in inside)
        flags = [e for e in past if e[3]]
        recent_flags = [e for e in flags if time - SECONDS[-1] < e[0]]
        same = [e for e in past if e[2] == other]
        last = past[-1] if past else None
        saturated = self.dropped.get(key, -(10**9)) > time - SECONDS[-1]
        for window, seconds in zip(WINDOWS, SECONDS, strict=True):
            for start, (count, total, flagged) in self.hours.get(key, {}).items():
                if saturated and start > time - seconds:
                    out[f"count_{window}"] += count
                    out[f"total_{window}"] += total
                    out[f"flagged_{window}"] += flagged
        out |= {
            "saturated": float(saturated),
            "seconds_known": time - past[0][0] if past else math.nan,
            "seconds_since_last": time - last[0] if last else math.nan,
            "seconds_since_same": time - same[-1][0] if same else math.nan,
            "seconds_since_flagged": time - flags[-1][0] if flags else math.nan,
            "seconds_since_first_flagged": time - recent_flags[0][0] if recent_flags else math.nan,
            "last_flag": last[3] if last else math.nan,
            "known": float(bool(same)),
            "last_same": float(last[2] == other) if last else math.nan,
            "mean": statistics.fmean(values) if values else math.nan,
            "deviation": statistics.pstdev(values) if values else math.nan,
            "maximum": max(values) if values else math.nan,
            "rank": sum(v < amount for v in values) / len(values) if values else math.nan,
            "median": typical,
        }
        return out


def _payment(number: int, time: int, debtor: str, creditor: str, cents: int) -> Payment:
    given = {
        "event_id": f"p{number}",
        "time": START + timedelta(seconds=time),
        "currency": "EUR",
        "amount": f"{cents // 100}.{cents % 100:02d}",
        "debtor_account": debtor,
        "creditor_account": creditor,
        "truncated": 850_000 <= cents < 1_000_000,
    }
    return parse(Payment, given)


# Steps of exactly a window, of nothing (ties), backwards within and beyond the grace.
steps = st.sampled_from([0, 0, 1, 59, 60, 61, 599, 600, 3600, 3601, 7200, -1, -60, -900, -901])
arrivals = st.lists(
    st.tuples(
        steps,
        st.sampled_from(["a", "b"]),
        st.sampled_from(["x", "y", "z"]),
        st.sampled_from([0, 1, 900_000, 850_000, 999_999, 1_000_000, 12_345]),
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(arrivals=arrivals, cap=st.sampled_from([8, 1024]), includes_event=st.booleans())
def test_statistics_equal_brute_force(
    arrivals: list[tuple[int, str, str, int]], cap: int, includes_event: bool
) -> None:
    tested, truth = engine(cap, includes_event), BruteForce(cap, includes_event)
    names = tested.program.catalogues["payment"].names
    now = 100_000
    for number, (step, debtor, creditor, cents) in enumerate(arrivals):
        now += step
        entry = (now, cents, creditor, int(850_000 <= cents < 1_000_000))
        expected: dict[str, Any] = truth.read(debtor, entry)
        late = truth.record(debtor, entry)
        found = tested.step(_payment(number, now, debtor, creditor, cents))
        assert found.late == late
        for name, value in zip(names, found.features, strict=True):
            np.testing.assert_allclose(
                value, expected[name], rtol=1e-9, atol=1e-6, err_msg=f"{name} at event {number}"
            )


def test_an_instant_exactly_one_window_ago_is_outside() -> None:
    tested = engine(1024, includes_event=False)
    place = tested.program.catalogues["payment"].index("count_1m")
    tested.step(_payment(1, 0, "a", "x", 100))
    assert tested.step(_payment(2, 60, "a", "x", 100)).features[place] == 0
    assert tested.step(_payment(3, 119, "a", "x", 100)).features[place] == 1


def test_a_late_event_is_scored_but_does_not_become_history() -> None:
    tested = engine(1024, includes_event=True)
    place = tested.program.catalogues["payment"].index("count_1h")
    tested.step(_payment(1, 10_000, "a", "x", 100))
    late = tested.step(_payment(2, 10_000 - GRACE - 1, "a", "x", 100))
    assert late.late
    assert late.features[place] == 1
    assert tested.step(_payment(3, 10_001, "a", "x", 100)).features[place] == 2
