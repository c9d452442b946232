"""What workers run, without Spark: in buckets and slices the bits are those of one pass."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from event_worlds import START, World, random_world

from features import folder, layout
from features.arrivals import Arrivals, arrivals_of
from features.batch import build
from features.catalog import CATALOGUES, PROGRAM
from features.compiling import compile_program
from features.events import AccessEvent, Payment, PaymentStatus, parse
from features.fields import EPOCH
from features.reference import Reference
from features.roles import WARMING, Plan, plan_of
from features.spark import assembling, buckets, job
from features.spark.slices import Slices, slices_of
from features.table import EventTable, from_events

REFERENCE = Reference()
STREAMS = {0: "payment", 1: "access"}


def statuses_of(world: World) -> EventTable:
    """Every seventh payment is rejected ten seconds after it arrived."""
    chosen = world.of(Payment)[::7]
    statuses = [
        parse(
            PaymentStatus,
            {
                "event_id": f"s{event.event_id}",
                "time": event.time + timedelta(minutes=1),
                "payment_event_id": event.event_id,
                "status": "rejected",
            },
        )
        for _, event in chosen
    ]
    return from_events("payment_status", statuses, [at + 10_000_000 for at, _ in chosen])


def planned(world: World, statuses: EventTable | None = None) -> tuple[Arrivals, Plan]:
    arrivals = arrivals_of(*world.tables, REFERENCE, statuses=statuses, lean=True)
    program = compile_program(PROGRAM.catalogues, arrivals.names)
    return arrivals, plan_of(program, STREAMS)


def spread(
    world: World, arrivals: Arrivals, plan: Plan, slices: Slices, number: int
) -> list[bytes]:
    """Run the workers' parts one after the other; return each stream's features as bytes."""
    tables = dict(enumerate(world.tables[:2]))
    origin = folder.Origin.of(PROGRAM, "", {}, 0, 1)
    with TemporaryDirectory() as room:
        rows, out = Path(room) / "rows", Path(room) / "out"
        job._lay_out(arrivals, tables, rows, lambda done, total: None)
        events = pq.read_table(rows)
        touches = pa.Table.from_batches(
            buckets.fan_out(plan, slices, number, events.to_batches(max_chunksize=100))
        )
        blocks = pa.concat_tables(
            buckets.run_bucket(plan, touches.filter(pc.equal(touches["bucket"], place)))
            for place in pc.unique(touches["bucket"]).to_pylist()
        )
        own = events.filter(pc.less(events["stream"], 2)).append_column(
            "role", pa.array(np.full(len(tables[0]) + len(tables[1]), assembling.OWN, np.int32))
        )
        streams = pa.array([role.stream for role in plan.roles], pa.int32())
        parts = blocks.append_column("stream", streams.take(blocks["role"]))
        names = ["stream", "day", "number", "role", "event_id", "received_at", "row"]
        parts = parts.append_column("event_id", pa.nulls(len(parts), pa.string())).append_column(
            "received_at", pa.array(np.zeros(len(parts), np.int64))
        )
        together = pa.concat_tables([own.select(names), parts.select(names)]).sort_by(
            [(name, "ascending") for name in names[:4]]
        )
        schemas = {n: (name, origin.schema(name)) for n, name in STREAMS.items()}
        written = assembling.write_features(
            plan, str(out), schemas, together.to_batches(max_chunksize=37)
        )
        assert sum(batch["rows"].to_pylist()[0] for batch in written) == len(own)
        return [
            features_of(out / f"stream={name}", tables[n], CATALOGUES[name].names)
            for n, name in STREAMS.items()
        ]


def features_of(files: Path, table: EventTable, names: list[str]) -> bytes:
    """Return the features in a folder in the table's row order."""
    found = pq.read_table(files, partitioning=None)
    places = {name: n for n, name in enumerate(found["event_id"].to_pylist())}
    rows = [places[name] for name in table.column("event_id").to_pylist()]
    return np.stack([found[name].to_numpy() for name in names], axis=1)[rows].tobytes()


def whole(world: World, statuses: EventTable | None = None) -> list[bytes]:
    built = build(*world.tables, REFERENCE, statuses=statuses)
    return [built.features[name].tobytes() for name in STREAMS.values()]


