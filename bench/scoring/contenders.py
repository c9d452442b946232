"""Who is measured: a server, what it is sent, how its answers are checked, what it took."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from time import perf_counter
from typing import Any

import numpy as np
import orjson

from bench.scoring import load, mlflow_server, servers, traffic
from bench.scoring.servers import Server
from features.errors import CrossflagError

SCORE = "/v1/payments/score"
WARM = 300
KINDS = ("single", "batch")
_CLOSE = 1e-5
_MISSING = -1.0
_MLFLOW_SHARE = 0.1
_BATCH_SENDERS = 2


@dataclass(frozen=True)
class Sizes:
    """How much is sent: rounds, single events and batches in each, the events of a batch.

    `history` events come before, `records` stand on the list in force.
    """

    rounds: int = 5
    singles: int = 1_000
    batches: int = 10
    batch: int = 100
    senders: int = 32
    history: int = 40_000
    records: int = 20_000

    @property
    def events(self) -> int:
        """Events that a store gets in all."""
        return WARM + self.rounds * (self.singles + self.batches * self.batch)


@dataclass
class Figures:
    """What one contender took for one kind of load, summed over the rounds."""

    requests: int = 0
    events: int = 0
    processor: float = 0.0
    wall: float = 0.0
    taken: list[float] = field(default_factory=list)

    def document(self) -> dict[str, float]:
        """Return the figures: microseconds of processor, requests and events a second, latency."""
        each = self.processor / self.requests
        return {
            "requests": self.requests,
            "processor_us_per_request": round(each * 1e6, 1),
            "processor_us_per_event": round(self.processor / self.events * 1e6, 1),
            "requests_per_second_per_core": round(1 / each, 1),
            "requests_per_second": round(self.requests / self.wall, 1),
            "events_per_second": round(self.events / self.wall, 1),
            "p50_ms": round(float(np.quantile(self.taken, 0.5)) * 1e3, 3),
            "p99_ms": round(float(np.quantile(self.taken, 0.99)) * 1e3, 3),
        }


@dataclass
class Load:
    """One kind of request: where it goes, the bodies still to be sent, the check of an answer."""

    path: str
    bodies: Iterator[bytes]
    check: load.Check
    events: int


@dataclass
class Contender:
    """A server and its loads by kind; `share` of what others get is sent to it."""

    name: str
    server: Server
    headers: str
    loads: dict[str, Load]
    share: float = 1.0
    figures: dict[str, Figures] = field(default_factory=lambda: {kind: Figures() for kind in KINDS})

    def turn(self, kind: str, requests: int, senders: int) -> Figures:
        """Send so many requests and return what they took."""
        one = self.loads[kind]
        count = max(1, math.ceil(requests * self.share))
        bodies = [next(one.bodies) for _ in range(count)]
        before, start = self.server.processor(), perf_counter()
        taken = load.send(self.server.port, one.path, self.headers, bodies, senders, one.check)
        wall, after = perf_counter() - start, self.server.processor()
        return Figures(count, count * one.events, after - before, wall, taken)

    def measure(self, kind: str, requests: int, senders: int) -> None:
        """Have a turn that counts."""
        turn, total = self.turn(kind, requests, senders), self.figures[kind]
        total.requests += turn.requests
        total.events += turn.events
        total.processor += turn.processor
        total.wall += turn.wall
        total.taken += turn.taken


@dataclass
class Met:
    """What the service said of the events, counted while its answers are checked."""

    events: int = 0
    flagged: int = 0
    listed: int = 0

    def check(self, body: bytes, answer: Any) -> bool:
        """Tell whether an answer is the first one to this event, and whole."""
        self.events += 1
        self.flagged += answer["advice"] != "clear"
        self.listed += bool(answer["watchlist_hits"])
        return bool(
            f'"event_id":"{answer["event_id"]}"'.encode() in body
            and not answer["duplicate"]
            and 0 <= answer["probability"] <= 1
            and bool(answer["reasons"]) == (answer["advice"] != "clear")
        )

    def check_batch(self, body: bytes, answer: Any) -> bool:
        """Tell whether every item of a batch was answered, in order."""
        events = orjson.loads(body)["events"]
        return len(answer["items"]) == len(events) and all(
            item["status"] == 200 and self.check(orjson.dumps(event), item["assessment"])
            for event, item in zip(events, answer["items"], strict=True)
        )


def crossflag(name: str, server: Server, key: str, made: traffic.Traffic, sizes: Sizes,
              met: Met) -> Contender:  # fmt: skip
    """Return the service as a contender; what its answers say is added to `met`."""
    singles, batches = divided(made.bodies, sizes)
    loads = {
        "single": Load(SCORE, iter(singles), met.check, 1),
        "batch": Load(f"{SCORE}-batch", iter(batches), met.check_batch, sizes.batch),
    }
    return Contender(name, server, f"Authorization: Bearer {key}\r\n", loads)


def echo(server: Server, made: traffic.Traffic, sizes: Sizes) -> Contender:
    """Return the bare echo as a contender."""
    singles, batches = divided(made.bodies, sizes)

    def same(body: bytes, answer: Any) -> bool:
        sent = orjson.loads(body)
        return bool(sent == {name: answer[name] for name in sent})

    def all_same(body: bytes, answer: Any) -> bool:
        sent = orjson.loads(body)["events"]
        return [one["event_id"] for one in sent] == [one["event_id"] for one in answer["events"]]

    loads = {
        "single": Load(SCORE, iter(singles), same, 1),
        "batch": Load(f"{SCORE}-batch", iter(batches), all_same, sizes.batch),
    }
    return Contender("echo", server, "", loads)


def mlflow(name: str, server: Server, made: traffic.Traffic, sizes: Sizes) -> Contender:
    """Return MLflow's server as a contender: it gets the rows of features, ready made."""
    expected: dict[bytes, np.ndarray[Any, Any]] = {}
    # Without a signature MLflow takes a column of nulls for text, and its model refuses it.
    rows = np.nan_to_num(made.rows, nan=_MISSING)
    margins = made.bundle.forest.margin(rows).astype(np.float64)

    def bodies(size: int) -> Iterator[bytes]:
        columns = [feature for feature, _ in made.bundle.features]
        for start in range(0, len(rows) - size + 1, size):
            body = mlflow_server.body(columns, rows[start : start + size])
            expected[body] = 1 / (1 + np.exp(-margins[start : start + size]))
            yield body

    def right(body: bytes, answer: Any) -> bool:
        given = np.asarray(answer["predictions"], np.float64)
        return bool(
            given.shape == expected[body].shape
            and np.allclose(given, expected[body], rtol=0, atol=_CLOSE)
        )

    loads = {
        "single": Load("/invocations", cycle(bodies(1)), right, 1),
        "batch": Load("/invocations", cycle(bodies(sizes.batch)), right, sizes.batch),
    }
    return Contender(name, server, "", loads, share=_MLFLOW_SHARE)


