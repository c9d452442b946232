"""What must hold after a fault: kept exactly once, answered as it stands, rings as replayed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from features.engine import Engine
from features.reference import Reference
from serving.pools import Pools, own_pool
from serving.replaying import Replay
from serving.store import log
from serving.store.database import Database
from tests.faults.load import Acknowledged
from tests.serving.harness import stored

_KEPT = """
    SELECT e.stream, e.event_id, a.assessment_id, a.advice, a.probability, a.case_id
    FROM events e JOIN assessments a ON a.sequence = e.sequence
"""


def assert_kept_once(place: Path | str, acknowledged: Sequence[Acknowledged]) -> None:
    """Every answered event is there once, with the assessment that was answered."""
    kept = stored(place, _KEPT)
    assert Counter(row[:2] for row in kept).most_common(1)[0][1] == 1
    assert stored(place, "SELECT count(*) FROM events") == [(len(kept),)]
    assert stored(place, "SELECT count(*) FROM assessments") == [(len(kept),)]
    by_event = {row[:2]: row for row in kept}
    for one in acknowledged:
        answer = one.answer
        names = ("stream", "event_id", "assessment_id", "advice", "probability", "case_id")
        told = tuple(answer[name] for name in names)
        assert by_event[told[:2]] == told
    in_cases = "SELECT count(*) FROM assessments WHERE case_id IS NOT NULL"
    assert stored(place, "SELECT count(*) FROM case_events") == stored(place, in_cases)
    if isinstance(place, Path):
        assert stored(place, "PRAGMA integrity_check") == [("ok",)]
        assert stored(place, "PRAGMA foreign_key_check") == []


def assert_rings_as_replayed(home: Path, place: Path | str, beside: Path) -> None:
    """The rings that the service had when it stopped equal a clean replay of the log, bitwise.

    A service writes its rings when it stops, so its snapshot holds what it had in memory.
    """
    database = Database(place if isinstance(place, str) else place / "crossflag.db")
    pools = Pools(Reference())
    served = dict(database.read(lambda view: _features(view)))
    with database.reading() as connection, database.reading() as aside:
        replay = Replay(pools, aside)
        for record in log.replay(connection):
            again = replay.score(record).features
            assert again.tobytes() == served[record.sequence], record.sequence
            last = record.sequence
    database.close()
    (group,) = (home / "snapshots").iterdir()
    # A kill while one is written leaves its part, which the next write removes.
    whole = [path for path in group.iterdir() if path.name.isdecimal()]
    newest = max(whole, key=lambda path: int(path.name))
    assert int(newest.name) == last
    engine = Engine(pools.reference)
    about = engine.restore(newest / "0.rings")
    (pool,) = pools.of([about["pool"].removeprefix("member:")])
    assert pool.name == about["pool"] == own_pool("bank-a")
    assert (pool.position, pool.entries) == (about["position"], about["entries"])
    for name, rings in {"served": engine, "replayed": pool.engine}.items():
        rings.snapshot(beside / name, about)
    assert (beside / "served").read_bytes() == (beside / "replayed").read_bytes()


def _features(view: object) -> list[tuple[int, bytes]]:
    from sqlalchemy import Connection, text

    assert isinstance(view, Connection)
    return [
        (row[0], row[1]) for row in view.execute(text("SELECT sequence, features FROM assessments"))
    ]
