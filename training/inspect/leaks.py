"""What would let a model cheat: looked for in the sample, named by column, with what to do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from training.inspect import words
from training.inspect.columns import Column

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
TELLS_ALONE = 0.995
_ORDERS = 0.9
_FEW = 20
_COPIES = 0.05


@dataclass(frozen=True)
class Leak:
    """One finding: the column (empty for the file as a whole), what it is and what was done."""

    column: str
    kind: str
    text: str


def area(values: Floats, target: Mask) -> float:
    """Return the area under the ROC curve of a column taken as a score, 0.5 when it says nothing.

    Missing values stand at the end that suits them better: their absence may be the leak.
    """
    frauds = int(target.sum())
    if frauds == 0 or frauds == len(target):
        return 0.5
    found = []
    for stand_in in (-np.inf, np.inf):
        ranks = pd.Series(np.where(np.isnan(values), stand_in, values)).rank().to_numpy()
        above = ranks[target].sum() - frauds * (frauds + 1) / 2
        found.append(float(above / (frauds * (len(target) - frauds))))
    return max(found, key=lambda one: abs(one - 0.5))


def tells_alone(column: Column, target: Mask) -> float:
    """Return how well a column ranks the label by itself (0.5 to 1), either way round.

    Words are ranked by their share of fraud in the other half of the sample.
    """
    if column.is_numeric and column.distinct > 2:
        found = area(column.numbers, target)
        return max(found, 1 - found)
    coded = pd.factorize(column.values.astype(str), use_na_sentinel=False)[0]
    half = np.random.default_rng(1).random(len(target)) < 0.5
    score = np.full(len(target), np.nan)
    for inside, other in ((half, ~half), (~half, half)):
        count = np.bincount(coded[other], minlength=coded.max() + 1)
        hits = np.bincount(coded[other], weights=target[other], minlength=coded.max() + 1)
        rate = (hits + target.mean()) / (count + 1)
        score[inside] = rate[coded[inside]]
    found = area(score, target)
    return max(found, 1 - found)


def label_leaks(columns: list[Column], target: Mask) -> list[Leak]:
    """Return the columns that tell the label alone, by their name or their values."""
    found = []
    enough = min(int(target.sum()), int((~target).sum())) >= _FEW
    for column in columns:
        if words.made_from_label(column.name):
            text = "its name says that it was made from the label, or by another detector"
            found.append(Leak(column.name, "proxy", text))
            continue
        if not enough or column.distinct < 2:
            continue
        alone = tells_alone(column, target)
        if alone >= TELLS_ALONE:
            found.append(
                Leak(
                    column.name,
                    "tells_alone",
                    f"ranks the label by itself (AUC {alone:.3f}); put it into [attributes] if it "
                    f"is known when the event comes",
                )
            )
    return found


def order_leaks(identifier: Column | None, target: Mask, timed: bool) -> list[Leak]:
    """Return what the order of the rows, or of their identifiers, says of the label."""
    found = []
    row = area(np.arange(len(target), dtype=np.float64), target)
    if max(row, 1 - row) >= _ORDERS:
        way = "" if timed else "; rows are dealt out by a seed instead (untimed = 'shuffled')"
        found.append(
            Leak(
                "",
                "row_order",
                f"the row's place tells the label (AUC {max(row, 1 - row):.2f}){way}",
            )
        )
    if identifier is not None and identifier.is_numeric:
        own = area(identifier.numbers, target)
        if max(own, 1 - own) >= _ORDERS:
            found.append(
                Leak(
                    identifier.name,
                    "identifier_order",
                    f"orders by label (AUC {max(own, 1 - own):.2f}): it names rows and is no "
                    f"feature",
                )
            )
    return found


def copies(table: pd.DataFrame, carried: list[str], target: Mask, later: Mask) -> list[Leak]:
    """Return rows of the test's part that stand in the part before it, but for the identifiers."""
    if not carried:
        return []
    marks = pd.util.hash_pandas_object(table[carried].astype(str), index=False).to_numpy()
    again = np.isin(marks[later], marks[~later])
    share = float(again.mean()) if len(again) else 0.0
    if share < _COPIES:
        return []
    first = pd.DataFrame({"mark": marks, "fraud": target}).groupby("mark")["fraud"]
    torn = int((first.nunique() > 1).sum())
    more = f"; {torn} kinds of row bear both labels" if torn else ""
    return [
        Leak(
            "",
            "copies",
            f"{share:.0%} of the rows in the test's part stand in the part before it as well, so "
            f"figures will flatter: leave copies out{more}",
        )
    ]
