"""Sample cases and stand-ins for the use cases, so that a page needs no store and no model."""

from __future__ import annotations

import asyncio
import html
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

from features.errors import Problem
from serving.assessments import Assessment, Reason
from serving.auth import ROLE_SCOPES, Principal, Session
from serving.cases import (
    DISPOSITIONS,
    CaseDetail,
    CaseSummary,
    Corridor,
    Filter,
    HistoryEntry,
    Links,
    Party,
    QueuePage,
    SavedView,
    TimelineEntry,
)
from serving.cases.presence import Presence
from serving.errors import Conflict, Invalid, NotFound, Unauthorized, Unavailable
from serving.rates import Rates
from serving.settings import Settings

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
HOSTILE = '<script>alert("x")</script>'
ANA = Principal("user", "ana", "local", "ES", ROLE_SCOPES["reviewer"], "reviewer", "Ana Ejemplo")


def assessment(event_id: str, stream: str = "payment", **changed: Any) -> Assessment:
    made = Assessment(
        assessment_id=f"a-{event_id}",
        member="local",
        stream=stream,
        event_id=event_id,
        advice="urgent",
        because=("probability 0.93 is at or above 0.55",),
        probability=0.93,
        reasons=(
            Reason("debtor_new_payees_24h", "4 payments to new payees in 24 hours", 4, None, 2.1),
            Reason("amount_to_mean", "46 times this account's usual amount", 46, 9_120, 0.7),
        ),
        model_name="payments",
        model_version="0a1b2c3d4e5f",
        feature_set="payments-1a2b3c4d",
        reference_version="ecb-2026-05-01",
        thresholds={},
        case_id="C-1",
        late=False,
        amount_reference=420_000,
        received_at=NOW,
        pool="member:local",
    )
    return replace(made, **changed)


def payment(event_id: str, at: datetime, direction: str = "out", **changed: Any) -> TimelineEntry:
    event = {
        "event_id": event_id,
        "time": at.isoformat(),
        "amount": "4200.00",
        "currency": "EUR",
        "debtor_account": "ES9121000418450200051332",
        "debtor_account_country": "ES",
        "debtor_name": "Lucia Ejemplo",
        "creditor_account": "RO49AAAA1B31007593840000",
        "creditor_account_country": "RO",
        "creditor_name": "Trading Sample SRL",
        "channel": "mobile",
        "remittance_text": "invoice 12",
        **changed.pop("event", {}),
    }
    made = TimelineEntry(
        stream="payment",
        event_id=event_id,
        time=at,
        received_at=at,
        direction=direction,
        event=event,
        assessment=assessment(event_id),
        in_case=True,
        label=None,
    )
    return replace(made, **changed)


def access(event_id: str, at: datetime, **changed: Any) -> TimelineEntry:
    event = {
        "event_id": event_id,
        "time": at.isoformat(),
        "user_id": "cust-1",
        "action": "login",
        "outcome": "success",
        "ip_address": "2001:db8:40::7",
        **changed.pop("event", {}),
    }
    made = TimelineEntry(
        stream="access",
        event_id=event_id,
        time=at,
        received_at=at,
        direction="access",
        event=event,
        assessment=None,
        in_case=False,
        label=None,
    )
    return replace(made, **changed)


def summary(case_id: str = "C-1", **changed: Any) -> CaseSummary:
    made = CaseSummary(
        case_id=case_id,
        member="local",
        state="open",
        subject="cust-1",
        subject_kind="customer",
        subject_name="Lucia Ejemplo",
        advice="urgent",
        probability=0.93,
        expected_loss=781_200,
        events=2,
        streams=("payment",),
        corridor=("ES", "RO"),
        first_reason="4 payments to new payees in 24 hours",
        opened_at=NOW - timedelta(hours=3),
        updated_at=NOW,
        claimed_by=None,
        claimed_at=None,
        decided_by=None,
        decided_at=None,
        disposition=None,
        decision_reason=None,
    )
    return replace(made, **changed)


def detail(**changed: Any) -> CaseDetail:
    made = CaseDetail(
        summary=summary(),
        timeline=(
            payment("p-0", NOW - timedelta(days=20), in_case=False, assessment=None),
            access("l-1", NOW - timedelta(hours=5), event={"outcome": "failure"}),
            access("l-2", NOW - timedelta(hours=4)),
            payment("p-1", NOW - timedelta(hours=3)),
            payment("p-2", NOW - timedelta(hours=2)),
        ),
        timeline_cut=False,
        parties=(
            Party("ES9121000418450200051332", "IBAN", "debtor", "Lucia Ejemplo", "ES", None, 2, 1),
        ),
        corridors=(Corridor("ES", "RO", 2, 840_000),),
        notes=(),
        history=(HistoryEntry(NOW, "crossflag", "opened", "payment p-1"),),
    )
    return replace(made, **changed)


@dataclass
class FakeUsers:
    sessions: dict[str, Session] = field(default_factory=dict)
    principal: Principal = ANA

    async def sign_in(self, user_name: str, password: str) -> Session:
        if (user_name, password) != (self.principal.name, "correct horse"):
            raise Unauthorized("User name or password is wrong.")
        token = f"session-{len(self.sessions)}"
        made = Session(token, f"csrf-of-{token}", self.principal, NOW + timedelta(hours=12))
        self.sessions[token] = made
        return made

    async def session(self, token: str) -> Session | None:
        return self.sessions.get(token)

    async def sign_out(self, token: str) -> None:
        self.sessions.pop(token, None)


