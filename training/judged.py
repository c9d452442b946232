"""The test slice as it was judged, kept beside the bundle: the same rows for the next model.

A gate compares two models on the same events. Their features (float32, as the trees see them),
outcomes, subjects and days (numbers that name nobody) and groups are kept in
`<version>.judged.parquet`; neither events nor identifiers are. Where a model learns from columns
beyond the schema, their values are kept, because each model makes its own features of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from features.attributes import PREFIX
from training.errors import MissingInput
from training.fit import Floats
from training.metrics import Outcomes

if TYPE_CHECKING:
    import pyarrow as pa

    from features.definitions import Catalogue
    from features.table import EventTable
    from models.attributes import RawFeatures
    from models.runtime import Scorer
    from training.prepare import Slice, Timeline

GROUPS = {"payment": ("corridor", "channel"), "access": ("action", "privilege")}
UNKNOWN = "unknown"
_TARGET, _SUBJECT, _DAY, _WEIGHT = "outcome:fraud", "outcome:subject", "outcome:day", "outcome:w"
_GROUP = "group:"


@dataclass(frozen=True)
class Judged:
    """Events that a model was judged on, with features in the order of the stream's catalogue."""

    features: Floats
    outcomes: Outcomes
    groups: dict[str, list[str]]
    attributes: EventTable | None = None
    """What the events carried beyond the schema, where the model learnt from it."""

    def rows(self, scorer: Scorer) -> Floats:
        """Return the rows as a model takes them, its raw features behind the catalogue's."""
        raw = scorer.bundle.raw
        if not len(raw):
            return self.features
        if self.attributes is None:
            return scorer.joined(self.features, np.full((len(self.features), len(raw)), np.nan))
        return scorer.joined(self.features, raw.of_table(self.attributes))


def path_of(bundle: Path) -> Path:
    """Return where the judged rows of a trained bundle lie."""
    return bundle.parent / f"{bundle.name}.judged.parquet"


def keep(bundle: Path, catalogue: Catalogue, raw: RawFeatures, line: Timeline, test: Slice) -> None:
    """Keep a test slice that holds every column of the stream's catalogue, in one step."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {
        name: pa.array(column.astype(np.float32))
        for name, column in zip(catalogue.names, test.rows.features.T, strict=True)
        if not np.isnan(column).all()
    }
    columns |= {
        _TARGET: pa.array(test.outcomes.target),
        _SUBJECT: pa.array(np.unique(test.outcomes.subject, return_inverse=True)[1]),
        _DAY: pa.array(test.outcomes.day),
    }
    if test.outcomes.weight is not None:
        columns[_WEIGHT] = pa.array(test.outcomes.weight)
    columns |= {_GROUP + name: values for name, values in _groups(line, test).items()}
    events = line.events.take(test.places).table
    for name in (f"{PREFIX}{feature.attribute}" for feature in raw.features):
        columns[name] = events[name]
    path = path_of(bundle)
    incoming = path.with_suffix(".incoming")
    pq.write_table(pa.table(columns), incoming, compression="zstd")
    incoming.replace(path)


def read(bundle: Path, catalogue: Catalogue) -> Judged:
    """Return the rows that a trained bundle was judged on; raises MissingInput without them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from features.table import EventTable

    path = path_of(bundle)
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise MissingInput(
            f"{path}: the events that {bundle.name} was judged on cannot be read, and without "
            f"them it cannot be compared; train it again"
        ) from error
    features = np.full((table.num_rows, len(catalogue.names)), np.nan)
    for place, name in enumerate(catalogue.names):
        if name in table.column_names:
            features[:, place] = table[name].to_numpy()
    outcomes = Outcomes(
        np.asarray(table[_TARGET].to_numpy(), dtype=bool),
        np.asarray(table[_SUBJECT].to_numpy(), dtype=np.int64),
        np.asarray(table[_DAY].to_numpy(), dtype=np.int64),
        np.asarray(table[_WEIGHT].to_numpy()) if _WEIGHT in table.column_names else None,
    )
    groups = {
        name.removeprefix(_GROUP): table[name].to_pylist()
        for name in table.column_names
        if name.startswith(_GROUP)
    }
    carried = [name for name in table.column_names if name.startswith(PREFIX)]
    attributes = EventTable(catalogue.stream, table.select(carried)) if carried else None
    return Judged(features, outcomes, groups, attributes)


def _groups(line: Timeline, test: Slice) -> dict[str, pa.Array]:
    import pyarrow as pa
    import pyarrow.compute as pc

    events = line.events.take(test.places)

    def text(name: str) -> pa.ChunkedArray:
        return events.column(name).cast(pa.string()).fill_null(UNKNOWN)

    found = {}
    for name in GROUPS[events.stream]:
        if name == "corridor":
            ends = (text("debtor_account_country"), text("creditor_account_country"))
            values = pc.binary_join_element_wise(*ends, " to ")
        else:
            values = text(name)
        found[name] = values.combine_chunks().dictionary_encode()
    return found
