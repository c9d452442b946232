"""Rows become the use cases' records, and times become microseconds and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from serving.assessments import Assessment, Counterfactual, Reason, Unusual

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(time: int) -> datetime:
    """Return the instant that lies `time` microseconds after 1970-01-01 UTC."""
    return EPOCH + timedelta(microseconds=time)


def optional_moment(time: int | None) -> datetime | None:
    """Return the instant, None for None."""
    return None if time is None else moment(time)


def microseconds(time: datetime) -> int:
    """Return whole microseconds since 1970-01-01 UTC."""
    return (time - EPOCH) // timedelta(microseconds=1)


def assessment_of(row: Mapping[Any, Any]) -> Assessment:
    """Return the assessment that a row of the table holds."""
    return Assessment(
        assessment_id=row["assessment_id"],
        member=row["member"],
        stream=row["stream"],
        event_id=row["event_id"],
        advice=row["advice"],
        because=tuple(orjson.loads(row["because"])),
        probability=row["probability"],
        reasons=tuple(Reason(**reason) for reason in orjson.loads(row["reasons"])),
        model_name=row["model_name"],
        model_version=row["model_version"],
        feature_set=row["feature_set"],
        reference_version=row["reference_version"],
        thresholds=orjson.loads(row["thresholds"]),
        case_id=row["case_id"],
        late=row["late"],
        amount_reference=row["amount_reference"],
        received_at=moment(row["received_at"]),
        pool=row["pool"],
        counterfactual=_counterfactual(row["counterfactual"]),
        watchlist_hits=tuple(orjson.loads(row["watchlist_hits"] or "[]")),
        review_propensity=row["review_propensity"],
        novelty=row["novelty"],
        unusual=tuple(Unusual(**one) for one in orjson.loads(row["unusual"] or "[]")),
    )


def _counterfactual(text: str | None) -> Counterfactual | None:
    return None if text is None else Counterfactual(**orjson.loads(text))
