"""The models in use: each stream's champion, its thresholds and measures, and how it got there."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fastapi import APIRouter, Response

from features.catalog import CATALOGUES
from models.bundle import Bundle
from models.champion import Promotion, history
from serving.champions import Champions
from serving.errors import Unavailable
from serving.ui.http import ROOT, ConsoleRoute, page
from serving.ui.session import SignedIn, Use

router = APIRouter(prefix=ROOT, route_class=ConsoleRoute, include_in_schema=False)


@dataclass(frozen=True)
class Champion:
    """One stream's model; `missing` says why there is none."""

    stream: str
    bundle: Bundle | None
    missing: str
    promotions: tuple[tuple[datetime, Promotion], ...]


@router.get("/models")
async def show_models(session: SignedIn, service: Use) -> Response:
    """Show the champion of each stream."""
    session.principal.require("read")
    champions = [await _champion(service.champions, stream) for stream in CATALOGUES]
    return page("models.html", session=session, here="models", champions=champions)


async def _champion(champions: Champions, stream: str) -> Champion:
    promotions = await asyncio.to_thread(_promotions, champions.models_dir, stream)
    try:
        return Champion(stream, champions.scorer(stream).bundle, "", promotions)
    except Unavailable as error:
        return Champion(stream, None, str(error), promotions)


def _promotions(models_dir: Path, stream: str) -> tuple[tuple[datetime, Promotion], ...]:
    """Return every promotion with its time, the newest first."""
    records = history(models_dir, stream)
    return tuple((datetime.fromisoformat(record.at), record) for record in reversed(records))
