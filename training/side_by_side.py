"""Two fits at once: the rehearsal, and the model that is to have as many trees.

The first trees of a longer training are those of a shorter one. So the model may grow every tree
that the rehearsal has already shown to be wanted, and no tree is grown in vain; nothing but the
time depends on which of the two is ahead.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Condition
from typing import Any

import numpy as np

from training import fit
from training.fit import Rows
from training.recipe import Recipe


class _Pace:
    """How many trees the rehearsal wants so far, and whether it is through."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._wanted, self._through = 0, False

    def want(self, trees: int) -> None:
        """Say that so many trees are wanted at least."""
        with self._changed:
            self._wanted = trees
            self._changed.notify()

    def finish(self) -> None:
        """Say that no more will be wanted."""
        with self._changed:
            self._through = True
            self._changed.notify()

    def enough(self, grown: int) -> bool:
        """Wait until one more tree than these is wanted, or tell that none ever will be."""
        with self._changed:
            self._changed.wait_for(lambda: self._wanted > grown or self._through)
            return self._wanted <= grown


def boost(
    recipe: Recipe, names: list[str], rehearsal: Rows, stop: Rows, train: Rows
) -> tuple[Any, Any]:
    """Return the rehearsal on its rows, stopped by `stop`, and a model of as many trees on `train`.

    Both are `xgboost.Booster`, each the same bits as a fit of its own would give.
    """
    pace = _Pace()
    with ThreadPoolExecutor(1) as aside:
        rehearsed = aside.submit(_rehearse, recipe, names, rehearsal, stop, pace)
        rehearsed.add_done_callback(lambda _: pace.finish())
        model = _follow(recipe, names, train, pace)
    return rehearsed.result(), model


def _rehearse(recipe: Recipe, names: list[str], rows: Rows, stop: Rows, pace: _Pace) -> Any:
    import xgboost

    class Tell(xgboost.callback.TrainingCallback):  # type: ignore[misc]
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            (losses,) = evals_log[fit.LATER].values()
            pace.want(int(np.argmin(losses)) + 1)
            return False

    return fit.boost_matrices(
        recipe,
        names,
        rows.target,
        fit.matrix(rows, names, recipe.boosting, recipe.threads),
        fit.plain_matrix(stop, names, recipe.threads),
        recipe.boosting.n_estimators,
        [Tell()],
    )


def _follow(recipe: Recipe, names: list[str], rows: Rows, pace: _Pace) -> Any:
    import xgboost

    class Follow(xgboost.callback.TrainingCallback):  # type: ignore[misc]
        def before_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            return pace.enough(epoch)

    data = fit.matrix(rows, names, recipe.boosting, recipe.threads)
    most = recipe.boosting.n_estimators
    return fit.boost_matrices(recipe, names, rows.target, data, None, most, [Follow()])
