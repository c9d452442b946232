"""Histories on disk beside the log, so that a start reads the log's tail and not all of it.

A snapshot holds the pools of members whom agreements tie together (mostly one member) as they were
right after one entry of the log. It is a folder that appears whole. One that is damaged, or made
for other features, reference data, agreements or another log, is named and left: the log decides.
"""

from __future__ import annotations

import copy
import hashlib
import logging
import os
import shutil
from collections.abc import Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from features.engine import Engine
from features.errors import UnusableSnapshot
from features.state import State
from serving.pools import Pool, Pools
from serving.store import log
from serving.store.database import Database, View
from serving.store.unit import StoreFailure

_log = logging.getLogger("crossflag")
_KEPT = 2
_PART = 10
Group = tuple[str, ...]
"""Members whom agreements tie together, in order."""


@dataclass(frozen=True)
class Restored:
    """Up to which entry a group's history is in memory, and when that was received (µs)."""

    sequence: int = 0
    received_at: int = 0


class Snapshots:
    """Writes and reads snapshots under `folder`; used by the one thread that owns the pools.

    One is due when a tenth of a group's entries are new, and `every` at least: so much is written
    as came in, and the tail that a start must read stays a small part of the log.
    """

    def __init__(self, folder: Path, every: int) -> None:
        self._folder = folder
        self._every = every
        self._written: dict[Group, int] = {}
        self._aside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="crossflag-snapshot")
        self._writing: Future[None] | None = None

    def restore(self, pools: Pools, group: Group, view: View) -> Restored:
        """Put a group's newest usable snapshot into `pools`; without one all is left to the log."""
        for folder in self._of(group):
            try:
                found, restored = _read(folder, pools, group, view)
            except (UnusableSnapshot, OSError) as error:
                _log.warning(
                    "snapshot %s of %s cannot be used: %s; more of the log is read instead",
                    folder.name,
                    ", ".join(group),
                    error,
                )
                continue
            pools.put(found)
            self._written[group] = _entries(found)
            return restored
        return Restored()

    def between_commits(self, database: Database, pools: Pools, members: Collection[str]) -> None:
        """Begin the snapshot of one group that is due: copied now, written by another thread."""
        if self._writing is not None and not self._writing.done():
            return
        for group in pools.groups(members):
            held = pools.of(group)
            entries = _entries(held)
            if entries - self._written.get(group, 0) < max(self._every, entries // _PART):
                continue
            self._written[group] = entries
            frozen = [_frozen(pool) for pool in held]
            ties = _ties(pools, group)
            self._writing = self._aside.submit(self._write, database, group, frozen, ties)
            return

    def at_the_end(self, database: Database, pools: Pools) -> None:
        """Write what is new of every group that is in memory, and wait for it."""
        self._aside.shutdown()
        for group in pools.groups(pools.members()):
            held = pools.of(group)
            if _entries(held) > self._written.get(group, 0):
                self._write(database, group, held, _ties(pools, group))

    def _of(self, group: Group) -> list[Path]:
        """Return a group's snapshots, the newest first."""
        name = hashlib.blake2b(orjson.dumps(group), digest_size=8).hexdigest()
        found = [path for path in (self._folder / name).glob("*") if path.name.isdecimal()]
        return sorted(found, key=lambda path: int(path.name), reverse=True)

    def _write(self, database: Database, group: Group, held: Sequence[Pool], ties: str) -> None:
        last = max(pool.position for pool in held)
        try:
            entry = database.read(lambda view: log.entry_at(view, last))
            if entry is None:
                raise UnusableSnapshot("the log lacks the entry that it would end with")
            name = hashlib.blake2b(orjson.dumps(group), digest_size=8).hexdigest()
            place = self._folder / name / str(last)
            beside = place.with_name(f"{last}.{os.getpid()}.part")
            # What a kill left of one that was being written; only one is at a time.
            for part in place.parent.glob("*.part"):
                shutil.rmtree(part, ignore_errors=True)
            # Histories hold amounts and keyed identities: for the service's own eyes.
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            beside.mkdir(parents=True)
            for number, pool in enumerate(held):
                about = {
                    **{"group": group, "ties": ties, "pools": len(held), "pool": pool.name},
                    **{"position": pool.position, "entries": pool.entries},
                    "last": entry.body_hash.hex(),
                }
                pool.engine.snapshot(beside / f"{number}.rings", about)
            with suppress(FileExistsError):
                beside.rename(place)
            shutil.rmtree(beside, ignore_errors=True)
            for old in self._of(group)[_KEPT:]:
                shutil.rmtree(old)
        except (OSError, UnusableSnapshot, StoreFailure) as error:
            # The text of a database's error may hold values; that of the others does not.
            why = type(error).__name__ if isinstance(error, StoreFailure) else error
            _log.error("no snapshot of %s was written: %s", ", ".join(group), why)


def _read(folder: Path, pools: Pools, group: Group, view: View) -> tuple[list[Pool], Restored]:
    found: list[Pool] = []
    about: dict[str, Any] = {}
    for path in sorted(folder.iterdir()):
        engine = Engine(pools.reference)
        about = engine.restore(path)
        if (about["group"], about["ties"]) != (list(group), _ties(pools, group)):
            raise UnusableSnapshot("it was made under other agreements")
        found.append(Pool(about["pool"], engine, about["position"], about["entries"]))
    if not found or len(found) != about["pools"]:
        raise UnusableSnapshot("a part of it is missing")
    last = max(pool.position for pool in found)
    entry = log.entry_at(view, last)
    if entry is None or entry.member not in group or entry.body_hash.hex() != about["last"]:
        raise UnusableSnapshot("the log does not hold the entry that it ends with")
    return found, Restored(last, entry.received_at)


def _entries(pools: Sequence[Pool]) -> int:
    return sum(pool.entries for pool in pools)


def _ties(pools: Pools, group: Group) -> str:
    """Return what the history of a group rests on besides its events: its agreements."""
    ties = [asdict(one) for one in pools.agreements if not set(group).isdisjoint(one.members)]
    return orjson.dumps(ties).decode()


def _frozen(pool: Pool) -> Pool:
    engine = copy.copy(pool.engine)
    engine.state = State(*(part.copy() for part in engine.state))
    return Pool(pool.name, engine, pool.position, pool.entries)
