"""The log read again, entry by entry, into the history of the pools."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import MappingProxyType

from features.events import UNDOING, Finding
from serving import restoring
from serving.pools import Place, Pools, Scored
from serving.snapshots import Snapshots
from serving.store import log
from serving.store.database import Database, View
from serving.store.log import Record

_log = logging.getLogger("crossflag")


class Replay:
    """Feeds the log to pools as the service did when its entries arrived.

    Entries are given in the log's order, all those of a member and of whom agreements tie to it.
    `aside` is a connection that nothing else reads from meanwhile. `starts` has, for members whose
    history the pools hold already, the sequence of the last entry in it.
    """

    def __init__(
        self, pools: Pools, aside: View, starts: Mapping[str, int] = MappingProxyType({})
    ) -> None:
        self._pools = pools
        self._aside = aside
        self._starts = starts
        self._found: dict[tuple[str, str, str], Finding] = {}
        self._undone: set[int] = set()

    def add(self, record: Record) -> None:
        """Make an entry part of the history; raises LookupError when the log lacks its event."""
        if record.stream == "payment_status":
            self._status(record)
        elif record.stream == "label":
            self._label(record)
        else:
            self._pools.record(restoring.event(record.stream, record.body), _place(record))

    def score(self, record: Record) -> Scored:
        """Make an event part of the history, and return its features as of then."""
        return self._pools.step(restoring.event(record.stream, record.body), _place(record))

    def _status(self, record: Record) -> None:
        payment = log.payment_of_status(self._aside, record.sequence)
        if payment is None:
            raise LookupError(f"entry {record.sequence} is a status of no payment")
        status = restoring.status(record.body).status
        if status in UNDOING and not self._was_undone(record, payment.sequence):
            self._undone.add(payment.sequence)
            undone = restoring.payment(payment.body)
            self._pools.retract(undone, _place(record), payment.received_at)

    def _label(self, record: Record) -> None:
        label = restoring.label(record.body)
        event = log.record_of(self._aside, record.member, label.stream, label.event_id)
        if event is None:
            raise LookupError(f"entry {record.sequence} labels an event the log lacks")
        key = (record.member, label.stream, label.event_id)
        self._pools.label(
            restoring.event(event.stream, event.body),
            label,
            self._found_before(record, key),
            _place(record),
            event.received_at,
        )
        if label.finding is not None:
            self._found[key] = label.finding

    def _found_before(self, record: Record, key: tuple[str, str, str]) -> Finding | None:
        if key not in self._found and record.member in self._starts:
            return log.finding_before(self._aside, *key, record.sequence)
        return self._found.get(key)

    def _was_undone(self, record: Record, payment: int) -> bool:
        if payment not in self._undone and record.member in self._starts:
            before = log.fates_before(self._aside, payment, record.sequence)
            return not UNDOING.isdisjoint(before)
        return payment in self._undone


def rebuild(
    pools: Pools, database: Database, fences: Mapping[str, int], snapshots: Snapshots
) -> int:
    """Make the history of some members, owned under these numbers: snapshots, then the log's tail.

    Returns when their last entry was received, in microseconds; 0 for an empty log.
    """
    pools.drop(fences)
    last = read = 0
    with database.reading() as connection, database.reading() as aside:
        starts: dict[str, int] = {}
        for group in pools.groups(fences):
            restored = snapshots.restore(pools, group, aside)
            last = max(last, restored.received_at)
            if restored.sequence:
                starts |= dict.fromkeys(group, restored.sequence)
        replay = Replay(pools, aside, starts)
        # Apart: one member without a snapshot must not have all others' log read from its start.
        for members in (starts.keys(), fences.keys() - starts.keys()):
            first = min((starts.get(member, 0) for member in members), default=0)
            for record in log.replay(connection, members, first):
                if record.sequence > starts.get(record.member, 0):
                    last = max(last, record.received_at)
                    replay.add(record)
                    read += 1
    pools.have_read(fences)
    if read or starts:
        text = "history of %d members in memory: %d from snapshots, and %d entries of the log"
        _log.info(text, len(fences), len(starts), read)
    return last


def _place(record: Record) -> Place:
    return Place(record.member, record.sequence, record.received_at)