@dataclass
class FakeCases:
    case: CaseDetail = field(default_factory=detail)
    queued: list[CaseSummary] = field(default_factory=lambda: [summary()])
    decided: list[dict[str, Any]] = field(default_factory=list)

    linked: Links = field(default_factory=lambda: Links((), {}, (), (), (), ()))
    presence: Presence = field(default_factory=Presence)
    asked: list[Filter] = field(default_factory=list)

    async def queue(self, principal: Principal, **given: Any) -> QueuePage:
        self.asked.append(given["asked"])
        asked = given["asked"]
        kept = [
            one for one in self.queued if one.state in asked.states and one.novel >= asked.novel
        ]
        first = int(given["cursor"] or 0)
        last = first + given["limit"]
        cursor = str(last) if last < len(kept) else None
        loss = sum(one.expected_loss for one in kept)
        return QueuePage(tuple(kept[first:last]), cursor, len(kept), expected_loss=loss)

    async def choices(self, principal: Principal) -> dict[str, list[str]]:
        return {"suspicion": ["new payee"], "model_version": ["0a1b2c3d4e5f"]}

    async def views(self, principal: Principal) -> list[SavedView]:
        return []

    async def detail(self, principal: Principal, case_id: str, **asked: Any) -> CaseDetail:
        if case_id != self.case.summary.case_id:
            raise NotFound(f"There is no case {case_id}.")
        return self.case

    async def links(self, principal: Principal, case_id: str, followed: Any = ()) -> Links:
        await self.detail(principal, case_id)
        return self.linked

    def listed(self, day: Any) -> dict[str, str]:
        return {"KP": "call_for_action"}

    def _set(self, **changed: Any) -> CaseSummary:
        self.case = replace(self.case, summary=replace(self.case.summary, **changed))
        return self.case.summary

    async def claim(self, principal: Principal, case_id: str) -> CaseSummary:
        holder = self.case.summary.claimed_by
        if holder not in (None, principal.name):
            raise Conflict(f"{holder} holds this case.")
        return self._set(state="claimed", claimed_by=principal.name, claimed_at=NOW)

    async def release(self, principal: Principal, case_id: str) -> CaseSummary:
        return self._set(state="open", claimed_by=None, claimed_at=None)

    async def note(self, principal: Principal, case_id: str, text: str) -> HistoryEntry:
        if not text:
            raise Invalid([Problem("text", "", "it is empty", "write something")])
        entry = HistoryEntry(NOW, principal.name, "noted", text)
        self.case = replace(self.case, notes=(*self.case.notes, entry))
        return entry

    async def decide(self, principal: Principal, case_id: str, **said: Any) -> CaseSummary:
        problems = []
        if said["disposition"] not in DISPOSITIONS:
            problems.append(Problem("disposition", said["disposition"], "unknown", "choose one"))
        if not said["reason"]:
            problems.append(Problem("reason", "", "it is empty", "say why"))
        if problems:
            raise Invalid(problems)
        self.decided.append(said)
        return self._set(
            state="decided",
            decided_by=principal.name,
            decided_at=NOW,
            disposition=said["disposition"],
            decision_reason=said["reason"],
        )


@dataclass
class FakeChampions:
    models_dir: Path
    bundles: dict[str, Any] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    challengers_missing: dict[str, str] = field(default_factory=dict)

    def challenger(self, stream: str) -> None:
        return None

    def scorer(self, stream: str) -> Any:
        if stream not in self.bundles:
            raise Unavailable(f"no champion for {stream}: run crossflag train --promote")
        return SimpleNamespace(bundle=self.bundles[stream])


@dataclass
class FakeService:
    champions: FakeChampions
    cases: FakeCases = field(default_factory=FakeCases)
    users: FakeUsers = field(default_factory=FakeUsers)
    settings: Settings = field(default_factory=lambda: Settings(four_eyes=False))
    rates: Rates = field(default_factory=lambda: Rates("6000/minute", "6000/minute"))


class Reader:
    """A browser without a window: keeps cookies, follows no redirect by itself."""

    def __init__(self, app: FastAPI, base: str = "http://testserver") -> None:
        self.http = AsyncClient(transport=ASGITransport(app), base_url=base)

    def get(self, path: str) -> Response:
        return asyncio.run(self.http.get(path))

    def post(self, path: str, form: dict[str, str], **more: Any) -> Response:
        return asyncio.run(self.http.post(path, data=form, **more))

    def token(self, path: str) -> str:
        """Return the form token of a page."""
        found = re.search(r'name="csrf_token" value="([^"]*)"', self.get(path).text)
        assert found, f"{path} holds no form token"
        return html.unescape(found[1])

    def sign_in(self, way_on: str = "") -> Response:
        token = self.token("/console/sign-in")
        form = {"user_name": "ana", "password": "correct horse", "csrf_token": token}
        return self.post("/console/sign-in", {**form, "next": way_on})

    def act(self, what: str, **form: str) -> Response:
        """Send one of the case page's forms with its token."""
        token = self.token("/console/cases/C-1")
        return self.post(f"/console/cases/C-1/{what}", {**form, "csrf_token": token})
