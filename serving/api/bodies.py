"""Bodies in and out: one JSON value in, one JSON document out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import orjson
from fastapi import Response

from features.errors import InvalidEvent, Problem
from features.events import AccessEvent, Label, Payment, PaymentStatus, parse
from serving.answering import Degraded, Outcome
from serving.assessments import Assessment
from serving.errors import Invalid, Malformed, ServiceError, TooLarge

Parsed = TypeVar("Parsed", Payment, AccessEvent, Label, PaymentStatus)


DEEPEST = 32


def read_json(body: bytes) -> Any:
    """Return the JSON value of a body; raises `Malformed`, also for one nested too deep."""
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"the body is not well-formed JSON: {error}") from None
    # Fewer brackets cannot nest deeper, and counting them costs nothing.
    if body.count(b"{") + body.count(b"[") > DEEPEST and _nested(given):
        raise Malformed(f"the body nests deeper than {DEEPEST} levels")
    return given


def _nested(given: Any) -> bool:
    level = [given] if type(given) in (dict, list) else []
    for _ in range(DEEPEST):
        parts = (one.values() if type(one) is dict else one for one in level)
        level = [one for part in parts for one in part if type(one) in (dict, list)]
        if not level:
            return False
    return True


def read_one(model: type[Parsed], body: bytes) -> Parsed:
    """Return the event of a body; raises `Malformed`, or InvalidEvent with every wrong field."""
    return parse(model, read_json(body), datetime.now(UTC))


def read_many(
    model: type[Parsed], body: bytes, field: str, limit: int
) -> list[Parsed | ServiceError]:
    """Return each event of a body `{field: [...]}`, or what is wrong with it.

    Raises `Malformed`, `Invalid` when the body has another form, `TooLarge` for too many events.
    """
    given = read_json(body)
    if not isinstance(given, dict) or not isinstance(given.get(field), list) or len(given) != 1:
        fix = f'send one JSON object {{"{field}": [...]}}'
        raise Invalid([Problem(field, "", "no list of this name, or more beside it", fix)])
    events = given[field]
    if len(events) > limit:
        raise TooLarge(f"{len(events)} items in one batch; send at most {limit}")
    now = datetime.now(UTC)
    return [_read(model, one, now) for one in events]


def _read(model: type[Parsed], given: Any, now: datetime) -> Parsed | ServiceError:
    try:
        return parse(model, given, now)
    except InvalidEvent as error:
        return Invalid(error.problems)


def answer(document: Any, status: int = 200) -> Response:
    """Return a JSON answer."""
    return Response(
        orjson.dumps(document, option=orjson.OPT_UTC_Z), status, media_type="application/json"
    )


def assessment_document(assessment: Assessment, duplicate: bool = False) -> dict[str, Any]:
    """Return what a caller gets to see of an assessment."""
    return assessment.document(duplicate)


def degraded_document(answered: Degraded) -> dict[str, Any]:
    """Return what a caller gets to see of an answer in time without a score."""
    return {
        "degraded": True,
        "stream": answered.event.stream,
        "event_id": answered.event.event_id,
        "kept": answered.kept,
        "left_out": answered.left_out,
        "because": answered.because,
        "advice": "review" if answered.hits else None,
        "watchlist_hits": answered.watchlist_hits,
    }


def item(index: int, outcome: Outcome) -> dict[str, Any]:
    """Return the answer to one event of a batch."""
    if isinstance(outcome, ServiceError):
        problem = outcome.document()
        if outcome.retry_after is not None:
            # One answer has one header; what waits here is one item of it.
            problem["retry_after"] = outcome.retry_after
        return {"index": index, "status": outcome.status, "problem": problem}
    if isinstance(outcome, Degraded):
        return {"index": index, "status": 200, "degraded": degraded_document(outcome)}
    document = assessment_document(outcome.assessment, outcome.duplicate)
    return {"index": index, "status": 200, "assessment": document}


def fill(places: Sequence[Any], worked: Sequence[Any]) -> list[Any]:
    """Return `places` with every valid item replaced, in order, by what became of it."""
    outcomes = iter(worked)
    return [one if isinstance(one, ServiceError) else next(outcomes) for one in places]
