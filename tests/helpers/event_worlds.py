"""Small random worlds of payments, logins and labels that exercise every column."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from features.events import AccessEvent, Label, Payment, parse
from features.table import EventTable, from_events

START = datetime(2026, 3, 1, tzinfo=UTC)
IPS = [None, "8.8.8.8", "8.8.4.4", "80.67.169.12", "2001:4860:4860::8888", "1.1.1.1"]
CYRILLIC = "\u0410\u043d\u043d\u0430 \u041b\u0438\u043c\u0430"
MIXED = "\u0410na Lima"  # its first letter is Cyrillic
BROWSERS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:138.0) Gecko/20100101 Firefox/138.0",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/90.0 Safari/537.36",
]


@dataclass(frozen=True)
class World:
    """Events and labels, each with the time of arrival, in order of arrival."""

    arrivals: list[tuple[int, Payment | AccessEvent | Label]]

    def of(self, kind: type) -> list[tuple[int, Payment | AccessEvent | Label]]:
        return [(arrived, event) for arrived, event in self.arrivals if isinstance(event, kind)]

    def table(self, stream: str, kind: type) -> EventTable:
        chosen = self.of(kind)
        return from_events(stream, [e for _, e in chosen], [arrived for arrived, _ in chosen])

    @property
    def tables(self) -> tuple[EventTable, EventTable, EventTable]:
        return (
            self.table("payment", Payment),
            self.table("access", AccessEvent),
            self.table("label", Label),
        )

    def until(self, number: int) -> World:
        return replace(self, arrivals=self.arrivals[:number])


def random_world(seed: int, size: int = 300) -> World:
    """Return `size` arrivals: payments, access events and labels of earlier ones."""
    rng = random.Random(seed)
    now = START
    arrivals: list[tuple[int, Payment | AccessEvent | Label]] = []
    events: list[Payment | AccessEvent] = []
    for number in range(size):
        now += timedelta(seconds=rng.choice([1, 1, 5, 30, 60, 600, 3600, 7200, 90_000]))
        time = now - timedelta(seconds=rng.choice([0, 0, 0, 1, 100, 4000, 90_000]))
        kind = rng.random()
        event: Payment | AccessEvent | Label
        if kind < 0.5:
            event = _payment(rng, number, time)
        elif kind < 0.85 or not events:
            event = _access(rng, number, time)
        else:
            event = _label(rng, events, now)
        if not isinstance(event, Label):
            events.append(event)
        arrivals.append((int(now.timestamp() * 1e6), event))
    return World(arrivals)


def _maybe(rng: random.Random, *values: object) -> object:
    return rng.choice([None, *values])


def _payment(rng: random.Random, number: int, time: datetime) -> Payment:
    country = ["DE", "FR", "SG", "NG", "IN", None]
    given = {
        "event_id": f"p{number}",
        "time": time,
        "currency": rng.choice(["EUR", "USD", "JPY", "NGN", "BTC"]),
        "amount": str(rng.choice([0, 5, 100, 9_500, 12_000, rng.randint(1, 20_000)])),
        "debtor_account": f"a{rng.randint(1, 6)}",
        "debtor_agent": _maybe(rng, "DEUTDEFF"),
        "debtor_account_country": rng.choice(country),
        "debtor_country": rng.choice(country),
        "creditor_account": f"a{rng.randint(1, 9)}",
        "creditor_account_country": rng.choice(country),
        "creditor_country": rng.choice(country),
        "creditor_account_scheme": _maybe(rng, "WALLET", "CARD"),
        "creditor_agent": _maybe(rng, "BNPAFRPP", "DEUTDEFF"),
        "creditor_name": _maybe(rng, "Ana Lima", "LIMA, Ana", "Jo Ek", CYRILLIC, MIXED),
        "debtor_name": _maybe(rng, "Jo Ek"),
        "intermediary_agents": rng.choice([[], ["DEUTDEFF"]]),
        "customer_id": _maybe(rng, *(f"u{n}" for n in range(4))),
        "channel": _maybe(rng, "online", "mobile", "card"),
        "remittance_text": _maybe(rng, "invoice 12", "rent", f"{CYRILLIC} 12"),
        "payee_verification": _maybe(rng, "match", "no_match"),
        "device_id": _maybe(rng, "d1", "d2"),
        "ip_address": rng.choice(IPS),
        "truncated": rng.random() < 0.1,
    }
    return parse(Payment, given)


def _access(rng: random.Random, number: int, time: datetime) -> AccessEvent:
    given = {
        "event_id": f"a{number}",
        "time": time,
        "user_id": f"u{rng.randint(0, 4)}",
        "action": rng.choice(
            [
                *["login"] * 6,
                "mfa_challenge",
                "download",
                "api_call",
                "password_reset",
                "payee_added",
                "mail_rule",
                "device_enrolment",
                "consent_grant",
            ]
        ),
        "outcome": rng.choice(["success", "success", "failure", "unknown"]),
        "ip_address": rng.choice(IPS),
        "user_agent": _maybe(rng, "curl/8", "Mozilla/5.0 (X11)", *BROWSERS),
        "client_application": _maybe(rng, "web_bank", "mobile_app", "AnyDesk"),
        "device_id": _maybe(rng, "d1", "d2", "d3"),
        "mfa_method": _maybe(rng, "none", "push", "hardware_key"),
        "asn": _maybe(rng, 64500, 64501),
        "privilege": _maybe(rng, "user", "administrator"),
        "bytes": _maybe(rng, 10, 10_000),
        "resource": _maybe(rng, "/a", "forward to x@example.org", "https://mega.nz/a"),
        "session_id": _maybe(rng, "s1", "s2"),
    }
    return parse(AccessEvent, given)


def _label(rng: random.Random, events: list[Payment | AccessEvent], now: datetime) -> Label:
    event = rng.choice(events)
    fraud = rng.random() < 0.5
    given = {
        "label_id": f"l{rng.random()}",
        "stream": event.stream,
        "event_id": event.event_id,
        "is_fraud": fraud,
        "known_at": max(now, event.time),
        "source": "import",
        "subject_role": rng.choice(["victim", "complicit", "unknown"]),
        "status": "suspected" if fraud and rng.random() < 0.3 else "confirmed",
    }
    return parse(Label, given)
