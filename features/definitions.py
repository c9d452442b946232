"""The words a feature is declared in: Ring, Buckets, View, expressions, F and Catalogue.

A ring keeps the exact recent events of one key; a view reads a ring on behalf of an event; a
feature is an expression over a view's statistics and the event's own columns. Nothing here
computes: `features.program` compiles declarations for the kernel. Bad declarations raise
BadDefinition at import, with the definition's name and the fix.
"""

from __future__ import annotations

import hashlib
import string
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias, get_args

from features import layout
from features.columns import LABEL_COLUMNS, NAMES
from features.errors import BadDefinition
from features.events import Stream

RingStream: TypeAlias = Literal[
    "payment", "access", "payment_label", "access_label", "payment_return"
]
RING_STREAMS: tuple[RingStream, ...] = get_args(RingStream)
Unit: TypeAlias = Literal[
    "payments",
    "events",
    "EUR",
    "seconds",
    "share",
    "ratio",
    "count",
    "flag",
    "hour",
    "day",
    "km/h",
    "score",
    "characters",
    "code",
    "value",
]
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def duration(text: str) -> int:
    """Return a duration such as 10m, 24h or 30d in microseconds; raises BadDefinition."""
    if text[-1:] not in _SECONDS or not text[:-1].isdigit() or int(text[:-1]) == 0:
        raise BadDefinition(f"duration {text!r}: write a whole number and s, m, h or d, as in 24h")
    return int(text[:-1]) * _SECONDS[text[-1]] * 1_000_000


def column_names(stream: RingStream) -> tuple[str, ...]:
    """Return the columns of a stream's rows: a label's has two behind those of its event.

    The row of a `payment_return` (rejected, returned or recalled) is its payment's.
    """
    if stream.endswith("_label"):
        return NAMES[stream.removesuffix("_label")] + LABEL_COLUMNS
    return NAMES[stream.removesuffix("_return")]


@dataclass(frozen=True, eq=False)
class Ring:
    """Exact recent events of one key (an account, device, address), newest `cap` within `keep`.

    `by`, `value` (an amount), `other` (a counterparty) and `flag` (0 or 1) name columns of the
    recorded stream; with `where` only rows whose column of that name is 1 are recorded. An event
    older than the ring's newest by more than `grace` is not added.
    """

    name: str
    stream: RingStream
    by: str
    value: str | None = None
    other: str | None = None
    flag: str | None = None
    weight: str | None = None
    where: str | None = None
    windows: tuple[str, ...] = ("1h", "24h", "7d", "30d")
    keep: str = "90d"
    grace: str = "24h"
    cap: int = 1024
    hop: str | None = None

    def __post_init__(self) -> None:
        known = column_names(self.stream)
        for role in ("by", "value", "other", "flag", "weight", "where"):
            column = getattr(self, role)
            if column is not None and column not in known:
                raise BadDefinition(
                    f"ring {self.name}: {role}={column!r} is no column of {self.stream}; "
                    f"choose from {', '.join(known)}"
                )
        spans = [duration(window) for window in self.windows]
        if not 1 <= len(spans) <= layout.WINDOWS or spans != sorted(set(spans)):
            raise BadDefinition(
                f"ring {self.name}: give one to {layout.WINDOWS} windows, shortest first"
            )
        if spans[-1] + duration(self.grace) > duration(self.keep):
            raise BadDefinition(
                f"ring {self.name}: window {self.windows[-1]} and grace {self.grace} together "
                f"exceed what it keeps ({self.keep}); keep more or shorten the window"
            )
        if self.cap < layout.SMALLEST_BLOCK or self.cap & (self.cap - 1):
            raise BadDefinition(f"ring {self.name}: cap {self.cap} must be a power of two >= 4")

    def read(
        self,
        stream: Stream,
        key: str,
        other: str | None = None,
        value: str | None = None,
        includes_event: bool = False,
    ) -> View:
        """Return a view for events of `stream`, whose column `key` names the ring's entity.

        `other` and `value` are the event's columns to compare with; `includes_event` counts the
        event itself.
        """
        return View(self, stream, key, other, value, includes_event)


