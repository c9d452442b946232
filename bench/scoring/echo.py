"""The bare FastAPI service that others are measured by: it reads a payment's fields and echoes.

A model of plain types, no check of ours, and an answer of the same fields: what any service built
on FastAPI pays before it does anything. Run as `python -m bench.scoring.echo PORT`.
"""

# ruff: noqa: D101, D103 - FastAPI shows what stands there as the service's own documentation

import sys

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel


class Payment(BaseModel):
    event_id: str
    time: str
    currency: str
    amount: str
    debtor_account: str
    creditor_account: str
    debtor_account_scheme: str | None = None
    debtor_account_country: str | None = None
    debtor_agent: str | None = None
    debtor_agent_country: str | None = None
    debtor_name: str | None = None
    debtor_country: str | None = None
    creditor_account_scheme: str | None = None
    creditor_account_country: str | None = None
    creditor_agent: str | None = None
    creditor_agent_country: str | None = None
    creditor_name: str | None = None
    creditor_country: str | None = None
    ultimate_debtor_name: str | None = None
    ultimate_debtor_country: str | None = None
    ultimate_creditor_name: str | None = None
    ultimate_creditor_country: str | None = None
    intermediary_agents: list[str] = []
    customer_id: str | None = None
    channel: str | None = None
    purpose: str | None = None
    remittance_text: str | None = None
    payee_verification: str | None = None
    device_id: str | None = None
    ip_address: str | None = None
    truncated: bool = False


class Payments(BaseModel):
    events: list[Payment]


app = FastAPI()


@app.get("/readyz")
async def ready() -> None: ...


@app.post("/v1/payments/score")
async def one(payment: Payment) -> Payment:
    return payment


@app.post("/v1/payments/score-batch")
async def many(payments: Payments) -> Payments:
    return payments


if __name__ == "__main__":
    uvicorn.run(
        app,
        port=int(sys.argv[1]),
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
    )
