"""What the challengers would have said, beside what the champions did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from serving.store import schema

_SHADOW, _ASSESSMENTS, _LABELS = schema.shadow_scores, schema.assessments, schema.labels
_ADD = sa.text(
    "INSERT INTO shadow_scores "
    "(sequence, model_version, member, stream, margin, probability, advice) VALUES "
    "(:sequence, :model_version, :member, :stream, :margin, :probability, :advice) "
    "ON CONFLICT DO NOTHING"
)
_PER_FETCH = 5_000


@dataclass(frozen=True)
class Scored:
    """A challenger's score of an entry of the log."""

    sequence: int
    model_version: str
    member: str
    stream: str
    margin: float
    probability: float
    advice: str


@dataclass(frozen=True)
class Pair:
    """One event scored twice: by the champion of its moment, and in the shadow."""

    sequence: int
    event_id: str
    member: str
    received_at: int
    model_version: str
    margin: float
    probability: float
    thresholds: str
    shadow_margin: float
    shadow_probability: float
    shadow_advice: str


def add(connection: Connection, rows: Sequence[Scored]) -> None:
    """Keep scores; what is there already stays."""
    connection.execute(_ADD, [vars(row) for row in rows])


def versions(connection: Connection, stream: str) -> list[str]:
    """Return the challengers that scored anything of a stream, the latest first."""
    last = sa.func.max(_SHADOW.c.sequence)
    query = (
        sa.select(_SHADOW.c.model_version)
        .where(_SHADOW.c.stream == stream)
        .group_by(_SHADOW.c.model_version)
        .order_by(last.desc())
    )
    return list(connection.scalars(query))


def pairs(
    connection: Connection, stream: str, version: str, member: str | None, newest: int
) -> Iterator[Pair]:
    """Yield the newest events that a challenger scored, of one member or of all."""
    scored, answered = _SHADOW.c, _ASSESSMENTS.c
    query = (
        sa.select(
            scored.sequence,
            answered.event_id,
            answered.member,
            answered.received_at,
            answered.model_version,
            answered.margin,
            answered.probability,
            answered.thresholds,
            scored.margin,
            scored.probability,
            scored.advice,
        )
        .join_from(_SHADOW, _ASSESSMENTS, scored.sequence == answered.sequence)
        .where(scored.stream == stream, scored.model_version == version)
        .order_by(scored.sequence.desc())
        .limit(newest)
    )
    if member is not None:
        query = query.where(scored.member == member)
    for row in connection.execute(query, execution_options={"yield_per": _PER_FETCH}):
        yield Pair(*row)


def assessed_since(connection: Connection, stream: str, member: str | None, sequence: int) -> int:
    """Return how many events were answered from a place of the log on."""
    query = sa.select(sa.func.count()).where(
        _ASSESSMENTS.c.stream == stream, _ASSESSMENTS.c.sequence >= sequence
    )
    if member is not None:
        query = query.where(_ASSESSMENTS.c.member == member)
    return connection.scalar(query) or 0


def labels(connection: Connection, stream: str, member: str | None) -> dict[tuple[str, str], bool]:
    """Return what is established of events by their last label, by member and event id."""
    query = (
        sa.select(_LABELS.c.member, _LABELS.c.event_id, _LABELS.c.is_fraud)
        .where(_LABELS.c.stream == stream, _LABELS.c.established)
        .order_by(_LABELS.c.sequence)
    )
    if member is not None:
        query = query.where(_LABELS.c.member == member)
    return {(owner, event_id): is_fraud for owner, event_id, is_fraud in connection.execute(query)}