@pytest.mark.parametrize(
    ("seed", "number", "undone"), [(1, 1, False), (2, 3, True), (3, 8, False), (4, 5, True)]
)
def test_buckets_and_slices_change_no_bit(seed: int, number: int, undone: bool) -> None:
    world = random_world(seed, size=1500)
    statuses = statuses_of(world) if undone else None
    arrivals, plan = planned(world, statuses)
    slices = slices_of(plan, arrivals, 8)
    assert len(slices.begins) > 1
    assert spread(world, arrivals, plan, slices, number) == whole(world, statuses)


@pytest.fixture(scope="module")
def world() -> World:
    return random_world(11, size=2000)


def test_a_slice_without_warm_up_sees_too_little(world: World) -> None:
    arrivals, plan = planned(world)
    slices = slices_of(plan, arrivals, 8)
    cold = dataclasses.replace(slices, warms=slices.begins, special=slices.special[:0])
    assert spread(world, arrivals, plan, cold, 3)[0] != whole(world)[0]


def busy_world(keep: int) -> World:
    """A shop's 1030 payments fill its history just before another account pays the shop.

    Thirty of them are older than what a slice is warmed up with: with them the history is folded,
    and the first payments of the last day, which would close a circle, are no longer seen.
    """
    last = int(START.timestamp() * 1e6) + 2 * keep
    times = [last - keep - (60 - number) * 1_000_000 for number in range(30)]
    times += [last - (1100 - number) * 60_000_000 for number in range(1000)]
    payees = ["other"] * 30 + ["payer"] * 100 + ["other"] * 900
    orders = [(at, "shop", payee) for at, payee in zip(times, payees, strict=True)]
    given = [
        {
            "event_id": f"p{number}",
            "time": EPOCH + timedelta(microseconds=at),
            "currency": "EUR",
            "amount": "10",
            "debtor_account": debtor,
            "creditor_account": creditor,
        }
        for number, (at, debtor, creditor) in enumerate([*orders, (last, "payer", "shop")])
    ]
    login = {"event_id": "a", "user_id": "u", "action": "login", "outcome": "success"}
    events = [parse(Payment, values) for values in given]
    access = parse(AccessEvent, {**login, "time": EPOCH + timedelta(microseconds=last)})
    arrivals = [(event.time_us, event) for event in events]
    return World([*arrivals, (last, access)])


def test_a_key_that_filled_its_history_is_needed_whole() -> None:
    _, plan = planned(random_world(1, size=50))
    keep = int(plan.whole.histories[plan.walked, layout.HISTORY_KEEP].max())
    world = busy_world(keep)
    arrivals, plan = planned(world)
    cut = slices_of(plan, arrivals, 1)
    slices = Slices(np.array([0, 1030]), np.array([1030, 1032]), np.array([0, 30]), cut.special)
    assert len(cut.special) > 0
    assert spread(world, arrivals, plan, slices, 2) == whole(world)
    forgetful = dataclasses.replace(slices, special=slices.special[:0])
    assert spread(world, arrivals, plan, forgetful, 2)[0] != whole(world)[0]


def test_a_slice_is_warmed_up_as_long_as_the_walked_histories_keep(world: World) -> None:
    arrivals, plan = planned(world)
    slices = slices_of(plan, arrivals, 8)
    time = np.array(
        [
            arrivals.matrices[stream][row, 0]
            for stream, row in zip(arrivals.streams, arrivals.rows, strict=True)
        ]
    )
    keep = int(plan.whole.histories[plan.walked, layout.HISTORY_KEEP].max())
    walked = np.isin(arrivals.streams, [r.stream for r in plan.roles if r.kind == WARMING])
    assert walked.any()
    for begin, warm in zip(slices.begins[1:], slices.warms[1:], strict=True):
        assert 0 <= warm < begin
        assert time[:warm][walked[:warm]].max(initial=0) < time[begin] - keep


def test_one_key_lands_in_one_bucket() -> None:
    keys = np.random.default_rng(1).integers(-(2**62), 2**62, 1000)
    first = buckets._bucket(keys, 7)
    assert np.array_equal(first, buckets._bucket(keys, 7))
    assert set(first.tolist()) == set(range(7))
