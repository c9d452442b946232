"""The second person: what was proposed, put in force or turned down by somebody signed in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from features.catalog import CATALOGUES
from features.errors import Problem
from models import champion
from models.errors import ModelError
from models.promotions import Person, Promotion, documents_of
from serving import audit
from serving.auth import Principal
from serving.errors import Conflict, Invalid, NotFound
from serving.sequencer import Sequencer, Turn

LONGEST_REASON = 2_000
_Act = Callable[[Path, str, Person, str, str], Promotion]


class Promotions:
    """Decides on proposals. A model serves every member, so this is a right of its own: `models`.

    The record beside the bundle is the truth; the audit log says that it was made.
    """

    def __init__(self, sequencer: Sequencer, models_dir: Path) -> None:
        self._sequencer = sequencer
        self._models_dir = models_dir

    async def approve(self, principal: Principal, stream: str, version: str, why: str) -> Promotion:
        """Put the proposed version in force.

        Raises `Forbidden` without the scope `models`, `Invalid` without a reason, `NotFound` for an
        unknown stream, and `Conflict` when the caller proposed it, it is not what waits, or the
        champion has changed since.
        """
        return await self._decide(
            champion.approve, "model.approve", principal, stream, version, why
        )

    async def reject(self, principal: Principal, stream: str, version: str, why: str) -> Promotion:
        """Turn the proposed version down; raises as `approve` does."""
        return await self._decide(champion.reject, "model.reject", principal, stream, version, why)

    def document(self, principal: Principal, stream: str, version: str, name: str) -> bytes:
        """Return a paper about a version; raises `NotFound`, or `Forbidden` without `read`."""
        principal.require("read")
        shelf = documents_of(self._models_dir / stream, version)
        known = {path.name: path for path in shelf.glob("*")} if stream in CATALOGUES else {}
        # Only what is listed there is read: a name from an address is never a path.
        if shelf.parent != self._models_dir / stream or name not in known:
            raise NotFound(f"there is no {name} of {stream} model {version}")
        return known[name].read_bytes()

    async def _decide(
        self, act: _Act, name: str, principal: Principal, stream: str, version: str, why: str
    ) -> Promotion:
        principal.require("models")
        if stream not in CATALOGUES:
            raise NotFound(f"there is no stream {stream!r}")
        if not why.strip() or len(why) > LONGEST_REASON:
            fix = f"say why, in {LONGEST_REASON:,} characters at most; it is kept"
            raise Invalid([Problem("why", why[:40], "no usable reason", fix)])
        person = Person(principal.name, "console")
        try:
            done = await asyncio.to_thread(
                act, self._models_dir, stream, person, why.strip(), version
            )
        except ModelError as error:
            raise Conflict(str(error)) from error

        def note(turn: Turn) -> None:
            audit.note(
                turn.unit, principal, name, f"{stream}/{version}", bundle_hash=done.bundle_hash
            )

        await self._sequencer.submit(note)
        return done
