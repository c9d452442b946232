"""Golden vectors: what each version of each feature says of a fixed small world.

`python tests/features/golden/vectors.py` writes down features and versions that are new, and
forgets those that are gone. What stands for a version it never changes: raise the version.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from features.batch import build
from features.catalog import CATALOGUES
from features.events import MODELS, parse
from features.reference import Reference
from features.table import EventTable, from_events

HERE = Path(__file__).parent
VECTORS = HERE / "vectors.json"


def tables() -> dict[str, EventTable]:
    """Return the world's tables by stream."""
    lines = [json.loads(line) for line in (HERE / "world.jsonl").read_text().splitlines()]
    found = {}
    for stream in ("payment", "access", "label", "payment_status"):
        own = [line for line in lines if line["kind"] == stream]
        events = [parse(MODELS[stream], line["event"]) for line in own]
        found[stream] = from_events(stream, events, [line["received_at"] for line in own])
    return found


def digests() -> dict[str, str]:
    """Return a digest of every feature's column, by stream, name and version."""
    world = tables()
    built = build(
        world["payment"],
        world["access"],
        world["label"],
        Reference(),
        statuses=world["payment_status"],
    )
    found = {}
    for stream, catalogue in CATALOGUES.items():
        for place, feature in enumerate(catalogue.features):
            column = built.features[stream][:, place].copy()
            column[np.isnan(column)] = np.nan
            digest = hashlib.sha256(column.tobytes()).hexdigest()[:16]
            found[f"{stream}.{feature.name}@{feature.version}"] = digest
    return found


def main() -> None:
    """Write down what is new; refuse what differs under the same version."""
    known = json.loads(VECTORS.read_text()) if VECTORS.exists() else {}
    now = digests()
    changed = [name for name, digest in now.items() if known.get(name, digest) != digest]
    if changed:
        raise SystemExit(f"these changed under the same version; raise it: {', '.join(changed)}")
    VECTORS.write_text(json.dumps(now, indent=0, sort_keys=True) + "\n")
    print(f"{len(now)} features, {len(now.keys() - known.keys())} of them new")


if __name__ == "__main__":
    main()
