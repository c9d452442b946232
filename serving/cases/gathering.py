"""A flagged event joins its subject's undecided case, or opens one; a drawn one a case apart."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from features.events import AccessEvent, Payment
from serving.assessments import Assessment
from serving.cases.ranking import rank
from serving.entities import entities_of
from serving.sampling import SOURCE
from serving.store import cases as table
from serving.store import desks, log, related
from serving.store.records import microseconds
from serving.store.unit import Unit
from serving.subjects import subject_of

_RANK = {"clear": 0, "review": 1, "urgent": 2}
_SERVICE = "crossflag"
_LOOKED_BACK = 7 * 86_400_000_000
_LOGINS = 20
FLAG = "flag"
NOTHING_AGAINST = "drawn by lot from what was left clear: nothing speaks against it"


@dataclass(frozen=True)
class Joined:
    """The case that a flagged event joined."""

    member: str
    number: int
    opened: bool

    @property
    def case_id(self) -> str:
        """The case's identifier, as reviewers see it."""
        return f"C-{self.number}"


def join(
    unit: Unit,
    event: Payment | AccessEvent,
    assessment: Assessment,
    *,
    margin: float,
    access_exposure: int,
) -> Joined:
    """Count a flagged event into its subject's case; `link` follows once both are written.

    An event that was drawn by lot is no accusation: it has a case apart, which costs nothing and so
    stands last in the queue. An access event, or a payment without an exchange rate, counts
    `access_exposure` EUR cents as its amount, so that its case has a place in the queue.
    """
    connection, member = unit.connection, assessment.member
    at = microseconds(assessment.received_at)
    amount = assessment.amount_reference
    loss = round(assessment.probability * (access_exposure if amount is None else amount))
    payment = event if isinstance(event, Payment) else None
    corridor = payment.corridor if payment else (None, None)
    first_reason = assessment.first_reason
    source = FLAG
    if assessment.drawn:
        source, first_reason, loss = SOURCE, NOTHING_AGAINST, 0
    subject = subject_of(event)
    old = table.undecided(connection, member, subject, source)
    if old is None:
        number = table.next_number(connection, member)
        row = table.CaseRow(
            member=member,
            number=number,
            subject=subject,
            subject_name=payment.debtor_name if payment else None,
            state="open",
            advice=assessment.advice,
            probability=assessment.probability,
            margin=margin,
            expected_loss=loss,
            events=1,
            streams=assessment.stream,
            largest_loss=loss if payment else -1,
            debtor_country=corridor[0],
            creditor_country=corridor[1],
            first_reason=first_reason,
            opened_at=at,
            updated_at=at,
            source=source,
            novel=assessment.novel,
            rank=rank(loss, assessment.advice, at),
            amount=amount or 0,
            suspicion=suspicion(assessment),
            model_version=assessment.model_version,
        )
        table.add(connection, row)
        return Joined(member, number, opened=True)
    advice = max(old.advice, assessment.advice, key=_RANK.__getitem__)
    values = {
        "subject_name": old.subject_name or (payment.debtor_name if payment else None),
        "advice": advice,
        "rank": rank(old.expected_loss + loss, advice, old.opened_at),
        "amount": old.amount + (amount or 0),
        "probability": max(old.probability, assessment.probability),
        "expected_loss": old.expected_loss + loss,
        "events": old.events + 1,
        "streams": " ".join(sorted({*old.streams.split(), assessment.stream})),
        "updated_at": at,
        "novel": old.novel or assessment.novel,
    }
    if margin > old.margin:
        values |= {
            "margin": margin,
            "first_reason": first_reason,
            "suspicion": suspicion(assessment),
            "model_version": assessment.model_version,
        }
    if payment and loss > old.largest_loss:
        values |= {
            "largest_loss": loss,
            "debtor_country": corridor[0],
            "creditor_country": corridor[1],
        }
    table.change(connection, member, old.number, **values)
    desks.wake(connection, member, old.number)
    return Joined(member, old.number, opened=False)


def link(
    unit: Unit,
    joined: Joined,
    sequence: int,
    assessment: Assessment,
    event: Payment | AccessEvent,
) -> None:
    """Put the written event into its case, note what it names, and tell it in the history.

    What the subject's logins of the week before name belongs to the case as well: a device that
    several people share is often seen there only.
    """
    table.add_event(unit.connection, joined.member, joined.number, sequence)
    found = list(entities_of(event.stream, orjson.loads(event.canonical())))
    before = log.accesses(
        unit.connection,
        joined.member,
        subject_of(event),
        (event.time_us - _LOOKED_BACK, event.time_us),
        _LOGINS,
    )
    for record in before:
        found += entities_of(record.stream, orjson.loads(record.body))
    related.add(unit.connection, joined.member, joined.number, found)
    at = microseconds(assessment.received_at)
    kind = "payment" if assessment.stream == "payment" else "access event"
    why = NOTHING_AGAINST if assessment.drawn else assessment.because[0]
    text = f"{kind} {assessment.event_id}: {assessment.advice}, {why}"
    action = "opened" if joined.opened else "event_added"
    table.add_history(
        unit.connection,
        joined.member,
        joined.number,
        table.HistoryRow(at, _SERVICE, action, text),
    )


def suspicion(assessment: Assessment) -> str | None:
    """Return what the strongest reason speaks for, None when nothing does."""
    if assessment.drawn or not assessment.reasons:
        return None
    return assessment.reasons[0].group or None
