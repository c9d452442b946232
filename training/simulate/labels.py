"""What becomes known of events: late, in part not at all, and in part wrongly, as in life.

Fraud is reported after days or weeks (a log-normal delay), about one event in seven never; two
labels in a hundred are wrong, and half of those are corrected later by a label that supersedes
them. Some honest events that looked odd are labelled too, because somebody reviewed and cleared
them.
"""

from __future__ import annotations

from dataclasses import dataclass

from features.events import Stream, SubjectRole
from training.simulate.calendars import DAY, HOUR
from training.simulate.chance import Chance
from training.simulate.records import Access, Mark, Transfer

UNREPORTED_INCIDENTS = 0.08
MISSED_EVENTS = 0.06
WRONG = 0.02
CORRECTED = 0.5
REVIEWED_ODDITIES = 0.09
REVIEWED_OTHERS = 0.005
_MEDIAN_DAYS = {
    "account_takeover": 3.0,
    "password_spraying": 1.0,
    "session_hijack": 5.0,
    "business_email_compromise": 9.0,
    "mule_chain": 7.0,
    "structuring": 12.0,
    "trafficking_proceeds": 16.0,
    "authorised_push_payment": 4.0,
    "mirror_settlement": 14.0,
    "nested_correspondent": 15.0,
    "operator_holiday_fraud": 2.5,
    "scam_compound": 12.0,
    "shared_device_farm": 6.0,
    "small_payment_exploitation": 14.0,
    "trade_misinvoicing": 16.0,
    "virtual_asset_exit": 6.0,
    "virtual_iban_mules": 7.0,
}
_GUESSES = ("account_takeover", "business_email_compromise", "mule_chain")
_SOURCES = {
    "account_takeover": ("customer", "customer", "chargeback", "reviewer"),
    "business_email_compromise": ("customer", "police"),
    "mule_chain": ("recall", "police", "reviewer"),
    "structuring": ("reviewer", "financial_intelligence_unit"),
    "trafficking_proceeds": ("police", "financial_intelligence_unit", "reviewer"),
    "password_spraying": ("security_team",),
    "session_hijack": ("security_team", "customer"),
    "authorised_push_payment": ("customer", "customer", "recall"),
    "mirror_settlement": ("financial_intelligence_unit", "police"),
    "nested_correspondent": ("reviewer", "financial_intelligence_unit"),
    "operator_holiday_fraud": ("customer", "security_team"),
    "scam_compound": ("customer", "police"),
    "shared_device_farm": ("security_team", "reviewer"),
    "small_payment_exploitation": ("police", "financial_intelligence_unit"),
    "trade_misinvoicing": ("financial_intelligence_unit", "reviewer"),
    "virtual_asset_exit": ("recall", "financial_intelligence_unit", "reviewer"),
    "virtual_iban_mules": ("recall", "police", "reviewer"),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One label, by the key of its event; times in microseconds UTC."""

    key: str
    stream: Stream
    event_key: str
    is_fraud: bool
    typology: str | None
    role: SubjectRole
    known_at: int
    source: str
    supersedes: str | None = None


def judge(
    seed: int, transfers: list[Transfer], accesses: list[Access], until: int
) -> list[Verdict]:
    """Return every label known before `until`, ordered by the time it became known."""
    verdicts: list[Verdict] = []
    delays: dict[str, float | None] = {}
    events: list[Transfer | Access] = [*transfers, *accesses]
    for event in events:
        stream: Stream = "payment" if isinstance(event, Transfer) else "access"
        chance = Chance(seed, "label", stream, event.key)
        if event.mark is None:
            verdicts += _cleared(chance, stream, event)
        else:
            verdicts += _reported(chance, seed, stream, event, event.mark, delays)
    known = [verdict for verdict in verdicts if verdict.known_at < until]
    return sorted(known, key=lambda verdict: (verdict.known_at, verdict.key))


def _incident_delay(seed: int, mark: Mark, delays: dict[str, float | None]) -> float | None:
    """Return the days until an incident comes to light, None when it never does."""
    if mark.incident not in delays:
        chance = Chance(seed, "comes to light", mark.incident)
        delay = chance.around(_MEDIAN_DAYS.get(mark.typology, 7.0), 0.85)
        delays[mark.incident] = None if chance.happens(UNREPORTED_INCIDENTS) else delay
    return delays[mark.incident]


def _reported(
    chance: Chance,
    seed: int,
    stream: Stream,
    event: Transfer | Access,
    mark: Mark,
    delays: dict[str, float | None],
) -> list[Verdict]:
    delay = _incident_delay(seed, mark, delays)
    if delay is None or chance.happens(MISSED_EVENTS):
        return []
    known_at = event.time + int(delay * chance.around(1, 0.25) * DAY) + HOUR
    source = chance.pick(_SOURCES.get(mark.typology, ("reviewer",)))
    key = f"{stream}/{event.key}/1"
    right = Verdict(key, stream, event.key, True, mark.typology, mark.role, known_at, source)
    if not chance.happens(WRONG):
        return [right]
    wrong = Verdict(key, stream, event.key, False, None, "unknown", known_at, "reviewer")
    return [wrong, *_correction(chance, wrong, right)]


def _cleared(chance: Chance, stream: Stream, event: Transfer | Access) -> list[Verdict]:
    if not chance.happens(REVIEWED_ODDITIES if event.notable else REVIEWED_OTHERS):
        return []
    known_at = event.time + int(chance.around(2, 0.8) * DAY) + HOUR
    key = f"{stream}/{event.key}/1"
    right = Verdict(key, stream, event.key, False, None, "unknown", known_at, "reviewer")
    if not chance.happens(WRONG):
        return [right]
    guess = "account_takeover" if stream == "access" else chance.pick(_GUESSES)
    wrong = Verdict(key, stream, event.key, True, guess, "unknown", known_at, "reviewer")
    return [wrong, *_correction(chance, wrong, right)]


def _correction(chance: Chance, wrong: Verdict, right: Verdict) -> list[Verdict]:
    if not chance.happens(CORRECTED):
        return []
    return [
        Verdict(
            f"{wrong.key[:-1]}2",
            wrong.stream,
            wrong.event_key,
            right.is_fraud,
            right.typology,
            right.role,
            wrong.known_at + int(chance.around(9, 0.6) * DAY),
            "reviewer",
            supersedes=wrong.key,
        )
    ]
