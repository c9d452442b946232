"""Who calls, and the service they call."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from serving.auth import Principal, Scope
from serving.service import Service

_bearer = HTTPBearer(
    scheme_name="api_key",
    bearerFormat="cf_<prefix>_<secret>",
    description="An API key, made by `crossflag keys create`; its scopes say what it may do.",
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
    """Return who holds the key of the request; raises `Unauthorized`."""
    return await service.keys.principal(presented.credentials if presented else None)


async def entered(request: Request, scope: Scope) -> tuple[Service, Principal]:
    """Return the service and its caller, without the price of dependencies: for busy routes.

    Raises `Unauthorized`, or `Forbidden` without the scope. The route's OpenAPI entry must name
    `SECURITY` itself.
    """
    service: Service = request.app.state.service
    kind, _, presented = request.headers.get("authorization", "").partition(" ")
    caller = await service.keys.principal(presented if kind.lower() == "bearer" else None)
    caller.require(scope)
    return service, caller


SECURITY: list[dict[str, list[str]]] = [{_bearer.scheme_name: []}]
Use = Annotated[Service, Depends(service_of)]
Caller = Annotated[Principal, Depends(principal_of)]
