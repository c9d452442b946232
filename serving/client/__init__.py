"""A client of the service: synchronous (`Client`) and asynchronous (`AsyncClient`), over httpx.

```python
from serving.client import Client

with Client("https://crossflag.example", key="cf_...") as service:
    answer = service.score_payment(
        {"event_id": "p-1", "time": "2026-05-01T09:30:00Z", "amount": "950.00", "currency": "EUR"}
    )
    if answer["advice"] != "clear":
        print(answer["reasons"])
```

It imports nothing else of Crossflag, so that a program that calls the service loads no model.
"""

from __future__ import annotations

from serving.client.answers import (
    Assessment,
    BatchItem,
    CaseSummary,
    LabelItem,
    Problem,
    QueuePage,
    Readiness,
    Reason,
    StatusItem,
)
from serving.client.calls import RefusedError, Retries, UnreachableError
from serving.client.clients import AsyncClient, Client

__all__ = [
    "Assessment",
    "AsyncClient",
    "BatchItem",
    "CaseSummary",
    "Client",
    "LabelItem",
    "Problem",
    "QueuePage",
    "Readiness",
    "Reason",
    "RefusedError",
    "Retries",
    "StatusItem",
    "UnreachableError",
]
