"""What became known of events: recorded as events of the log's own, exported for training."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from features.errors import Problem
from features.events import AccessEvent, Label, Payment
from serving import restoring
from serving.auth import Principal
from serving.errors import Conflict, Invalid, ServiceError
from serving.metrics import Metrics
from serving.pools import Place
from serving.sequencer import Sequencer, Turn
from serving.store import log
from serving.store.database import Database
from serving.store.unit import Entry

_PER_PAGE = 1_000


@dataclass(frozen=True)
class Recorded:
    """A label that is kept; `duplicate` says that it already was."""

    label_id: str
    duplicate: bool


def record(turn: Turn, member: str, label: Label, received_at: int | None = None) -> Recorded:
    """Add a label to the log and to the member's history.

    Raises `Invalid` when the event is unknown or younger than the label, or the superseded label
    is unknown; `Conflict` when the identifier stands for another label. Nothing is changed then.
    """
    unit = turn.unit
    label_id = str(label.label_id)
    body = label.canonical()
    digest = hashlib.sha256(body).digest()
    known = unit.find((member, "label", label_id))
    if known is not None:
        if known.body_hash != digest:
            raise Conflict(
                f"label_id {label_id!r} was sent before with other fields; "
                f"send a correction under an identifier of its own, with supersedes"
            )
        return Recorded(label_id, duplicate=True)
    unit.flush()
    event, event_received_at = _labelled(turn, member, label)
    key = (label.stream, label.event_id)
    previous = log.latest_findings(unit.connection, member, [key]).get(key)
    received_at = turn.stamps.next() if received_at is None else received_at
    sequence = unit.append(
        Entry(
            member=member,
            stream="label",
            event_id=label_id,
            received_at=received_at,
            event_time=label.known_at_us,
            body=body,
            body_hash=digest,
        )
    )
    place = Place(member, sequence, received_at)
    turn.pools.label(event, label, previous, place, event_received_at)
    unit.flush()
    log.add_label(
        unit.connection,
        sequence=sequence,
        member=member,
        label_id=label_id,
        stream=label.stream,
        event_id=label.event_id,
        is_fraud=label.is_fraud,
        finding=label.finding,
    )
    return Recorded(label_id, duplicate=False)


def _labelled(turn: Turn, member: str, label: Label) -> tuple[Payment | AccessEvent, int]:
    """Return the event that a label is about, and when it was received."""
    connection = turn.unit.connection
    target = log.record_of(connection, member, label.stream, label.event_id)
    problems = []
    event = None
    if target is None:
        problems.append(
            Problem(
                "event_id",
                label.event_id,
                f"no {label.stream} event of yours has this identifier",
                "score the event first, or correct stream and event_id",
            )
        )
    else:
        event = restoring.event(target.stream, target.body)
        if label.known_at_us < event.time_us:
            problems.append(
                Problem(
                    "known_at",
                    label.known_at.isoformat(),
                    "lies before the event itself",
                    "send when it became known, at or after the event's time",
                )
            )
    if label.supersedes and not log.label_exists(connection, member, label.supersedes):
        problems.append(
            Problem(
                "supersedes",
                label.supersedes,
                "no label of yours has this identifier",
                "leave it out, or give the earlier label's label_id",
            )
        )
    if problems or event is None or target is None:
        raise Invalid(problems)
    return event, target.received_at


class Labels:
    """The use cases of labels; each call is bound to the principal's own member."""

    def __init__(self, sequencer: Sequencer, database: Database, metrics: Metrics) -> None:
        self._sequencer = sequencer
        self._database = database
        self._metrics = metrics

    async def record(
        self, principal: Principal, labels: Sequence[Label]
    ) -> list[Recorded | ServiceError]:
        """Record labels in their order and return for each what became of it.

        Raises `Forbidden` without the scope `labels`, `Unavailable` when nothing could be stored.
        """
        principal.require("labels")
        member = principal.member

        def one(turn: Turn, label: Label) -> Recorded | ServiceError:
            try:
                return record(turn, member, label)
            except ServiceError as refusal:
                return refusal

        answers = await self._sequencer.submit(
            lambda turn: [one(turn, label) for label in labels],
            member=member,
            keys=[(member, "label", str(label.label_id)) for label in labels],
        )
        for label, answer in zip(labels, answers, strict=True):
            if isinstance(answer, Recorded) and not answer.duplicate:
                self._metrics.labels.labels(label.stream).inc()
        return answers

    async def export(self, principal: Principal, after: int = 0) -> tuple[list[bytes], int | None]:
        """Return the member's labels after a place in the log, and the place to go on from.

        Each is the canonical JSON of one label; None means that there are no more. Raises
        `Forbidden` without the scope `labels`.
        """
        principal.require("labels")
        page = await self._database.reads(log.label_bodies, principal.member, after, _PER_PAGE)
        return [body for _, body in page], page[-1][0] if len(page) == _PER_PAGE else None


def every_label(database: Database, member: str | None = None) -> Iterator[Label]:
    """Yield the labels of a member, or of all, in the order in which they arrived."""
    after = 0
    while page := database.read(partial(log.label_bodies, member=member, after=after)):
        for _, body in page:
            yield restoring.label(body)
        after = page[-1][0]
