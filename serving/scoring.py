"""An event's way: known already? history as of now, score, advice, reasons, case, log, answer."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from prometheus_client import Counter

from features.events import AccessEvent, Payment
from models.counterfactual import counterfactual
from models.decision import RuleHit, decide
from models.explain import explain
from models.runtime import Scorer, Scores
from models.unusual import NOVEL, Unusual, claim, unusual
from serving.assessments import Assessment
from serving.auth import Principal
from serving.cases.gathering import join, link
from serving.champions import Champions
from serving.errors import Conflict, NotFound, Reused, ServiceError, Unavailable
from serving.metrics import Metrics
from serving.pools import Place, Scored
from serving.sampling import Lot
from serving.sequencer import Sequencer, Turn
from serving.shadow import Seen, Shadow
from serving.store import idempotency, log, novelties
from serving.store.database import Database
from serving.store.records import moment
from serving.store.unit import Entry
from serving.subjects import counterparty_of, references_of, subject_of
from serving.watchlists.keeping import Screening
from serving.watchlists.questions import rule_hits
from serving.webhooks.outbox import Outbox

Scorable: TypeAlias = Payment | AccessEvent
_ALIKE = 2


@dataclass(frozen=True)
class Assessed:
    """The answer to one event; `duplicate` says that it is the first answer, given again."""

    assessment: Assessment
    duplicate: bool


@dataclass(frozen=True)
class IdempotencyKey:
    """A caller's name for one request, and the hash of what that request held."""

    name: str
    digest: bytes

    def check(self, turn: Turn, member: str) -> None:
        """Raise `Reused` when the key came with other content before."""
        if not idempotency.remember(
            turn.unit.connection, member, self.name, self.digest, turn.stamps.next()
        ):
            raise Reused(
                f"Idempotency-Key {self.name!r} was sent before with another body; "
                f"send a changed request under a key of its own"
            )


@dataclass(frozen=True)
class _Fresh:
    """An event that the log did not hold before, and its row of features."""

    place: Place
    event: Scorable
    scored: Scored


