"""One pool's history: an event comes in, its features go out, and it becomes history.

`features.batch` takes whole tables through the same kernel; both give the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from features import kernel, layout, snapshots
from features.catalog import PROGRAM
from features.columns import NAMES, Encoder
from features.definitions import RING_STREAMS
from features.events import AccessEvent, Finding, Label, Payment
from features.program import Program
from features.reference import Reference
from features.state import empty_state, grown

_STREAM_NUMBER: dict[str, int] = {stream: number for number, stream in enumerate(RING_STREAMS)}
_AMOUNT = NAMES["payment"].index("amount")


@dataclass(frozen=True)
class Step:
    """What one event's step gave: features in catalogue order, and what to say about it.

    `late` is true when the event came too late to become part of some history;
    `amount_reference` is in EUR cents, None without an exchange rate or for an access event.
    """

    features: npt.NDArray[np.float64]
    late: bool
    amount_reference: int | None


class Engine:
    """The rings of one pool (a member, or members joined by agreement), in memory.

    Not safe for use from several threads: one owner steps it in the order of its log.
    """

    def __init__(self, reference: Reference, program: Program = PROGRAM) -> None:
        self._encoder = Encoder(reference)
        self.program = program
        self.state = empty_state(program.tables)
        self._registers = np.empty(program.registers, np.float64)

    def step(self, event: Payment | AccessEvent) -> Step:
        """Return the event's features from history as of now, then record the event."""
        row = self._encoder.row(event)
        stream = _STREAM_NUMBER[event.stream]
        features = np.empty(len(self.program.catalogues[event.stream].features), np.float64)
        self._make_room()
        late = bool(
            kernel.step(self.program.tables, self.state, stream, row, self._registers, features)
        )
        amount = int(row[_AMOUNT]) if isinstance(event, Payment) else layout.MISSING
        return Step(features, late, None if amount == layout.MISSING else amount)

    def record(self, event: Payment | AccessEvent) -> bool:
        """Record an event without computing its features; return whether it came too late."""
        return self._record(_STREAM_NUMBER[event.stream], self._encoder.row(event))

    def label(self, event: Payment | AccessEvent, label: Label, previous: Finding | None) -> bool:
        """Record what became known of an earlier event, as of `label.known_at`.

        `previous` is what was established of the event before, None when nothing was; a correction
        counts only the difference, and a suspicion nothing. Returns whether it came too late to be
        recorded.
        """
        finding = label.finding
        if finding is None:
            return False
        row = label_row(self._encoder.row(event), label.known_at_us, finding, previous)
        return self._record(_STREAM_NUMBER[f"{event.stream}_label"], row)

    def retract(self, payment: Payment) -> bool:
        """Take a payment's values out of history, as of now: it was rejected, returned or recalled.

        It still counts as an attempt. Returns whether some history no longer held it.
        """
        return self._record(_STREAM_NUMBER["payment_return"], self._encoder.row(payment))

    def snapshot(self, path: Path, about: dict[str, Any]) -> None:
        """Write the histories to a file (see `features.snapshots`); `about` is any JSON."""
        snapshots.save(path, self.program, self.state, self._encoder.reference.version, about)

    def restore(self, path: Path) -> dict[str, Any]:
        """Take the histories of a snapshot in place of one's own, and return its `about`.

        Raises UnusableSnapshot, and changes nothing, when it does not fit.
        """
        reference = self._encoder.reference.version
        self.state, about = snapshots.load(path, self.program, reference)
        return about

    def _record(self, stream: int, row: Any) -> bool:
        self._make_room()
        return bool(kernel.enter(self.program.tables, self.state, stream, row))

    def _make_room(self) -> None:
        while not kernel.has_room(self.program.tables, self.state):
            self.state = grown(self.program.tables, self.state)


def label_row(row: Any, known_at: int, finding: Finding, previous: Finding | None) -> Any:
    """Return a label's row: its event's, at the time the label became known."""
    before = previous or Finding(is_fraud=False, blames=False)
    fraud, blame = finding.is_fraud - before.is_fraud, finding.blames - before.blames
    labelled = np.append(row, (fraud, int(previous is None), blame))
    labelled[0] = known_at
    return labelled