def buckets(name: str, stream: RingStream, by: str, hop: str, windows: tuple[str, ...]) -> Ring:
    """Declare counts and sums by time bucket, for corridors, agents and networks.

    Windows count whole buckets, so texts about them say "about".
    """
    value = "amount" if stream == "payment" else None
    label = stream.endswith("_label")
    return Ring(
        name,
        stream,
        by,
        value=value,
        flag="label_fraud" if label else None,
        weight="label_weight" if label else None,
        windows=windows,
        hop=hop,
    )


@dataclass(frozen=True, eq=False)
class View:
    """A ring as events of one stream read it; its methods are the statistics there are."""

    ring: Ring
    stream: Stream
    key: str
    other: str | None
    value: str | None
    includes_event: bool

    def __post_init__(self) -> None:
        for role in ("key", "other", "value"):
            column = getattr(self, role)
            if column is not None and column not in NAMES[self.stream]:
                raise BadDefinition(
                    f"view of ring {self.ring.name}: {role}={column!r} is no column of "
                    f"{self.stream}; choose from {', '.join(NAMES[self.stream])}"
                )

    def count(self, window: str) -> Statistic:
        """Events in the window."""
        return self._windowed(layout.TIMES, layout.COUNT, window)

    def total(self, window: str) -> Statistic:
        """Sum of values in the window."""
        return self._windowed(layout.VALUES, layout.TOTAL, window)

    def largest(self, window: str) -> Statistic:
        """Largest value in the window, 0 without one."""
        return self._windowed(layout.VALUES, layout.LARGEST, window)

    def flagged(self, window: str) -> Statistic:
        """Events with the flag in the window (for labels: confirmed less withdrawn)."""
        return self._windowed(layout.FLAGS, layout.FLAGGED, window)

    def same(self, window: str) -> Statistic:
        """Events in the window that share this event's other."""
        return self._windowed(layout.OTHERS, layout.SAME, window)

    def distinct(self, window: str) -> Statistic:
        """Different others in the window."""
        return self._windowed(layout.OTHERS, layout.DISTINCT, window)

    def distinct_new(self, window: str) -> Statistic:
        """Different others in the window that the ring did not hold before it."""
        return self._windowed(layout.OTHERS, layout.NEW, window)

    def outliers(self, window: str) -> Statistic:
        """Earlier events in the window whose value is over three times the ring's median."""
        return self._windowed(layout.VALUES, layout.OUTLIERS, window)

    def alike(self, window: str) -> Statistic:
        """Earlier events in the window whose value is within a tenth of this event's."""
        return self._windowed(layout.VALUES, layout.ALIKE, window)

    def saturated(self) -> Statistic:
        """One when events within the longest window were folded into buckets for want of room."""
        return Statistic(self, layout.TIMES, layout.SATURATED)

    def seconds_known(self) -> Statistic:
        """Seconds since the oldest event that the ring keeps."""
        return Statistic(self, layout.TIMES, layout.HISTORY)

    def seconds_since_last(self) -> Statistic:
        """Seconds since the ring's newest event."""
        return Statistic(self, layout.TIMES, layout.GAP)

    def seconds_since_same(self) -> Statistic:
        """Seconds since the newest event that shares this event's other."""
        return self._over_all(layout.OTHERS, layout.SAME_GAP)

    def seconds_since_flagged(self) -> Statistic:
        """Seconds since the newest event with the flag."""
        return self._over_all(layout.FLAGS, layout.FLAG_GAP)

    def seconds_since_first_flagged(self) -> Statistic:
        """Seconds since the oldest event with the flag within the longest window."""
        return self._over_all(layout.FLAGS, layout.FIRST_FLAG_GAP)

    def last_flag(self) -> Statistic:
        """The flag of the ring's newest event."""
        return self._over_all(layout.FLAGS, layout.LAST_FLAG)

    def known(self) -> Statistic:
        """One when the ring holds this event's other, zero when not."""
        return self._over_all(layout.OTHERS, layout.KNOWN)

    def last_same(self) -> Statistic:
        """One when the newest event has this event's other, zero when another."""
        return self._over_all(layout.OTHERS, layout.LAST_SAME)

    def last_other(self) -> Statistic:
        """The newest event's other (for places only: a hash loses digits as a float)."""
        return self._over_all(layout.OTHERS, layout.LAST_OTHER)

    def mean(self) -> Statistic:
        """Mean of the values that the ring keeps, without this event's."""
        return self._over_all(layout.VALUES, layout.ALL_MEAN)

    def median(self) -> Statistic:
        """Median of the values that the ring keeps, without this event's."""
        return self._over_all(layout.VALUES, layout.ALL_MEDIAN)

    def deviation(self) -> Statistic:
        """Standard deviation (of the population) of the values that the ring keeps."""
        return self._over_all(layout.VALUES, layout.ALL_STD)

    def maximum(self) -> Statistic:
        """Largest value that the ring keeps, without this event's."""
        return self._over_all(layout.VALUES, layout.ALL_MAX)

    def rank(self) -> Statistic:
        """Share of the ring's values that are smaller than this event's."""
        return self._over_all(layout.VALUES, layout.ALL_RANK)

    def _over_all(self, family: int, place: int) -> Statistic:
        self._require(family)
        return Statistic(self, family, place)

    def _windowed(self, family: int, place: int, window: str) -> Statistic:
        self._require(family)
        if window not in self.ring.windows:
            raise BadDefinition(
                f"ring {self.ring.name} has no window {window}; it has "
                f"{', '.join(self.ring.windows)}"
            )
        return Statistic(self, family, place + self.ring.windows.index(window))

    def _require(self, family: int) -> None:
        role = _ROLES[family]
        if role and (getattr(self.ring, role) is None or (role == "other" and self.ring.hop)):
            raise BadDefinition(f"ring {self.ring.name} records no {role}; declare {role}=…")