class Assessor:
    """Scores events.

    `access_exposure` (EUR cents) is what a flagged access event puts at risk; `lot` draws a few of
    the events that are left clear, to be looked at as well; `screening` knows the lists in force;
    `outbox` takes what webhooks are to be told.
    """

    def __init__(
        self,
        sequencer: Sequencer,
        database: Database,
        champions: Champions,
        metrics: Metrics,
        access_exposure: int,
        shadow: Shadow,
        lot: Lot,
        screening: Screening,
        outbox: Outbox,
    ) -> None:
        self._sequencer = sequencer
        self._database = database
        self._champions = champions
        self._metrics = metrics
        self._access_exposure = access_exposure
        self._shadow = shadow
        self._lot = lot
        self._screening = screening
        self._outbox = outbox
        self._salt = secrets.token_bytes(16)
        self._children: dict[tuple[int | str, ...], Counter] = {}

    async def assess(
        self,
        principal: Principal,
        stream: str,
        events: Sequence[Scorable],
        once: IdempotencyKey | None = None,
    ) -> list[Assessed | ServiceError]:
        """Score events of one stream in their order and return an answer or refusal for each.

        The answers are durable when this returns. An event that was sent before gets its first
        answer again; `Reused` stands for one whose fields differ from what was sent before.
        Raises `Forbidden` without the scope `score`, `Unavailable` when there is no champion, the
        queue is full, or nothing could be stored, `Reused` when `once` stands for other content.
        """
        principal.require("score")
        scorer = self._champions.scorer(stream)
        if not self._screening.loaded:
            raise Unavailable("the watchlists could not be read yet; send it again")
        member = principal.member
        seen = self._shadow_of(stream)

        def task(turn: Turn) -> list[Assessed | ServiceError]:
            if once is not None:
                once.check(turn, member)
            return self._assess(turn, member, scorer, events, seen)

        keys = [(member, stream, event.event_id) for event in events]
        answers = await self._sequencer.submit(task, member=member, keys=keys)
        if seen:
            self._shadow.offer(seen)
        self._count(stream, answers)
        return answers

    async def assess_mixed(
        self, principal: Principal, events: Sequence[Scorable]
    ) -> list[Assessed | ServiceError]:
        """Score events of both streams in their order, in one commit; else as `assess`."""
        principal.require("score")
        member = principal.member
        runs = [
            (self._champions.scorer(stream), stream, list(run), self._shadow_of(stream))
            for stream, run in groupby(events, key=lambda event: event.stream)
        ]

        def task(turn: Turn) -> list[list[Assessed | ServiceError]]:
            return [self._assess(turn, member, scorer, run, seen) for scorer, _, run, seen in runs]

        keys = [(member, event.stream, event.event_id) for event in events]
        answers = await self._sequencer.submit(task, member=member, keys=keys)
        for (_, stream, _, seen), of_run in zip(runs, answers, strict=True):
            if seen:
                self._shadow.offer(seen)
            self._count(stream, of_run)
        return [one for of_run in answers for one in of_run]

    def _shadow_of(self, stream: str) -> list[Seen] | None:
        return [] if self._shadow.wanted(stream) else None

    async def find(self, principal: Principal, assessment_id: str) -> Assessment:
        """Return one of the member's assessments; raises `NotFound`, or `Forbidden` (`read`)."""
        principal.require("read")
        found = await self._database.reads(log.assessment, principal.member, assessment_id)
        if found is None:
            raise NotFound(f"there is no assessment {assessment_id!r}")
        return found

    def _assess(
        self,
        turn: Turn,
        member: str,
        scorer: Scorer,
        events: Sequence[Scorable],
        seen: list[Seen] | None,
    ) -> list[Assessed | ServiceError]:
        fresh: list[_Fresh] = []
        places: list[tuple[int, bool] | ServiceError] = []
        for event in events:
            body = event.canonical()
            digest = hashlib.sha256(body).digest()
            known = turn.unit.find((member, event.stream, event.event_id))
            if known is not None:
                same = known.body_hash == digest
                places.append((known.sequence, True) if same else _other_body(event))
                continue
            received_at = turn.stamps.next()
            sequence = turn.unit.append(
                Entry(
                    member=member,
                    stream=event.stream,
                    event_id=event.event_id,
                    received_at=received_at,
                    event_time=event.time_us,
                    body=body,
                    body_hash=digest,
                    subject=subject_of(event),
                    counterparty=counterparty_of(event),
                    **references_of(event),
                )
            )
            place = Place(member, sequence, received_at)
            fresh.append(_Fresh(place, event, turn.pools.step(event, place)))
            places.append((sequence, False))
        self._keep(turn, member, scorer, fresh)
        if seen is not None:
            seen += [
                Seen(one.place.sequence, member, one.event.stream, one.scored.features, one.event)
                for one in fresh
            ]
        return [one if isinstance(one, ServiceError) else _answer(turn, *one) for one in places]

    def _keep(self, turn: Turn, member: str, scorer: Scorer, fresh: list[_Fresh]) -> None:
        if not fresh:
            return
        rows = np.stack([scorer.row(one.scored.features, one.event) for one in fresh])
        scores = scorer.score(rows)
        bundle = scorer.bundle
        thresholds = dict(vars(bundle.thresholds))
        links, novel = [], []
        told: list[tuple[Assessment, bool]] = []
        for one, row, margin, probability, novelty in zip(
            fresh,
            rows,
            scores.margin.tolist(),
            scores.probability.tolist(),
            _novelties(scores),
            strict=True,
        ):
            odd = tuple(unusual(scorer, row)) if novelty.taken else ()
            hits = [RuleHit(NOVEL, "review", claim(novelty.rank, odd, scorer))] if odd else []
            met = self._screening.screened(turn.unit, one.event, member, one.place.sequence)
            decision = decide(probability, bundle.thresholds, [*hits, *rule_hits(met)])
            assessment = Assessment(
                assessment_id=self._name(one.place.sequence),
                member=member,
                stream=bundle.stream,
                event_id=one.event.event_id,
                advice=decision.advice,
                because=decision.because,
                probability=probability,
                reasons=(),
                model_name=bundle.name,
                model_version=bundle.version,
                feature_set=scorer.computed.version,
                reference_version=turn.pools.reference.version,
                thresholds=thresholds,
                case_id=None,
                late=one.scored.late,
                amount_reference=one.scored.amount_reference,
                received_at=moment(one.place.received_at),
                pool=one.scored.pool,
                novelty=novelty.rank,
                unusual=odd,
                watchlist_hits=tuple(hit.document() for hit in met),
            )
            if odd:
                novel.append(_alike(one, odd, scorer))
            contributions = None
            joined = None
            if assessment.flagged:
                assessment = replace(
                    assessment,
                    reasons=tuple(explain(scorer, row)),
                    counterfactual=counterfactual(scorer, row),
                    review_propensity=1.0,
                )
                contributions = _blob(scorer.contributions(row[None, :])[0])
            elif self._lot.draws(member, bundle.stream, one.event.event_id):
                assessment = replace(assessment, review_propensity=self._lot.share)
            if assessment.review_propensity is not None:
                joined = join(
                    turn.unit,
                    one.event,
                    assessment,
                    margin=margin,
                    access_exposure=self._access_exposure,
                )
                assessment = replace(assessment, case_id=joined.case_id)
                links.append((joined, one.place.sequence, assessment, one.event))
            told.append((assessment, joined is not None and joined.opened))
            turn.unit.assess(
                one.place.sequence,
                assessment,
                margin=margin,
                pool_position=one.scored.position,
                pool_entries=one.scored.entries,
                # Raw features are in the event itself; this is what only history could tell.
                features=_blob(one.scored.features),
                contributions=contributions,
            )
        if links:
            turn.unit.flush()
            novelties.add(turn.unit.connection, novel)
        for joined, sequence, assessment, event in links:
            link(turn.unit, joined, sequence, assessment, event)
        self._outbox.put(turn.unit, told)

    def _name(self, sequence: int) -> str:
        # Not the sequence itself: that would tell one member how much the others send.
        place = sequence.to_bytes(8, "big")
        return "as-" + hashlib.blake2b(place, key=self._salt, digest_size=10).hexdigest()

    def _child(self, counter: Counter, *labels: str) -> Counter:
        """Return a counter's child; looked up once, since that costs more than counting."""
        key: tuple[int | str, ...] = (id(counter), *labels)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = counter.labels(*labels)
        return child

    def _count(self, stream: str, answers: Sequence[Assessed | ServiceError]) -> None:
        for answer in answers:
            if isinstance(answer, ServiceError):
                self._child(self._metrics.refused, "other_body").inc()
            elif answer.duplicate:
                self._child(self._metrics.duplicates, stream).inc()
            else:
                self._child(self._metrics.events, stream, answer.assessment.advice).inc()
                if answer.assessment.drawn:
                    self._child(self._metrics.drawn, stream).inc()
                if answer.assessment.novel:
                    self._child(self._metrics.novel, stream).inc()
                if answer.assessment.late:
                    self._child(self._metrics.late, stream).inc()


