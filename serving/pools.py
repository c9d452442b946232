"""History in memory: one engine for each member, fed in the order of the log."""

from __future__ import annotations

from collections.abc import Collection

from features.engine import Engine
from features.events import AccessEvent, Payment, parse
from features.reference import Reference
from serving import restoring
from serving.store import log
from serving.store.database import Database

_TIME = "2026-01-01T00:00:00Z"
_PAYMENT = {
    "event_id": "warm",
    "time": _TIME,
    "currency": "EUR",
    "amount": "1.00",
    "debtor_account": "1",
    "creditor_account": "2",
}
_ACCESS_EVENT = {
    "event_id": "warm",
    "time": _TIME,
    "user_id": "1",
    "action": "login",
    "outcome": "success",
}


class Pools:
    """The engines of all members; one thread owns them."""

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self._engines: dict[str, Engine] = {}

    def engine(self, member: str) -> Engine:
        """Return the member's engine; a new member starts with an empty history."""
        if member not in self._engines:
            self._engines[member] = Engine(self.reference)
        return self._engines[member]

    def warm(self) -> None:
        """Fetch compiled code now, on a history of its own, not while the first event waits."""
        engine = Engine(self.reference)
        engine.step(parse(Payment, _PAYMENT))
        engine.step(parse(AccessEvent, _ACCESS_EVENT))

    def rebuild(
        self,
        database: Database,
        members: Collection[str] | None = None,
    ) -> None:
        """Make the history of some members, or of all, from the log alone."""
        for member in list(self._engines) if members is None else members:
            self._engines.pop(member, None)
        said: dict[tuple[str, str, str], bool] = {}
        with database.reading() as connection, database.reading() as aside:
            for record in log.replay(connection, members):
                engine = self.engine(record.member)
                if record.stream != "label":
                    engine.record(restoring.event(record.stream, record.body))
                    continue
                label = restoring.label(record.body)
                target = log.record_of(aside, record.member, label.stream, label.event_id)
                if target is None:
                    raise LookupError(f"entry {record.sequence} labels an event the log lacks")
                key = (record.member, label.stream, label.event_id)
                engine.label(restoring.event(target.stream, target.body), label, said.get(key))
                said[key] = label.is_fraud
