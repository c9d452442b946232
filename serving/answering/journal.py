"""Events that are to be scored later, on this machine's own disk until that is done.

A folder of segments, each a file of JSON lines. A line that is answered for is flushed to disk; one
without its end was cut off by the end of the process and answered for to nobody. A segment is
removed once every event of it has its assessment: a kill at any time repeats work and loses none.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from serving.auth import Principal
from serving.clock import now
from serving.errors import Unavailable
from serving.scoring import Scorable


@dataclass(frozen=True)
class Entry:
    """An event in its canonical form, who sent it, and when it was put off (microseconds)."""

    member: str
    country: str
    actor: str
    stream: str
    body: str
    at: int

    @classmethod
    def of(cls, principal: Principal, event: Scorable) -> Entry:
        """Return the entry of an event that cannot be scored now."""
        body = event.canonical().decode()
        return cls(principal.member, principal.country, principal.name, event.stream, body, now())


class Journal:
    """Segments under `folder`; at most `capacity` events wait in them."""

    def __init__(self, folder: Path, capacity: int) -> None:
        self._folder = folder
        self._capacity = capacity
        self._lock = threading.Lock()
        self._open: Path | None = None
        self._last = max((int(path.stem) for path in self.segments()), default=0)
        self.waiting = sum(len(self.entries(path)) for path in self.segments())
        """Events that are to be scored."""

    async def keep(self, entries: Sequence[Entry]) -> None:
        """Return once the entries are on the disk.

        Raises `Unavailable` when there is no room for them, OSError when the disk refuses them.
        """
        await asyncio.to_thread(self._write, entries)

    def _write(self, entries: Sequence[Entry]) -> None:
        text = b"".join(orjson.dumps(asdict(entry)) + b"\n" for entry in entries)
        with self._lock:
            if self.waiting + len(entries) > self._capacity:
                raise Unavailable("too many events wait to be scored later; send it again")
            if self._open is None:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._last += 1
                self._open = self._folder / f"{self._last:08d}.jsonl"
            handle = os.open(self._open, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
            try:
                before = os.fstat(handle).st_size
                try:
                    if os.write(handle, text) != len(text):
                        raise OSError("the disk took a part only")
                    os.fsync(handle)
                except OSError:
                    os.ftruncate(handle, before)
                    raise
            finally:
                os.close(handle)
            if before == 0:
                _flush_folder(self._folder)
            self.waiting += len(entries)

    def segments(self) -> list[Path]:
        """Return every segment, the oldest first."""
        return sorted(path for path in self._folder.glob("*.jsonl") if path.stem.isdecimal())

    def closed(self) -> list[Path]:
        """Return every segment, after which new entries go to a new one."""
        with self._lock:
            self._open = None
            return self.segments()

    def entries(self, segment: Path) -> list[Entry]:
        """Return a segment's whole lines."""
        *lines, _ = segment.read_bytes().split(b"\n")
        return [Entry(**orjson.loads(line)) for line in lines]

    def done(self, segment: Path, count: int) -> None:
        """Remove a segment whose `count` events have their assessments."""
        with self._lock:
            segment.unlink()
            self.waiting -= count


def _flush_folder(folder: Path) -> None:
    """Make a new file's name as durable as its content."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