_ROLES = {layout.TIMES: "", layout.VALUES: "value", layout.FLAGS: "flag", layout.OTHERS: "other"}


@dataclass(frozen=True, eq=False)
class Statistic:
    """One statistic of a view: its family (times, a value, a flag, an other) and place in it."""

    view: View
    family: int
    place: int


@dataclass(frozen=True, eq=False)
class Own:
    """A column of the event itself."""

    column: str


@dataclass(frozen=True, eq=False)
class Operation:
    """A small formula over up to three expressions (see `features.kernel`)."""

    code: int
    operands: tuple[Expression, ...]
    prior: float = 0.0
    weight: float = 0.0


@dataclass(frozen=True, eq=False)
class Walk:
    """A bounded walk over the graph of accounts, on behalf of payments (see `features.walks`).

    `keys` are the payment's columns that it starts from, `links` the rings that it goes along, by
    their other (or, where a confirmed case is looked for, by their flag). Use `flow` or `shared`.
    """

    kind: int
    window: str
    keys: tuple[str, ...]
    links: tuple[Ring, ...]

    @classmethod
    def flow(cls, outgoing: Ring, incoming: Ring, window: str) -> Walk:
        """Walk along money: `outgoing` by debtor to creditors, `incoming` the other way round."""
        return cls(layout.WALKS_FLOW, window, ("debtor", "creditor"), (outgoing, incoming))

    @classmethod
    def shared(
        cls,
        devices: tuple[Ring, Ring],
        addresses: tuple[Ring, Ring],
        known: tuple[Ring, Ring],
        window: str,
    ) -> Walk:
        """Walk along shared devices and addresses, and look for what became `known` of accounts.

        Each pair holds the ring by account and the ring by device or address.
        """
        keys = ("debtor", "creditor", "device", "ip")
        return cls(layout.WALKS_LINKS, window, keys, (*devices, *addresses, *known))

    def __post_init__(self) -> None:
        span = duration(self.window)
        for ring in self.links:
            if span + duration(ring.grace) > duration(ring.keep):
                raise BadDefinition(
                    f"walk over ring {ring.name}: window {self.window} and grace {ring.grace} "
                    f"together exceed what it keeps ({ring.keep}); shorten the window"
                )

    def circle(self) -> Stride:
        """Payments in the shortest circle of up to four that this one closes, 0 for none."""
        return self._result(layout.WALKS_FLOW, layout.WALK_CIRCLE)

    def gathered(self) -> Stride:
        """Other accounts that a common source paid and that paid this creditor on."""
        return self._result(layout.WALKS_FLOW, layout.WALK_GATHERED)

    def hops(self) -> Stride:
        """Shared devices or addresses to an account with a confirmed case, 0 to 2."""
        return self._result(layout.WALKS_LINKS, layout.WALK_HOPS)

    def accounts(self) -> Stride:
        """Other accounts within two shared devices or addresses."""
        return self._result(layout.WALKS_LINKS, layout.WALK_ACCOUNTS)

    def spent(self) -> Stride:
        """One when the walk's budget did not suffice: its results are at least so much."""
        return Stride(self, layout.WALK_SPENT)

    def _result(self, kind: int, place: int) -> Stride:
        if kind != self.kind:
            raise BadDefinition(
                "a walk along money knows circle and gathered, one along shared "
                "devices hops and accounts"
            )
        return Stride(self, place)


