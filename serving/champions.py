"""The models in use: each stream's champion, followed by its pointer without a restart."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from features.catalog import CATALOGUES
from features.errors import CrossflagError
from models.bundle import Bundle
from models.champion import champion
from models.runtime import Scorer
from serving.errors import Unavailable
from serving.metrics import Metrics

_log = logging.getLogger("crossflag")
_SECONDS = 1.0


class Champions:
    """Scorers by stream. A new one replaces the old whole, once it is loaded and checked."""

    def __init__(self, models_dir: Path, metrics: Metrics) -> None:
        self.models_dir = models_dir
        self.missing: dict[str, str] = {}
        self._metrics = metrics
        self._scorers: dict[str, Scorer] = {}
        self._seen: dict[str, Path | None] = {}

    def scorer(self, stream: str) -> Scorer:
        """Return the stream's champion; raises `Unavailable` when there is none to use."""
        if stream not in self._scorers:
            raise Unavailable(self.missing.get(stream, f"no champion for {stream} yet"), 5)
        return self._scorers[stream]

    def versions(self) -> dict[str, str]:
        """Return the version in use for each stream that has a champion."""
        return {stream: one.bundle.version for stream, one in self._scorers.items()}

    def refresh(self) -> list[Bundle]:
        """Load what was promoted since the last look and return it; what fails is said and kept."""
        return [bundle for stream in CATALOGUES if (bundle := self._refresh(stream)) is not None]

    async def follow(self, seen: asyncio.Queue[Bundle]) -> None:
        """Look every second, until cancelled; each new champion is put into `seen`."""
        while True:
            await asyncio.sleep(_SECONDS)
            for bundle in await asyncio.to_thread(self.refresh):
                seen.put_nowait(bundle)

    def _refresh(self, stream: str) -> Bundle | None:
        try:
            directory = champion(self.models_dir, stream)
            if directory is None:
                self.missing[stream] = f"no champion for {stream}: run crossflag train --promote"
                return None
            if self._seen.get(stream) == directory:
                return None
            scorer = Scorer(Bundle.load(directory), CATALOGUES[stream])
        except (CrossflagError, OSError) as error:
            reason = f"the champion for {stream} cannot be used: {error}"
            if self.missing.get(stream) != reason:
                _log.error("%s", reason)
            self.missing[stream] = reason
            return None
        self._note(stream, scorer)
        self._seen[stream] = directory
        return scorer.bundle

    def _note(self, stream: str, scorer: Scorer) -> None:
        old = self._scorers.get(stream)
        if old is not None:
            self._metrics.champion.remove(stream, old.bundle.version)
        self._metrics.champion.labels(stream, scorer.bundle.version).set(1)
        self._scorers = {**self._scorers, stream: scorer}
        self.missing.pop(stream, None)
