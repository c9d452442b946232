"""Fit the model (XGBoost) and those that it is compared with.

Everything is seeded and the number of threads is fixed, so the same rows give the same model to
the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from training.errors import NotEnoughData
from training.recipe import Boosting, Recipe

if TYPE_CHECKING:
    import xgboost

Floats = npt.NDArray[np.float64]
Targets = npt.NDArray[np.bool_]
# A forest over more rows than this gains little and keeps people waiting.
BASELINE_ROWS = 100_000
LATER = "later"
"""What XGBoost calls the slice that stops a fit."""


@dataclass(frozen=True)
class Rows:
    """A slice to learn from: features (rows by columns, NaN where missing) and targets."""

    features: Floats
    target: Targets

    def check(self, name: str) -> None:
        """Raise NotEnoughData unless the slice holds frauds and honest events."""
        frauds = int(self.target.sum())
        if len(self.target) == 0 or frauds == 0 or frauds == len(self.target):
            raise NotEnoughData(
                f"the {name} slice holds {len(self.target)} events with a settled label, {frauds} "
                f"of them fraud; both kinds are needed: give more data or labels, or change the "
                f"recipe's [split]"
            )


def fraud_weight(setting: float | str, target: Targets) -> float:
    """Return the weight of a fraud against an honest event that a recipe asks for."""
    if not isinstance(setting, str):
        return float(setting)
    frauds = max(int(target.sum()), 1)
    ratio = (len(target) - frauds) / frauds
    return float(ratio if setting == "balanced" else np.sqrt(ratio))


def boost(recipe: Recipe, names: list[str], train: Rows, stop: Rows | None, trees: int) -> Any:
    """Return a fitted `xgboost.Booster` of at most `trees` trees.

    With `stop` (a later slice) the number of trees is the one with the least log-loss
    there; without it exactly `trees` are fitted.
    """
    settings = recipe.boosting
    data = matrix(train, names, settings, recipe.threads)
    later = plain_matrix(stop, names, recipe.threads) if stop else None
    return boost_matrices(recipe, names, train.target, data, later, trees)


def boost_matrices(
    recipe: Recipe,
    names: list[str],
    target: Targets,
    data: Any,
    later: Any,
    trees: int,
    callbacks: Sequence[Any] = (),
) -> Any:
    """Do what `boost` does, on matrices that several settings can share; see `matrix`.

    `callbacks` are XGBoost's own, called after each tree.
    """
    import xgboost

    stopping = [] if later is None else [_stopping(recipe.boosting.early_stopping_rounds)]
    return xgboost.train(
        parameters(recipe, names, target),
        data,
        num_boost_round=trees,
        evals=[(later, LATER)] if later is not None else [],
        callbacks=[*callbacks, *stopping],
        verbose_eval=False,
    )


def parameters(recipe: Recipe, names: list[str], target: Targets) -> dict[str, Any]:
    """Return the parameters that XGBoost is given, under its own names."""
    settings = recipe.boosting
    parameters: dict[str, Any] = {
        "objective": "binary:logistic",
        # Log-loss moves smoothly where a slice holds few frauds; average precision jumps there.
        "eval_metric": "logloss",
        # The library's own estimate starts rare classes far out and learns worse at equal trees.
        "base_score": 0.5,
        "scale_pos_weight": fraud_weight(settings.fraud_weight, target),
        "seed": recipe.seed,
        "nthread": recipe.threads,
        "verbosity": 0,
    }
    own = ("n_estimators", "early_stopping_rounds", "fraud_weight", "max_bin", "monotone")
    parameters.update(settings.model_dump(exclude=set(own)))
    directions = [{"rising": 1, "falling": -1}.get(settings.monotone.get(n, ""), 0) for n in names]
    if any(directions):
        parameters["monotone_constraints"] = f"({','.join(map(str, directions))})"
    if settings.tree_method != "exact":
        parameters["max_bin"] = settings.max_bin
    return parameters


def matrix(rows: Rows, names: list[str], settings: Boosting, threads: int) -> xgboost.DMatrix:
    """Return rows to learn from: cut into `max_bin` bins for the method "hist"."""
    import xgboost

    if settings.tree_method != "hist":
        return plain_matrix(rows, names, threads)
    return xgboost.QuantileDMatrix(
        rows.features.astype(np.float32),
        label=rows.target.astype(np.float32),
        feature_names=names,
        max_bin=settings.max_bin,
        nthread=threads,
    )


def plain_matrix(rows: Rows, names: list[str], threads: int) -> xgboost.DMatrix:
    """Return rows to judge each tree on, as they are.

    In bins they would give the same figures, and every look at them would take as long as the
    tree itself.
    """
    import xgboost

    label = rows.target.astype(np.float32)
    features = rows.features.astype(np.float32)
    return xgboost.DMatrix(features, label=label, feature_names=names, nthread=threads)


def _stopping(rounds: int) -> Any:
    import xgboost

    return xgboost.callback.EarlyStopping(rounds=rounds, maximize=False, save_best=True)


def margins(booster: Any, features: Floats, names: list[str]) -> Floats:
    """Return the booster's raw margins (log-odds) of rows of features."""
    import xgboost

    data = xgboost.DMatrix(features.astype(np.float32), feature_names=names)
    return np.asarray(booster.predict(data, output_margin=True), dtype=np.float64)


