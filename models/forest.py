"""A gradient-boosted forest read from XGBoost's JSON and walked without XGBoost.

The margin (log-odds before calibration) is bitwise what `Booster.predict(output_margin=True)`
returns: float32 comparisons `value < threshold`, a missing value (NaN) takes the node's default
branch, leaves are added in float32 in tree order, starting from the base margin.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from models.errors import BadRows, ParityBroken, UnsupportedModel

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int32]

# One node is 16 bytes; `left` is -1 in a leaf, whose value stands in `threshold`; the right child
# is always `left + 1`.
NODE = np.dtype([("threshold", "f4"), ("feature", "i4"), ("left", "i4"), ("missing_right", "i4")])
_BLOCK = 64
_SMALLEST_BASE_SCORE = np.float32(1e-6)


@dataclass(frozen=True, eq=False)
class Forest:
    """The trees of one binary model as flat arrays, parents before children.

    `nodes` is an array of `NODE`, `cover` the training weight (sum of Hessians) that reached each
    node, `roots` the first node of each tree, `base_margin` the log-odds every row starts from and
    `feature_count` the width of a row.
    """

    nodes: npt.NDArray[np.void]
    cover: Float64
    roots: Integers
    base_margin: np.float32
    feature_count: int

    @classmethod
    def from_json(cls, data: bytes) -> Forest:
        """Read a model saved by XGBoost as JSON (`save_model("x.json")` or `save_raw("json")`).

        Raises:
            UnsupportedModel: it is no such file, or has categorical splits, several outputs, an
                objective other than binary:logistic or binary:logitraw, a booster other than
                gbtree, or rounds beyond its best iteration.
        """
        try:
            learner = json.loads(data)["learner"]
            _refuse_what_is_not_computed(learner)
            parameters = learner["learner_model_param"]
            feature_count = int(parameters["num_feature"])
            trees = learner["gradient_booster"]["model"]["trees"]
            nodes, cover, roots = _flatten(trees, feature_count)
            base = _base_margin(parameters["base_score"], learner["objective"]["name"])
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise UnsupportedModel(
                f"the model is not an XGBoost JSON file that can be read "
                f"({type(error).__name__}: {error}); save it with Booster.save_model('model.json')"
            ) from error
        return cls(nodes, cover, roots, base, feature_count)

    def margin(self, rows: Float32) -> Float32:
        """Return the log-odds of each row; `rows` is float32[n, feature_count], NaN is missing."""
        rows = self.checked(rows)
        margins = np.empty(rows.shape[0], dtype=np.float32)
        _add_trees(self.nodes, self.roots, self.base_margin, rows, margins)
        return margins

    def check_parity(self, rows: Float32, margins: Float32) -> None:
        """Raise `ParityBroken` unless `margins` are, bit for bit, what this forest computes."""
        ours = self.margin(rows)
        theirs = np.asarray(margins, dtype=np.float32)
        if ours.shape != theirs.shape:
            raise ParityBroken(
                f"{theirs.size} margins were given for {ours.size} rows; give one each"
            )
        wrong = np.flatnonzero(ours.view(np.uint32) != theirs.view(np.uint32))
        if wrong.size:
            first = int(wrong[0])
            raise ParityBroken(
                f"{wrong.size} of {ours.size} margins differ from the trained model's, first in "
                f"row {first}: {ours[first]!r} here, {theirs[first]!r} there; compare with the "
                f"Booster that was saved, on the same float32 rows"
            )

    def checked(self, rows: Float32) -> Float32:
        """Return `rows` as contiguous float32; raises `BadRows` for another shape."""
        if rows.ndim != 2 or rows.shape[1] != self.feature_count:
            raise BadRows(
                f"rows have shape {rows.shape}; the model takes (n, {self.feature_count})"
            )
        return np.ascontiguousarray(rows, dtype=np.float32)


def _refuse_what_is_not_computed(learner: dict[str, Any]) -> None:
    parameters, booster = learner["learner_model_param"], learner["gradient_booster"]
    objective = learner["objective"]["name"]
    if objective not in ("binary:logistic", "binary:logitraw"):
        raise UnsupportedModel(
            f"objective {objective!r} is not computed; train with 'binary:logistic'"
        )
    if booster["name"] != "gbtree":
        raise UnsupportedModel(f"booster {booster['name']!r} is not computed; train with 'gbtree'")
    if int(parameters["num_class"]) > 1 or int(parameters.get("num_target", "1")) > 1:
        raise UnsupportedModel("a model with several outputs is not computed; train one output")
    model = booster["model"]
    for number, tree in enumerate(model["trees"]):
        if int(tree["tree_param"]["size_leaf_vector"]) > 1:
            raise UnsupportedModel(f"tree {number} has vector leaves; train one output")
        if any(tree["split_type"]) or tree["categories_nodes"]:
            raise UnsupportedModel(
                f"tree {number} splits on a category; give categories as numbers"
            )
    best = learner.get("attributes", {}).get("best_iteration")
    rounds = len(model["iteration_indptr"]) - 1
    if best is not None and rounds > int(best) + 1:
        raise UnsupportedModel(
            f"the model has {rounds} rounds but stopped early at best_iteration {best}; "
            f"save the slice booster[: {int(best) + 1}]"
        )


def _flatten(
    trees: list[dict[str, Any]], feature_count: int
) -> tuple[npt.NDArray[np.void], Float64, Integers]:
    """Renumber each tree breadth first, so that children are neighbours and follow parents."""
    nodes: list[tuple[float, int, int, int]] = []
    cover: list[float] = []
    roots: list[int] = []
    for number, tree in enumerate(trees):
        lefts, rights, splits = tree["left_children"], tree["right_children"], tree["split_indices"]
        values, defaults = tree["split_conditions"], tree["default_left"]
        start = len(nodes)
        roots.append(start)
        order = [0]
        for old in order:
            value, left = float(values[old]), int(lefts[old])
            if len(order) > len(lefts) or not math.isfinite(value):
                raise UnsupportedModel(f"tree {number} is damaged at node {old}; save it again")
            cover.append(float(tree["sum_hessian"][old]))
            if left < 0:
                nodes.append((value, 0, -1, 0))
                continue
            feature = int(splits[old])
            if not 0 <= feature < feature_count:
                raise UnsupportedModel(
                    f"tree {number} splits on feature {feature} of {feature_count}; save it again"
                )
            nodes.append((value, feature, start + len(order), int(not defaults[old])))
            order += [left, int(rights[old])]
    return np.array(nodes, dtype=NODE), np.array(cover), np.array(roots, dtype=np.int32)


def _base_margin(text: str, objective: str) -> np.float32:
    """Turn the stored base score ("5E-1", or "[5E-1]" since XGBoost 3) into log-odds."""
    scores = np.atleast_1d(np.asarray(json.loads(text), dtype=np.float32))
    if scores.size != 1:
        raise UnsupportedModel(f"base_score {text!r} has several outputs; train one output")
    score = np.float32(scores[0])
    if objective == "binary:logitraw":
        return score
    clipped = np.clip(score, _SMALLEST_BASE_SCORE, np.float32(1) - _SMALLEST_BASE_SCORE)
    return np.float32(_log_odds(clipped))


@njit(cache=True)  # numba calls the C library's logf, as XGBoost does; NumPy's differs by one ulp
def _log_odds(score: np.float32) -> np.float32:
    one = np.float32(1)
    return np.float32(-math.log(one / score - one))


@njit(cache=True)
def turns_right(node: Any, value: np.float32) -> Any:
    """Return 1 when a value takes the right branch of a node, else 0; compiled without a branch."""
    return int(not value < node.threshold) & (int(value == value) | node.missing_right)


@njit(cache=True, nogil=True)  # so that scoring in the shadow holds up nobody
def _add_trees(
    nodes: npt.NDArray[np.void],
    roots: Integers,
    base_margin: np.float32,
    rows: Float32,
    margins: Float32,
) -> None:
    for start in range(0, rows.shape[0], _BLOCK):
        stop = min(start + _BLOCK, rows.shape[0])
        margins[start:stop] = base_margin
        for root in roots:
            for row in range(start, stop):
                node = nodes[root]
                while node.left >= 0:
                    node = nodes[node.left + turns_right(node, rows[row, node.feature])]
                margins[row] += node.threshold
