"""Load that never gives up: each event is sent until it is answered, and the answer is kept."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Any

import httpx

from tests.serving.harness import PATHS
from tests.serving.worlds import ACCOUNTS, START, login, payment

_BATCH = 12


@dataclass(frozen=True)
class Acknowledged:
    """An event and the answer to it."""

    fields: dict[str, Any]
    answer: dict[str, Any]


@dataclass
class Load:
    """Players with events of their own; the last one sends batches. Use it as a context."""

    url: str
    key: str
    players: int = 3
    first: int = 0
    acknowledged: list[Acknowledged] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    waiting: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def __enter__(self) -> Load:
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._play, args=(place,)) for place in range(self.players + 1)
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        if error is None:
            assert self.wrong == []

    def wait_for_more(self, count: int, seconds: float = 120) -> None:
        """Wait until so many more events were answered."""
        wanted, end = len(self.acknowledged) + count, time.monotonic() + seconds
        while len(self.acknowledged) < wanted:
            assert not self.wrong, self.wrong
            assert time.monotonic() < end, f"nothing is answered: {self.statuses}, {self.waiting}"
            time.sleep(0.001)

    def _play(self, place: int) -> None:
        headers = {"Authorization": f"Bearer {self.key}"}
        script = events(self.first + place)
        with httpx.Client(base_url=self.url, headers=headers, timeout=60) as client:
            while not self._over.is_set():
                if place < self.players:
                    self._until_answered(client, *next(script))
                else:
                    wanted = [fields for stream, fields in _some(script) if stream == "payment"]
                    self._until_all_answered(client, wanted)

    def _until_answered(self, client: httpx.Client, stream: str, fields: dict[str, Any]) -> None:
        answer = self._post(client, PATHS[stream], fields)
        if answer is not None:
            self.acknowledged.append(Acknowledged(fields, answer.json()))

    def _until_all_answered(self, client: httpx.Client, events: list[dict[str, Any]]) -> None:
        answer = self._post(client, PATHS["payment"] + "-batch", {"events": events})
        if answer is None:
            return
        for fields, item in zip(events, answer.json()["items"], strict=True):
            if item["status"] == 200:
                self.acknowledged.append(Acknowledged(fields, item["assessment"]))
            else:
                self.wrong.append(str(item))

    def _post(self, client: httpx.Client, path: str, body: Any) -> httpx.Response | None:
        while not self._over.is_set():
            try:
                answer = client.post(path, json=body)
            except httpx.TransportError:
                time.sleep(0.01)
                continue
            self.statuses[answer.status_code] += 1
            if answer.status_code == 200:
                return answer
            waits = answer.status_code in (409, 503) and "retry-after" in answer.headers
            if not waits:
                self.wrong.append(answer.text)
                return None
            self.waiting[answer.json()["detail"]] += 1
            time.sleep(0.02)
        return None


def events(player: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield events without end: logins, payments, and now and then an account that is emptied."""
    number = player * 1_000_000
    while True:
        number += 1
        customer = number % 23
        when = START + timedelta(seconds=number % 1_000_000)
        stolen = number % 40 > 34
        if number % 5 == 0:
            yield "access", login(number, customer, when)
        elif stolen:
            away = {"creditor_account": ACCOUNTS[200 + number % 150], "creditor_country": "LT"}
            away |= {"creditor_account_country": "LT", "device_id": "stolen"}
            yield "payment", payment(number, customer, when, amount="2900.00", **away)
        else:
            yield "payment", payment(number, customer, when)


def _some(script: Iterator[tuple[str, dict[str, Any]]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for _ in range(_BATCH):
        yield next(script)