def baselines(recipe: Recipe, train: Rows) -> dict[str, Any]:
    """Return fitted logistic regression, random forest and gradient boosting.

    The first two impute and scale inside; the last is scikit-learn's histogram gradient boosting
    with its defaults, which takes missing values as they are. Beyond 100,000 rows they learn from
    all frauds and a seeded sample of the honest events.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    rows = _sample(train, recipe.seed)
    estimators = {
        "logistic_regression": make_pipeline(
            SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
            FunctionTransformer(signed_log),
            StandardScaler(),
            LogisticRegression(C=0.1, class_weight="balanced", max_iter=300),
        ),
        "random_forest": make_pipeline(
            SimpleImputer(strategy="constant", fill_value=-1.0, keep_empty_features=True),
            RandomForestClassifier(
                n_estimators=60,
                min_samples_leaf=5,
                max_samples=0.5,
                max_features="sqrt",
                class_weight="balanced_subsample",
                n_jobs=-1,
                random_state=recipe.seed,
            ),
        ),
        "gradient_boosting": HistGradientBoostingClassifier(random_state=recipe.seed),
    }
    # A column without any value cannot be cut into bins; nothing is learnt from a constant either.
    empty = np.isnan(rows.features).all(axis=0)
    features = np.where(empty, 0.0, rows.features) if empty.any() else rows.features
    for estimator in estimators.values():
        estimator.fit(features, rows.target)
    return estimators


def baseline_scores(recipe: Recipe, train: Rows, features: Floats) -> dict[str, Floats]:
    """Fit the baselines and return each one's score of these rows of features."""
    with bounded(recipe):
        return {
            name: np.asarray(estimator.predict_proba(features)[:, 1])
            for name, estimator in baselines(recipe, train).items()
        }


def bounded(recipe: Recipe) -> AbstractContextManager[Any]:
    """Return a context in which libraries keep to the recipe's number of threads.

    Sums over another number differ in the last digits, and threads that wait for each other spin,
    for minutes where the machine has other work.
    """
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(limits=recipe.threads)
    return limits


def signed_log(values: Floats) -> Floats:
    """Return log(1 + |x|) with the sign of x: amounts and counts span many orders of magnitude."""
    return np.asarray(np.sign(values) * np.log1p(np.abs(values)))


def _sample(rows: Rows, seed: int) -> Rows:
    if len(rows.target) <= BASELINE_ROWS:
        return rows
    honest = np.flatnonzero(~rows.target)
    kept = np.random.default_rng(seed).choice(honest, size=BASELINE_ROWS, replace=False)
    chosen = np.sort(np.concatenate([np.flatnonzero(rows.target), kept]))
    return Rows(rows.features[chosen], rows.target[chosen])
