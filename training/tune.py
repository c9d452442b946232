"""`crossflag tune`: a seeded search for the settings of XGBoost, inside the training span alone.

Each trial learns on slices of the training span and is judged on the slice that follows each after
the gap for label delay, with labels as they were known by then. The test slice is never looked at:
`crossflag train --recipe` with what is found judges it there, once. The search is Optuna's
tree-structured Parzen estimator (Bergstra and others, 2011); a trial that is behind the median of
the earlier ones after a fold is given up (Golovin and others, 2017).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from training import fit, inner, metrics, prepare
from training.recipe import Recipe

if TYPE_CHECKING:
    from features.definitions import Catalogue
    from training.progress import Teller

LOGARITHMIC = ("learning_rate", "min_child_weight", "reg_lambda")
WHOLE = ("max_depth",)
STARTING_TRIALS = 5


@dataclass(frozen=True)
class Trial:
    """One set of settings: what it reached on each fold, fewer when it was given up."""

    number: int
    settings: dict[str, float]
    folds: list[float]
    trees: list[int]
    complete: bool
    seconds: float

    @property
    def value(self) -> float:
        """The mean over its folds."""
        return float(np.mean(self.folds))


@dataclass(frozen=True)
class Tuned:
    """All trials, the first of which is the recipe's own settings."""

    stream: str
    recipe: Recipe
    metric: str
    spans: list[tuple[str, str]]
    """Of each fold, the days learnt from and the days judged on."""
    trials: list[Trial]
    stopped: str

    @property
    def own(self) -> Trial:
        """The recipe's own settings."""
        return self.trials[0]

    @property
    def best(self) -> Trial:
        """The highest mean among complete trials; of equals the first."""
        return max((trial for trial in self.trials if trial.complete), key=lambda t: t.value)

    @property
    def found(self) -> Recipe:
        """The recipe with the best settings."""
        return with_settings(self.recipe, self.best.settings)


@dataclass(frozen=True)
class _Fold:
    inner: inner.Inner
    matrix: Any
    later: Any


def tune(
    recipe: Recipe, stream: str, catalogue: Catalogue, line: prepare.Timeline, teller: Teller
) -> Tuned:
    """Search as the recipe's [search] says; progress goes to the teller.

    The same recipe and data give the same trials, unless the time runs out first. Raises
    NotEnoughData when a fold holds no fraud, and BadRecipe for a constraint on no feature.
    """
    import optuna

    search = recipe.search
    folds = _folds(recipe, catalogue, line)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=recipe.seed, n_startup_trials=STARTING_TRIALS),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=STARTING_TRIALS),
    )
    study.enqueue_trial(own_settings(recipe), skip_if_exists=False)
    trials: list[Trial] = []
    start, stopped = time.monotonic(), "trials"
    total = search.trials * len(folds)
    with teller.stage(f"at most {search.trials} trials") as advance:
        for number in range(search.trials):
            if number and time.monotonic() - start >= search.seconds:
                stopped = "seconds"
                break
            asked = study.ask()
            settings = own_settings(recipe) if number == 0 else _suggest(asked, recipe)
            trials.append(_try(recipe, settings, folds, asked, lambda done: advance(done, total)))
            last = trials[-1]
            if last.complete:
                study.tell(asked, last.value)
            else:
                study.tell(asked, state=optuna.trial.TrialState.PRUNED)
            if last.complete and last.value >= max(t.value for t in trials if t.complete):
                teller.say(f"trial {number}: {search.metric} {last.value:.4f}, the best so far")
        advance(total, total)
    own = [fold.inner.split for fold in folds]
    spans = [(str(split.rehearsal), str(split.calibration)) for split in own]
    return Tuned(stream, recipe, search.metric, spans, trials, stopped)


def own_settings(recipe: Recipe) -> dict[str, float]:
    """Return the recipe's own values of what is searched."""
    return {name: getattr(recipe.boosting, name) for name in recipe.search.ranges}


def with_settings(recipe: Recipe, settings: dict[str, float]) -> Recipe:
    """Return the recipe with these settings of [boosting]."""
    boosting = type(recipe.boosting).model_validate(recipe.boosting.model_dump() | settings)
    return recipe.model_copy(update={"boosting": boosting})


def _suggest(trial: Any, recipe: Recipe) -> dict[str, float]:
    settings: dict[str, float] = {}
    for name in recipe.search.ranges:
        low, high = getattr(recipe.search, name)
        if name in WHOLE:
            settings[name] = trial.suggest_int(name, int(low), int(high))
        else:
            logarithmic = name in LOGARITHMIC and low > 0
            # Four digits are more than a search can tell apart, and a recipe stays readable.
            found = trial.suggest_float(name, low, high, log=logarithmic)
            settings[name] = float(f"{found:.4g}")
    return settings


def _try(
    recipe: Recipe,
    settings: dict[str, float],
    folds: list[_Fold],
    trial: Any,
    advance: Any,
) -> Trial:
    changed, start = with_settings(recipe, settings), time.monotonic()
    values: list[float] = []
    trees: list[int] = []
    complete = True
    for number, fold in enumerate(folds):
        advance(trial.number * len(folds) + number)
        names, rows = fold.inner.names, fold.inner.later.rows
        booster = fit.boost_matrices(
            changed,
            names,
            fold.inner.train.target,
            fold.matrix,
            fold.later,
            changed.boosting.n_estimators,
        )
        margin = fit.margins(booster, rows.features, names)
        values.append(_figure(recipe.search.metric, fold.inner.later.outcomes, margin))
        trees.append(int(booster.num_boosted_rounds()))
        trial.report(float(np.mean(values)), number)
        if number + 1 < len(folds) and trial.should_prune():
            complete = False
            break
    seconds = round(time.monotonic() - start, 3)
    return Trial(trial.number, settings, values, trees, complete, seconds)


def _figure(metric: str, outcomes: metrics.Outcomes, margin: metrics.Floats) -> float:
    from sklearn.metrics import average_precision_score, roc_auc_score

    score = average_precision_score if metric == "average_precision" else roc_auc_score
    return float(score(outcomes.target, margin, sample_weight=outcomes.weight))


def _folds(recipe: Recipe, catalogue: Catalogue, line: prepare.Timeline) -> list[_Fold]:
    """Return the folds, oldest first, with matrices that all trials share."""
    found = []
    for fold in inner.folds(recipe, catalogue, line, recipe.search.folds):
        matrix = fit.matrix(fold.train, fold.names, recipe.boosting, recipe.threads)
        later = fit.plain_matrix(fold.later.rows, fold.names, recipe.threads)
        found.append(_Fold(fold, matrix, later))
    return found