@dataclass(frozen=True)
class _Novelty:
    """How novel an event is, as a rank, and whether the quota of novelty takes it."""

    rank: float | None
    taken: bool


def _novelties(scores: Scores) -> list[_Novelty]:
    if scores.novelty is None or scores.novel is None:
        return [_Novelty(None, False)] * len(scores.margin)
    pairs = zip(scores.novelty.tolist(), scores.novel.tolist(), strict=True)
    return [_Novelty(rank, taken) for rank, taken in pairs]


def _alike(fresh: _Fresh, odd: Sequence[Unusual], scorer: Scorer) -> novelties.NovelRow:
    """Return what an event shares with others that are novel in the same way."""
    families = sorted(scorer.catalogue.feature(one.feature).family for one in odd[:_ALIKE])
    event = fresh.event
    corridor = event.corridor if isinstance(event, Payment) else (None, None)
    place = fresh.place
    return novelties.NovelRow(
        place.sequence,
        place.member,
        event.stream,
        place.received_at,
        " + ".join(families),
        *corridor,
    )


def _answer(turn: Turn, sequence: int, duplicate: bool) -> Assessed | Conflict:
    assessment = turn.unit.assessment(sequence)
    if assessment is None:
        return Conflict("this event was loaded as history and is not scored again")
    return Assessed(assessment, duplicate)


def _other_body(event: Scorable) -> Reused:
    return Reused(
        f"event_id {event.event_id!r} was sent before with other fields; "
        f"send a changed event under an identifier of its own"
    )


def _blob(values: npt.NDArray[Any]) -> bytes:
    return np.ascontiguousarray(values, dtype=np.float64).tobytes()
