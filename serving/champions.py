"""The models in use: each stream's champion and challenger, followed without a restart."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from features.catalog import CATALOGUES
from features.errors import CrossflagError
from models.bundle import Bundle
from models.challenger import challenger
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
        self.challengers_missing: dict[str, str] = {}
        """Why a challenger that is named is not scored."""
        self._metrics = metrics
        self._scorers: dict[str, Scorer] = {}
        self._challengers: dict[str, Scorer] = {}
        self._seen: dict[str, Path | None] = {}

    def scorer(self, stream: str) -> Scorer:
        """Return the stream's champion; raises `Unavailable` when there is none to use."""
        if stream not in self._scorers:
            raise Unavailable(self.missing.get(stream, f"no champion for {stream} yet"), 5)
        return self._scorers[stream]

    def challenger(self, stream: str) -> Scorer | None:
        """Return the model that is scored beside the stream's champion, None without one."""
        return self._challengers.get(stream)

    def versions(self) -> dict[str, str]:
        """Return the version in use for each stream that has a champion."""
        return {stream: one.bundle.version for stream, one in self._scorers.items()}

    def refresh(self) -> list[Bundle]:
        """Load what was promoted since the last look and return it; what fails is said and kept."""
        for stream in CATALOGUES:
            self._refresh_challenger(stream)
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
                # The pointer may have come back from a model that could not be used.
                self._usable(stream, True)
                return None
            scorer = Scorer(Bundle.load(directory), CATALOGUES[stream])
        except (CrossflagError, OSError) as error:
            reason = f"the champion for {stream} cannot be used: {error}"
            if self.missing.get(stream) != reason:
                _log.error("%s", reason)
            self.missing[stream] = reason
            self._usable(stream, False)
            return None
        self._note(stream, scorer)
        self._seen[stream] = directory
        return scorer.bundle

    def _usable(self, stream: str, usable: bool) -> None:
        self._metrics.champion_unusable.labels(stream).set(0 if usable else 1)
        if usable:
            self.missing.pop(stream, None)

    def _note(self, stream: str, scorer: Scorer) -> None:
        old = self._scorers.get(stream)
        if old is not None:
            self._metrics.champion.remove(stream, old.bundle.version)
        self._metrics.champion.labels(stream, scorer.bundle.version).set(1)
        self._scorers = {**self._scorers, stream: scorer}
        self._usable(stream, True)

    def _refresh_challenger(self, stream: str) -> None:
        old = self._challengers.get(stream)
        try:
            directory = challenger(self.models_dir, stream)
            version = None if directory is None else directory.name
            if version == (None if old is None else old.bundle.version):
                self.challengers_missing.pop(stream, None)
                return
            new = None
            if directory is not None:
                new = Scorer(Bundle.load(directory), CATALOGUES[stream])
        except (CrossflagError, OSError) as error:
            reason = f"the challenger for {stream} cannot be used: {error}"
            if self.challengers_missing.get(stream) != reason:
                _log.error("%s", reason)
            self.challengers_missing[stream] = reason
            return
        self.challengers_missing.pop(stream, None)
        if old is not None:
            self._metrics.challenger.remove(stream, old.bundle.version)
        others = {name: one for name, one in self._challengers.items() if name != stream}
        if new is None:
            self._challengers = others
        else:
            self._metrics.challenger.labels(stream, new.bundle.version).set(1)
            self._challengers = {**others, stream: new}
