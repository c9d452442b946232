"""The two clients. They differ in how they wait; what they send is data (`calls`)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import quote

import httpx

from serving.client import calls
from serving.client.answers import (
    Assessment,
    BatchItem,
    CaseSummary,
    LabelItem,
    QueuePage,
    Readiness,
    StatusItem,
)
from serving.client.calls import Call, Retries, UnreachableError

_PAYMENT, _ACCESS = "/v1/payments/score", "/v1/access-events/score"
_READY = Call("GET", "/readyz")
_OPEN = ("open", "claimed")
_PAGE = 200


def _options(url: str, key: str, timeout: float) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {key}", "User-Agent": "crossflag-client"}
    return {"base_url": url, "headers": headers, "timeout": timeout}


class Client:
    """The synchronous client.

    `url` is the service's address, `key` an API key or a signed token, `timeout` seconds for one
    attempt. Close it, or use it as a context manager. Each method raises `RefusedError` when the
    service refuses, and `UnreachableError` when no answer came at the last attempt.
    """

    def __init__(
        self, url: str, key: str, *, timeout: float = 30.0, retries: Retries | None = None
    ) -> None:
        self._http = httpx.Client(**_options(url, key, timeout))
        self._retries = retries or Retries()

    def score_payment(self, event: Mapping[str, Any]) -> Assessment:
        """Score one payment; sent twice, it is scored once and answered the same."""
        call = calls.scoring(_PAYMENT, event)
        return cast("Assessment", self._send(call))

    def score_access_event(self, event: Mapping[str, Any]) -> Assessment:
        """Score one access event, such as a login."""
        call = calls.scoring(_ACCESS, event)
        return cast("Assessment", self._send(call))

    def score_payments(self, events: Sequence[Mapping[str, Any]]) -> list[BatchItem]:
        """Score payments in their order; a wrong one does not spoil the others."""
        call = calls.batch(_PAYMENT + "-batch", "events", events)
        return cast("list[BatchItem]", self._send(call)["items"])

    def score_access_events(self, events: Sequence[Mapping[str, Any]]) -> list[BatchItem]:
        """Score access events in their order."""
        call = calls.batch(_ACCESS + "-batch", "events", events)
        return cast("list[BatchItem]", self._send(call)["items"])

    def score_pacs008(self, message: bytes) -> list[BatchItem]:
        """Score every credit transfer of an ISO 20022 pacs.008 message."""
        call = calls.message("/v1/payments/pacs008", message)
        return cast("list[BatchItem]", self._send(call)["items"])

    def assessment(self, assessment_id: str) -> Assessment:
        """Return an answer again as it was."""
        call = Call("GET", f"/v1/assessments/{quote(assessment_id, safe='')}")
        return cast("Assessment", self._send(call))

    def add_labels(self, labels: Sequence[Mapping[str, Any]]) -> list[LabelItem]:
        """Record what became known of events."""
        call = calls.batch("/v1/labels", "labels", labels)
        return cast("list[LabelItem]", self._send(call)["items"])

    def add_payment_statuses(self, statuses: Sequence[Mapping[str, Any]]) -> list[StatusItem]:
        """Record what became of payments."""
        call = calls.batch("/v1/payment-statuses", "statuses", statuses)
        return cast("list[StatusItem]", self._send(call)["items"])

    def cases(self, states: Sequence[str] = _OPEN) -> Iterator[CaseSummary]:
        """Yield the cases of the queue, the most expected loss first, page by page."""
        cursor: str | None = None
        while True:
            page = cast("QueuePage", self._send(calls.queue(states, _PAGE, cursor)))
            yield from page["cases"]

            cursor = page["next_cursor"]
            if cursor is None:
                return

    def ready(self) -> Readiness:
        """Tell whether the service takes events, and why not; tried once."""
        answer = self._http.request(**_READY.given())
        return cast("Readiness", answer.json())

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        place: TracebackType | None,
    ) -> None:
        self.close()

    def _send(self, call: Call) -> Any:
        attempt = 0
        while True:
            attempt += 1
            answer: httpx.Response | None = None
            failure: httpx.TransportError | None = None
            try:
                answer = self._http.request(**call.given())
            except httpx.TransportError as error:
                failure = error
            wait = None
            if answer is None or not answer.is_success:
                wait = self._retries.wait(attempt, answer)
            if wait is not None:
                time.sleep(wait)
            elif answer is not None:
                return calls.read(answer)
            else:
                raise UnreachableError(
                    f"no answer at {attempt} attempts: {type(failure).__name__}"
                ) from failure


class AsyncClient:
    """The asynchronous client; the methods of `Client`, awaited.

    `url` is the service's address, `key` an API key or a signed token, `timeout` seconds for one
    attempt. Close it, or use it as a context manager. Each method raises `RefusedError` when the
    service refuses, and `UnreachableError` when no answer came at the last attempt.
    """

    def __init__(
        self, url: str, key: str, *, timeout: float = 30.0, retries: Retries | None = None
    ) -> None:
        self._http = httpx.AsyncClient(**_options(url, key, timeout))
        self._retries = retries or Retries()

    async def score_payment(self, event: Mapping[str, Any]) -> Assessment:
        """Score one payment; sent twice, it is scored once and answered the same."""
        call = calls.scoring(_PAYMENT, event)
        return cast("Assessment", await self._send(call))

    async def score_access_event(self, event: Mapping[str, Any]) -> Assessment:
        """Score one access event, such as a login."""
        call = calls.scoring(_ACCESS, event)
        return cast("Assessment", await self._send(call))

    async def score_payments(self, events: Sequence[Mapping[str, Any]]) -> list[BatchItem]:
        """Score payments in their order; a wrong one does not spoil the others."""
        call = calls.batch(_PAYMENT + "-batch", "events", events)
        return cast("list[BatchItem]", (await self._send(call))["items"])

    async def score_access_events(self, events: Sequence[Mapping[str, Any]]) -> list[BatchItem]:
        """Score access events in their order."""
        call = calls.batch(_ACCESS + "-batch", "events", events)
        return cast("list[BatchItem]", (await self._send(call))["items"])

    async def score_pacs008(self, message: bytes) -> list[BatchItem]:
        """Score every credit transfer of an ISO 20022 pacs.008 message."""
        call = calls.message("/v1/payments/pacs008", message)
        return cast("list[BatchItem]", (await self._send(call))["items"])

    async def assessment(self, assessment_id: str) -> Assessment:
        """Return an answer again as it was."""
        call = Call("GET", f"/v1/assessments/{quote(assessment_id, safe='')}")
        return cast("Assessment", await self._send(call))

    async def add_labels(self, labels: Sequence[Mapping[str, Any]]) -> list[LabelItem]:
        """Record what became known of events."""
        call = calls.batch("/v1/labels", "labels", labels)
        return cast("list[LabelItem]", (await self._send(call))["items"])

    async def add_payment_statuses(self, statuses: Sequence[Mapping[str, Any]]) -> list[StatusItem]:
        """Record what became of payments."""
        call = calls.batch("/v1/payment-statuses", "statuses", statuses)
        return cast("list[StatusItem]", (await self._send(call))["items"])

    async def cases(self, states: Sequence[str] = _OPEN) -> AsyncIterator[CaseSummary]:
        """Yield the cases of the queue, the most expected loss first, page by page."""
        cursor: str | None = None
        while True:
            page = cast("QueuePage", await self._send(calls.queue(states, _PAGE, cursor)))
            for case in page["cases"]:
                yield case
            cursor = page["next_cursor"]
            if cursor is None:
                return

    async def ready(self) -> Readiness:
        """Tell whether the service takes events, and why not; tried once."""
        answer = await self._http.request(**_READY.given())
        return cast("Readiness", answer.json())

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        place: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _send(self, call: Call) -> Any:
        attempt = 0
        while True:
            attempt += 1
            answer: httpx.Response | None = None
            failure: httpx.TransportError | None = None
            try:
                answer = await self._http.request(**call.given())
            except httpx.TransportError as error:
                failure = error
            wait = None
            if answer is None or not answer.is_success:
                wait = self._retries.wait(attempt, answer)
            if wait is not None:
                await asyncio.sleep(wait)
            elif answer is not None:
                return calls.read(answer)
            else:
                raise UnreachableError(
                    f"no answer at {attempt} attempts: {type(failure).__name__}"
                ) from failure
