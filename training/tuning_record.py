"""What stays of a search: a document, a note in the recipe that it wrote, a run in MLflow."""

from __future__ import annotations

import csv
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from training.tune import Trial, Tuned


def document(tuned: Tuned) -> dict[str, Any]:
    """Return the search as JSON-able values."""
    return {
        "stream": tuned.stream,
        "metric": tuned.metric,
        "best": tuned.best.value,
        "own": tuned.own.value,
        "gain": tuned.best.value - tuned.own.value,
        "best_trial": tuned.best.number,
        "settings": tuned.best.settings,
        "stopped_by": tuned.stopped,
        "folds": [{"learnt": learnt, "judged": judged} for learnt, judged in tuned.spans],
        "trials": [{**asdict(trial), "value": trial.value} for trial in tuned.trials],
    }


def note(tuned: Tuned) -> str:
    """Return what stands on top of the recipe."""
    return (
        f"Found by `crossflag tune`: trial {tuned.best.number} of {len(tuned.trials)}, "
        f"{tuned.metric} {tuned.best.value:.4f}\n"
        f"over {len(tuned.spans)} folds of the training span; the recipe's own settings reached "
        f"{tuned.own.value:.4f}."
    )


def log(tuned: Tuned, recipe: Path, home: Path) -> str:
    """Log the search to MLflow, with the trials as a table and the recipe; return the run's id."""
    from models import registry

    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "trials.csv"
        _write(tuned.trials, table)
        logged = registry.log_run(
            home,
            experiment=f"crossflag-{tuned.stream}-tuning",
            run_name=f"{tuned.stream}-tuning",
            params={**tuned.best.settings, "seed": tuned.recipe.seed, "metric": tuned.metric},
            metrics={
                "best": tuned.best.value,
                "own": tuned.own.value,
                "trials": len(tuned.trials),
                "complete_trials": sum(trial.complete for trial in tuned.trials),
            },
            tags={"stream": tuned.stream, "stopped_by": tuned.stopped},
            artifacts=[table, recipe],
            bundle_dir=None,
        )
    return logged.run_id


def _write(trials: list[Trial], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        names = list(trials[0].settings)
        folds = [f"fold {number}" for number in range(1, len(trials[0].folds) + 1)]
        writer.writerow(["trial", "value", "complete", "seconds", *names, *folds])
        for trial in trials:
            own = (trial.number, trial.value, trial.complete, trial.seconds)
            writer.writerow([*own, *trial.settings.values(), *trial.folds])