def divided(bodies: Sequence[bytes], sizes: Sizes) -> tuple[list[bytes], list[bytes]]:
    """Return the bodies of single requests, and those of batches, as the rounds will take them."""
    if len(bodies) < sizes.events:
        raise CrossflagError(
            f"the sample holds {len(bodies):,} payments to send, {sizes.events:,} are wanted; "
            f"send fewer requests or rounds"
        )
    singles = list(bodies[:WARM])
    batched: list[bytes] = []
    place = WARM
    for _ in range(sizes.rounds):
        singles += bodies[place : place + sizes.singles]
        place += sizes.singles
        batched += bodies[place : place + sizes.batches * sizes.batch]
        place += sizes.batches * sizes.batch
    return singles, traffic.packs(batched, sizes.batch)


def run_rounds(contenders: Sequence[Contender], sizes: Sizes, say: Any) -> None:
    """Warm every contender, then let them take turns, the other way round every second time."""
    servers.pin(1)
    for one in contenders:
        one.turn("single", WARM, sizes.senders)
    for number in range(sizes.rounds):
        say(f"round {number + 1} of {sizes.rounds}")
        order = contenders if number % 2 == 0 else contenders[::-1]
        for one in order:
            one.measure("single", sizes.singles, sizes.senders)
        for one in order:
            one.measure("batch", sizes.batches, _BATCH_SENDERS)
