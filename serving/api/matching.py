"""The route of matching: what yente's clients ask, answered in its form."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from models.names import THRESHOLD
from serving.api.callers import Caller, Use
from serving.api.schemas import problems
from serving.watchlists.matching import BATCH, Options

router = APIRouter(prefix="/v1/match", tags=["watchlists"])


class MatchQuery(BaseModel):
    """An entity to look for: its schema and properties, as FollowTheMoney names them."""

    model_config = ConfigDict(extra="ignore")

    schema_: str = Field(alias="schema", max_length=50)
    properties: dict[str, list[str] | str]


class MatchQueries(BaseModel):
    """Questions by names of the caller's own; yente's weights and settings are passed over."""

    model_config = ConfigDict(extra="ignore")

    queries: dict[str, MatchQuery] = Field(max_length=BATCH)


class MatchTotal(BaseModel):
    """How many records were found, before the limit."""

    value: int
    relation: str


class MatchResult(BaseModel):
    """A record like the question."""

    id: str
    caption: str
    schema_: str = Field(alias="schema")
    properties: dict[str, list[str]]
    datasets: list[str]
    """The list that it stands on."""
    referents: list[str]
    target: bool
    """False for a missing person or a victim: to be protected, no risk."""
    features: dict[str, float]
    explanations: dict[str, Any]
    score: float
    match: bool


class MatchResponse(BaseModel):
    """The answer to one question."""

    status: int
    results: list[MatchResult]
    total: MatchTotal
    query: MatchQuery


class MatchAnswer(BaseModel):
    """The answers, by the names of the questions."""

    responses: dict[str, MatchResponse]
    matcher: dict[str, dict[str, str]]
    limit: int


Limit = Annotated[int, Query(ge=1, le=100, description="Records in an answer, at most.")]
Threshold = Annotated[float, Query(ge=0, le=1, description="Score from which it is a match.")]
Cutoff = Annotated[float, Query(ge=0.3, le=1, description="Least score of what is shown.")]


@router.post(
    "", operation_id="match", response_model=MatchAnswer, responses=problems(400, 404, 413, 422)
)
async def match(
    service: Use,
    caller: Caller,
    body: MatchQueries,
    limit: Limit = 5,
    threshold: Threshold = THRESHOLD,
    cutoff: Cutoff = 0.5,
) -> dict[str, Any]:
    """Return the records of all lists that are like the entities asked for."""
    return await match_list(service, caller, "default", body, limit, threshold, cutoff)


@router.post(
    "/{scope}",
    operation_id="match_list",
    response_model=MatchAnswer,
    responses=problems(400, 404, 413, 422),
)
async def match_list(
    service: Use,
    caller: Caller,
    scope: str,
    body: MatchQueries,
    limit: Limit = 5,
    threshold: Threshold = THRESHOLD,
    cutoff: Cutoff = 0.5,
) -> dict[str, Any]:
    """Return the records of one list (`default` is all) that are like the entities asked for."""
    queries = {key: query.model_dump(by_alias=True) for key, query in body.queries.items()}
    options = Options(limit, threshold, min(cutoff, threshold))
    return await asyncio.to_thread(service.matching.match, caller, queries, scope, options)