@dataclass(frozen=True, eq=False)
class Stride:
    """One result of a walk."""

    walk: Walk
    place: int


@dataclass(frozen=True, eq=False)
class Attribute:
    """A value that the event carries under a name of its sender's; no catalogue here has one.

    A bundle's raw features are such: they stand behind the catalogue's, and no kernel computes
    them (see `models.attributes`).
    """

    name: str


Expression: TypeAlias = Statistic | Own | Operation | Stride | Attribute


def ratio(numerator: Expression, denominator: Expression) -> Operation:
    """numerator / denominator; missing when the denominator is zero.

    Raises BadDefinition when both are the same: such a ratio is always one.
    """
    if _same(numerator, denominator):
        raise BadDefinition(
            "circular ratio: numerator and denominator are the same statistic; divide by another"
        )
    return Operation(layout.OP_RATIO, (numerator, denominator))


def _same(first: Expression, second: Expression) -> bool:
    """Tell whether two expressions always have the same value."""
    if isinstance(first, Own) and isinstance(second, Own):
        return first.column == second.column
    if isinstance(first, Statistic) and isinstance(second, Statistic):
        return (first.view, first.family, first.place) == (second.view, second.family, second.place)
    return first is second


def product(first: Expression, second: Expression) -> Operation:
    """First times second."""
    return Operation(layout.OP_PRODUCT, (first, second))


def unless(flag: Expression) -> Operation:
    """1 - flag."""
    return Operation(layout.OP_COMPLEMENT, (flag,))


def differs(first: str, second: str) -> Operation:
    """One when two columns of the event differ, missing when either is."""
    return unless(Operation(layout.OP_SAME, (Own(first), Own(second))))


def smoothed_rate(
    positives: Expression, count: Expression, prior: float, weight: float
) -> Operation:
    """(positives + prior * weight) / (count + weight): a rate shrunk towards `prior`.

    `weight` is how many events the prior counts for (additive smoothing).
    """
    return Operation(layout.OP_SMOOTHED, (positives, count), prior, weight)


def z_score(value: Expression, mean: Expression, deviation: Expression) -> Operation:
    """(value - mean) / deviation; missing when there is no deviation."""
    return Operation(layout.OP_ZSCORE, (value, mean, deviation))


def speed(view: View) -> Operation:
    """Great-circle km/h from the view's last place to this event's, a minute apart at least."""
    return Operation(layout.OP_SPEED, (Own("place"), view.last_other(), view.seconds_since_last()))


@dataclass(frozen=True, eq=False)
class F:
    """One feature: its column name, how it is computed, and how a reviewer reads it.

    `reason` is a text with `{value}` (and `{usual}`, the value of the feature that `usual` names:
    the subject's own baseline); `why` says what it may mean; `missing` what its absence means. A
    flag's reason is what holds when it is 1, without a value, and `otherwise` what holds when it
    is 0; a code's `words` are what its numbers stand for. `techniques` are the MITRE ATT&CK ids of
    what it may show.
    Units: EUR is integer cents, seconds raw seconds, share 0 to 1, flag 0 or 1. Raise `version`
    whenever the same name comes to mean another number.
    """

    name: str
    expression: Expression
    unit: Unit
    family: str
    reason: str
    why: str
    missing: str = "no history yet"
    usual: str | None = None
    otherwise: str = ""
    words: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    version: int = 1

    def columns(self, stream: Stream) -> frozenset[tuple[RingStream, str]]:
        """Every (stream, column) without which the feature of `stream` cannot be known."""
        return frozenset(_columns(self.expression, stream))

    def inputs(self, stream: Stream) -> tuple[str, ...]:
        """Names of the columns it needs, those of another stream with that stream before them."""
        return tuple(
            sorted(
                column if origin == stream else f"{origin}.{column}"
                for origin, column in self.columns(stream)
            )
        )


