"""What one row costs in the model: `crossflag bench row`.

A forest of the size that training makes (300 trees, depth 6, 60 features, a fifth of the values
missing) is scored and explained one row at a time, by this project's kernels and by XGBoost with
one thread. The ways take turns, and each figure is processor time in the best of many turns, so
that a busy machine disturbs little, and all of them alike.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

import numpy as np
import xgboost
from rich.console import Console
from rich.table import Table

from models.attribution import Attribution
from models.calibrate import Calibrator
from models.forest import Forest

TREES, DEPTH, FEATURES, ROWS = 300, 6, 60, 20_000
TURNS = 40


def trained() -> tuple[xgboost.Booster, np.ndarray]:
    """Return a booster on noisy random rows, and the rows."""
    random = np.random.default_rng(0)
    rows = random.normal(size=(ROWS, FEATURES)).astype(np.float32)
    rows[random.random(rows.shape) < 0.2] = np.nan
    labels = np.nansum(rows[:, :5], axis=1) + 2 * random.normal(size=ROWS) > 3
    options = {"objective": "binary:logistic", "max_depth": DEPTH, "eta": 0.1, "nthread": 1}
    return xgboost.train(options, xgboost.DMatrix(rows, label=labels), TREES), rows


def best_microseconds(
    ways: dict[str, tuple[Callable[[np.ndarray], object], int]], rows: np.ndarray
) -> dict[str, float]:
    """Return each way's best processor time for a row, in microseconds; the ways take turns."""
    singles = itertools.cycle([rows[place : place + 1] for place in range(500)])
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(TURNS):
        for name, (way, times) in ways.items():
            start = time.process_time()
            for _ in range(times):
                way(next(singles))
            best[name] = min(best[name], (time.process_time() - start) / times * 1e6)
    return best


def main() -> None:
    """Measure and print one table."""
    booster, rows = trained()
    forest = Forest.from_json(bytes(booster.save_raw("json")))
    forest.check_parity(rows, booster.predict(xgboost.DMatrix(rows), output_margin=True))
    attribution = Attribution.of(forest)
    attribution.contributions(rows[:1])
    calibrator = Calibrator.isotonic(
        np.linspace(-6, 3, 40).tolist(), np.linspace(0, 1, 40).tolist()
    )

    def contributions_of_xgboost(row: np.ndarray) -> object:
        return booster.predict(xgboost.DMatrix(row, nthread=1), pred_contribs=True)

    best = best_microseconds(
        {
            "margin, ours": (forest.margin, 200),
            "margin, Booster.inplace_predict": (booster.inplace_predict, 50),
            "contributions, ours": (attribution.contributions, 20),
            "contributions, pred_contribs": (contributions_of_xgboost, 5),
            "margin and probability, ours": (
                lambda row: calibrator.apply(forest.margin(row).astype(np.float64)),
                200,
            ),
        },
        rows,
    )
    table = Table(title=f"One row, {TREES} trees, {forest.nodes.size:,} nodes, {FEATURES} features")
    table.add_column("what")
    table.add_column("microseconds", justify="right")
    for name, microseconds in best.items():
        table.add_row(name, f"{microseconds:,.1f}")
    console = Console()
    console.print(table)
    for what, theirs in (("margin", "Booster.inplace_predict"), ("contributions", "pred_contribs")):
        ratio = best[f"{what}, {theirs}"] / best[f"{what}, ours"]
        console.print(f"{what}: {theirs} takes {ratio:.1f} times as long as ours")
