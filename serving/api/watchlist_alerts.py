"""Routes of watchlists' alerts: customers who met a record, judged by people."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from serving.api.bodies import answer
from serving.api.callers import Caller, Use
from serving.api.schemas import problems
from serving.watchlists.alerts import DAYS, Alert, AlertState, Verdict

router = APIRouter(prefix="/v1/watchlist-alerts", tags=["watchlists"])
_CHANGES = problems(404, 409, 503)


class AlertsPage(BaseModel):
    """Alerts, the surest first."""

    alerts: list[Alert]


class JudgementBody(BaseModel):
    """Whether the customer is whom the record means."""

    verdict: Verdict
    reason: str = Field(examples=["Born in another year, other nationality."])
    """1 to 4,000 characters."""
    days: int = DAYS
    """Of a false one: for how many days the record is held back for this customer (1,095)."""


@router.get(
    "", operation_id="list_watchlist_alerts", response_model=AlertsPage, responses=problems(422)
)
async def list_watchlist_alerts(
    service: Use,
    caller: Caller,
    state: Annotated[list[AlertState] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """List alerts, open ones unless told; `state=freeze` is the freeze-and-report queue."""
    states = tuple(dict.fromkeys(state)) if state else ("open",)
    return answer({"alerts": await service.alerts.list(caller, states, limit)})


@router.post(
    "/{alert_id}/judgement",
    operation_id="judge_watchlist_alert",
    response_model=Alert,
    responses=problems(400, 404, 409, 413, 422, 503),
)
async def judge_watchlist_alert(
    alert_id: str, body: JudgementBody, service: Use, caller: Caller
) -> Response:
    """Judge an alert: true (with a sanction: freeze and report) or false (held back for days)."""
    return answer(
        await service.alerts.judge(caller, alert_id, body.verdict, body.reason, body.days)
    )


@router.post(
    "/{alert_id}/reopen",
    operation_id="reopen_watchlist_alert",
    response_model=Alert,
    responses=_CHANGES,
)
async def reopen_watchlist_alert(alert_id: str, service: Use, caller: Caller) -> Response:
    """Undo a judgement that was not reported yet."""
    return answer(await service.alerts.reopen(caller, alert_id))


@router.post(
    "/{alert_id}/reported",
    operation_id="report_watchlist_alert",
    response_model=Alert,
    responses=_CHANGES,
)
async def report_watchlist_alert(alert_id: str, service: Use, caller: Caller) -> Response:
    """Say that the assets are frozen and the authority is told; it leaves the queue."""
    return answer(await service.alerts.reported(caller, alert_id))
