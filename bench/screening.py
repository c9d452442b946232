"""`crossflag bench screening`: how fast names and numbers are screened, and how well."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from bench.perturb import KINDS, perturbed
from serving.store.watchlists import ListRow
from serving.watchlists.entities import Entity, Handling
from serving.watchlists.readers import read
from serving.watchlists.screener import ListIndex, Screener
from training.progress import Teller
from training.simulate.chance import Chance
from training.simulate.names import business, person

SAMPLE = Path(__file__).parent.parent / "data_samples" / "payments.parquet"
FILES = {"ofac": "ofac_sdn.csv", "un": "un_consolidated.xml"}
_PARTIES = ("debtor_name", "creditor_name", "ultimate_debtor_name", "ultimate_creditor_name")
_GROUPS = (
    "germanic", "romance", "british", "slavic", "nordic", "greek", "turkish", "arabic", "indian",
    "eastern", "african",
)  # fmt: skip


def measure(lists: Path | None, records: int, asked: int, tell: Teller) -> dict[str, Any]:
    """Return the figures of the real lists (a folder with `FILES`) and of made-up records."""
    names = _payments()
    done: dict[str, Any] = {}
    if lists is not None:
        rows = []
        entities: list[Entity] = []
        for name, file in FILES.items():
            tell.say(f"reading {file}")
            found = read(lists / file, name).entities
            rows.append((name, found))
            entities += found
        done["real"] = _measured([(_row(name), found) for name, found in rows], names, asked, tell)
        screener = done["real"].pop("screener")
        done["real"]["recall"] = _recall(screener, entities, asked, tell)
        done["real"]["false_hits"] = _false_hits(screener, names, tell)
    if records:
        tell.say(f"making up {records:,} records")
        done["made_up"] = _measured([(_row("made up"), _made_up(records))], names, asked, tell)
        done["made_up"].pop("screener")
    return done


def _measured(
    lists: Sequence[tuple[ListRow, Sequence[Entity]]],
    payments: Sequence[tuple[str, ...]],
    asked: int,
    tell: Teller,
) -> dict[str, Any]:
    tell.say("making the indexes")
    before, start = _memory(), time.perf_counter()
    screener = Screener([ListIndex(row, entities) for row, entities in lists])
    made = time.perf_counter() - start
    held = _memory() - before
    distinct = list(dict.fromkeys(name for parties in payments for name in parties))
    random.Random(1).shuffle(distinct)
    questions = distinct[:asked]
    screener.name("the first question compiles", "name", "bench")
    took = []
    busy = time.process_time()
    tell.say(f"screening {len(questions):,} names")
    for name in questions:
        begun = time.perf_counter()
        screener.name(name, "name", "bench")
        took.append(time.perf_counter() - begun)
    busy = time.process_time() - busy
    indicators = []
    for value in ("192.0.2.77", "2001:db8::77"):
        indicators.append(_each(lambda v=value: screener.indicator("ip", v, "f", "bench")))  # type: ignore[misc]
    indicators.append(
        _each(lambda: screener.indicator("account", "DE89370400440532013000", "f", "bench"))
    )
    return {
        "screener": screener,
        "records": len(screener),
        "names": sum(len(index) for one in screener.lists for index in one.names.values()),
        "seconds_to_index": round(made, 2),
        "bytes_a_record": round(held / max(1, len(screener))),
        "asked": len(questions),
        "names_a_second": round(len(took) / busy),
        "p50_us": round(float(np.percentile(took, 50)) * 1e6),
        "p99_us": round(float(np.percentile(took, 99)) * 1e6),
        "indicator_us": round(max(indicators) * 1e6, 2),
    }


def _recall(
    screener: Screener, entities: Sequence[Entity], asked: int, tell: Teller
) -> dict[str, float]:
    """Return how often a record is found by one of its names, changed, by kind of change."""
    chance = random.Random(2)
    named = [one for one in entities if one.kind is not None]
    done = {}
    for kind in KINDS:
        tell.say(f"asking names changed by {kind}")
        found = total = 0
        for entity in chance.sample(named, min(len(named), asked)):
            changed = perturbed(chance.choice(entity.names), kind, chance)
            if changed is None:
                continue
            total += 1
            hits = screener.name(changed, "name", "bench", entity.kind)
            found += any(hit.entity_id == entity.entity_id for hit in hits)
        done[kind] = round(found / total, 4)
    done["mean"] = round(sum(done.values()) / len(KINDS), 4)
    return done


def _false_hits(
    screener: Screener, payments: Sequence[tuple[str, ...]], tell: Teller
) -> dict[str, Any]:
    """Return how many of the sample's payments, all of made-up people, have any hit."""
    tell.say(f"screening {len(payments):,} payments")
    hits: dict[str, str] = {}
    false = 0
    for parties in payments:
        met = False
        for name in parties:
            found = screener.name(name, "name", "bench")
            if found:
                met = True
                hits[name] = f"{found[0].by} ({found[0].score:.2f})"
        false += met
    return {"payments": len(payments), "with_a_hit": false, "names": hits}


def _payments() -> list[tuple[str, ...]]:
    columns = pq.read_table(SAMPLE, columns=list(_PARTIES)).to_pydict()
    rows = zip(*(columns[name] for name in _PARTIES), strict=True)
    return [tuple(name for name in row if name) for row in rows]


def _made_up(count: int) -> list[Entity]:
    chance = Chance("bench", "screening")
    entities = []
    for number in range(count):
        group = chance.pick(_GROUPS)
        is_person = number % 3 > 0
        name = person(chance, group) if is_person else business(chance, group)
        if is_person:
            name += f" {chance.pick(_SYLLABLES)}{chance.pick(_SYLLABLES)}{chance.pick(_SYLLABLES)}"
        schema = "Person" if is_person else "Company"
        entities.append(Entity(f"m{number}", schema, {"name": (name,)}, Handling(("sanction",))))
    return entities


_SYLLABLES = tuple(a + b for a in "bdfgklmnprstvz" for b in "aeiou")


def _row(name: str) -> ListRow:
    return ListRow(name, name, "BE", "bench", "PMC", "*", 1)


def _memory() -> int:
    """Return the memory of this process, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def _each(task: Any, times: int = 20_000) -> float:
    start = time.process_time()
    for _ in range(times):
        task()
    return (time.process_time() - start) / times


def show(done: dict[str, Any]) -> None:
    """Print the figures as a table."""
    table = Table(title="Screening on one core")
    table.add_column("")
    for name in done:
        table.add_column("real lists" if name == "real" else "made-up records", justify="right")
    lines = ("records", "names", "seconds_to_index", "bytes_a_record", "asked", "names_a_second",
             "p50_us", "p99_us", "indicator_us")  # fmt: skip
    for line in lines:
        table.add_row(line.replace("_", " "), *(f"{one[line]:,}" for one in done.values()))
    console = Console()
    console.print(table)
    if "real" in done:
        recall, false = done["real"]["recall"], done["real"]["false_hits"]
        console.print(
            "found by a changed name: "
            + ", ".join(f"{kind} {share:.3f}" for kind, share in recall.items())
        )
        console.print(
            f"payments of the sample with a hit: {false['with_a_hit']:,} of {false['payments']:,}"
        )
        for name, by in false["names"].items():
            console.print(f"  {name}: {by}")
