"""The worker: the service fed by Kafka; HTTP is left for those who look after it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from features.errors import Problem
from serving import __version__
from serving.api import guard, health, problems
from serving.auth import Principal
from serving.errors import Invalid
from serving.service import Service
from serving.settings import Settings
from serving.streams.consuming import Consumer


def create_worker(settings: Settings) -> FastAPI:
    """Return the worker as an ASGI application with `/healthz`, `/readyz` and `/metrics`.

    Starting it starts the service and joins the consumer group; stopping it finishes the batch at
    hand, leaves the group and stops the service. Raises `Invalid` without the extra `[streams]` or
    without CROSSFLAG_KAFKA, StoreError or BadReference when the service cannot be made.
    """
    try:
        from serving.streams.kafka import Kafka
    except ModuleNotFoundError as error:
        fix = "install crossflag[streams]"
        raise Invalid([Problem("worker", "", f"{error.name} is missing", fix)]) from error
    if settings.kafka is None:
        fix = "set it to the brokers, as HOST:PORT"
        raise Invalid([Problem("CROSSFLAG_KAFKA", "", "the worker needs to know its broker", fix)])
    service = Service(settings, on_demand=True)

    async def principal_of(member: str) -> Principal | None:
        return await service.keys.sender(member)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await service.start()
        kafka = Kafka(settings)
        consumer = Consumer(
            kafka,
            service.metrics,
            assess=service.assessor.assess_mixed,
            principal_of=principal_of,
            release=lambda members: service.ownership.release(service.agreements.together(members)),
            limit=settings.body_limit,
            group=settings.group_size,
        )
        service.hindrances.append(lambda: consumer.waiting_for)
        try:
            await kafka.start(consumer)
            yield
        finally:
            consumer.stopping = True
            await kafka.stop()
            await service.stop()

    app = FastAPI(
        title="Crossflag worker",
        version=__version__,
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = service
    app.include_router(health.router)
    problems.register(app)
    app.add_middleware(guard.Guard, metrics=service.metrics, body_limit=settings.body_limit)
    return app