_COMPARES_OTHER = {
    *range(layout.SAME, layout.SAME + layout.WINDOWS),
    layout.SAME_GAP,
    layout.KNOWN,
    layout.LAST_SAME,
}


def _columns(expression: Expression, stream: Stream) -> Iterable[tuple[RingStream, str]]:
    if isinstance(expression, Own):
        yield stream, expression.column
    elif isinstance(expression, Operation):
        for operand in expression.operands:
            yield from _columns(operand, stream)
    elif isinstance(expression, Attribute):
        return
    elif isinstance(expression, Stride):
        yield from ((stream, column) for column in expression.walk.keys[:2])
    else:
        view, ring = expression.view, expression.view.ring
        yield stream, view.key
        yield ring.stream, ring.by
        if ring.other and expression.family == layout.OTHERS:
            yield ring.stream, ring.other
            if view.other and expression.place in _COMPARES_OTHER:
                yield stream, view.other
        if ring.where:
            yield ring.stream, ring.where
        if ring.weight:
            yield ring.stream, ring.weight


@dataclass(frozen=True, eq=False)
class Catalogue:
    """The named features of one stream; raises BadDefinition when they do not fit together."""

    name: str
    stream: Stream
    features: tuple[F, ...]

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for feature in self.features:
            if feature.name in seen:
                raise BadDefinition(f"feature {feature.name} is declared twice; rename one")
            seen.add(feature.name)
            names = {name for _, name, _, _ in string.Formatter().parse(feature.reason) if name}
            flag, code = feature.unit == "flag", feature.unit == "code"
            if flag != bool(feature.otherwise) or code != bool(feature.words):
                raise BadDefinition(
                    f"feature {feature.name}: a flag needs otherwise=… and a code words=…, "
                    f"and no other unit has them"
                )
            if ("value" in names) == flag or names - {"value", "usual"}:
                raise BadDefinition(
                    f"feature {feature.name}: its reason needs {{value}} (a flag's has none), may "
                    f"name {{usual}}, and nothing else"
                )
            if ("usual" in names) != (feature.usual is not None):
                raise BadDefinition(
                    f"feature {feature.name}: name {{usual}} in the reason and give usual=…, "
                    f"or neither"
                )
            _check_streams(self, feature, feature.expression)
        for feature in self.features:
            if feature.usual is not None and feature.usual not in seen:
                raise BadDefinition(
                    f"feature {feature.name}: usual={feature.usual!r} is no feature of {self.name}"
                )

    @cached_property
    def names(self) -> list[str]:
        """Feature names in order."""
        return [feature.name for feature in self.features]

    @cached_property
    def version(self) -> str:
        """The catalogue's name and a digest of its features' names and versions."""
        listing = ",".join(f"{feature.name}@{feature.version}" for feature in self.features)
        return f"{self.name}-{hashlib.sha256(listing.encode()).hexdigest()[:8]}"

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.names)}

    def index(self, name: str) -> int:
        """Return the feature's place in a row; KeyError when there is none of that name."""
        return self._places[name]

    def feature(self, name: str) -> F:
        """Return the feature of that name; KeyError when there is none."""
        return self.features[self._places[name]]


def _check_streams(catalogue: Catalogue, feature: F, expression: Expression) -> None:
    if isinstance(expression, Operation):
        for operand in expression.operands:
            _check_streams(catalogue, feature, operand)
    elif isinstance(expression, Own):
        if expression.column not in NAMES[catalogue.stream]:
            raise BadDefinition(
                f"feature {feature.name}: {expression.column!r} is no column of "
                f"{catalogue.stream}; choose from {', '.join(NAMES[catalogue.stream])}"
            )
    elif isinstance(expression, Stride):
        if catalogue.stream != "payment":
            raise BadDefinition(f"feature {feature.name}: only payments can be walked from")
    elif isinstance(expression, Statistic) and expression.view.stream != catalogue.stream:
        raise BadDefinition(
            f"feature {feature.name} reads a view of {expression.view.stream}, "
            f"but {catalogue.name} is about {catalogue.stream}"
        )
