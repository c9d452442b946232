"""Who calls, and the service they call."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from serving import requests
from serving.auth import Principal, Scope
from serving.rates import Spent
from serving.service import Service

_bearer = HTTPBearer(
    scheme_name="api_key",
    bearerFormat="cf_<prefix>_<secret>",
    description="An API key, made by `crossflag keys create`, whose scopes say what it may do; "
    "or a signed token (JWT) of an issuer that the service knows.",
    auto_error=False,
)


async def service_of(request: Request) -> Service:
    """Return the running service's use cases."""
    service: Service = request.app.state.service
    return service


async def principal_of(
    service: Annotated[Service, Depends(service_of)],
    presented: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Principal:
    """Return who holds the key of the request; raises `Unauthorized`, or `Spent`."""
    caller = await identified(service, presented.credentials if presented else None)
    take(service, caller)
    return caller


async def entered(request: Request, scope: Scope) -> tuple[Service, Principal]:
    """Return the service and its caller, without the price of dependencies: for busy routes.

    Raises `Unauthorized`, `Forbidden` without the scope, or `Spent`. The OpenAPI entry must name
    `SECURITY` itself.
    """
    service: Service = request.app.state.service
    kind, _, presented = request.headers.get("authorization", "").partition(" ")
    caller = await identified(service, presented if kind.lower() == "bearer" else None)
    take(service, caller, scope)
    caller.require(scope)
    return service, caller


async def identified(service: Service, presented: str | None) -> Principal:
    """Return who holds a key, or a signed token; raises `Unauthorized`, `Unavailable`."""
    # A token is three parts with dots between; no key has a dot.
    if presented is not None and presented.count(".") == 2:
        return await service.tokens.principal(presented)
    return await service.keys.principal(presented)


def take(service: Service, caller: Principal, scope: Scope | None = None) -> None:
    """Take the request out of the caller's quota, and let the answer say what is left of it.

    Raises `Spent` when nothing is left.
    """
    request = requests.current.get() or requests.Request("")
    try:
        request.quota = service.rates.take(caller, scope)
    except Spent as spent:
        request.quota = spent.quota
        service.metrics.refused.labels("rate").inc()
        raise


SECURITY: list[dict[str, list[str]]] = [{_bearer.scheme_name: []}]
Use = Annotated[Service, Depends(service_of)]
Caller = Annotated[Principal, Depends(principal_of)]
