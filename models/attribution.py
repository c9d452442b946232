"""Exact path-dependent TreeSHAP: what each feature of a row added to its margin.

The values are those of Lundberg et al. 2018 ("Consistent Individualized Feature Attribution for
Tree Ensembles", algorithm 2, with the training cover as the background), in the linear-time form
of Yu et al. 2022 ("Linear TreeShap"). A leaf of value v whose path asks m distinct features gives
feature i

    v (o_i - z_i) ∫₀¹ ∏_{j≠i} (z_j (1 - t) + o_j t) dt,

where z is the share of training weight that follows the path at that feature's splits and o is 1
if the row does, else 0. The integrand is a polynomial of degree m - 1, so that Gauss-Legendre
quadrature with ⌈m / 2⌉ points is exact; the products are carried down each tree and their sums up,
which costs nodes x points instead of leaves x depth².
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from models.forest import Float32, Float64, Forest, Integers, turns_right

_FOLLOWS, _LEAVES, _LEFT = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Attribution:
    """A forest with the tables that its attribution needs; build it once with `of`.

    `bias` is the expected margin over the training weight; a row's contributions and `bias` add up
    to its margin.
    """

    forest: Forest
    bias: float
    _anchor: Integers
    _share: Float64
    _tables: Float64
    _ends: Integers

    @classmethod
    def of(cls, forest: Forest) -> Attribution:
        """Prepare the tables of `forest`."""
        size = forest.nodes.size
        ends = np.append(forest.roots[1:], size).astype(np.int32)
        anchor = np.full(size, -1, dtype=np.int32)
        share, path_share = np.ones(size), np.ones(size)
        expected, deepest = _trace_paths(
            forest.nodes, forest.roots, ends, forest.cover, anchor, share, path_share
        )
        points, weights = np.polynomial.legendre.leggauss(max(1, (deepest + 1) // 2))
        tables = _edge_tables(anchor, path_share, (points + 1) / 2, weights / 2)
        return cls(forest, float(forest.base_margin) + expected, anchor, share, tables, ends)

    def contributions(self, rows: Float32) -> Float64:
        """Return float64[n, feature_count]: what each feature added to each row's margin."""
        rows = self.forest.checked(rows)
        result = np.zeros(rows.shape)
        _attribute(
            self.forest.nodes,
            self.forest.roots,
            self._ends,
            self._anchor,
            self._share,
            self._tables,
            rows,
            result,
        )
        return result


@njit(cache=True)
def _trace_paths(
    nodes: npt.NDArray[np.void],
    roots: Integers,
    ends: Integers,
    cover: Float64,
    anchor: Integers,
    share: Float64,
    path_share: Float64,
) -> tuple[float, int]:
    """Fill, for the edge into each node, its cover share, the edge above it that asks the same
    feature (`anchor`, -1 if none) and the product of the shares of that feature's edges.

    Returns the expected sum of leaves and the largest number of distinct features on a path.
    """
    parent = np.full(nodes.size, -1, dtype=np.int32)
    reached = np.ones(nodes.size)
    distinct = np.zeros(nodes.size, dtype=np.int32)
    expected, deepest = 0.0, 0
    for tree in range(roots.size):
        for index in range(roots[tree], ends[tree]):
            left = nodes[index].left
            if left < 0:
                expected += reached[index] * nodes[index].threshold
                deepest = max(deepest, distinct[index])
                continue
            above = index
            while parent[above] >= 0 and (nodes[parent[above]].feature != nodes[index].feature):
                above = parent[above]
            same = above if parent[above] >= 0 else -1
            for child in range(left, left + 2):
                parent[child] = index
                share[child] = cover[child] / cover[index] if cover[index] > 0 else 0.0
                reached[child] = reached[index] * share[child]
                anchor[child] = same
                path_share[child] = share[child] * (path_share[same] if same >= 0 else 1.0)
                distinct[child] = distinct[index] + (1 if same < 0 else 0)
    return expected, deepest


def _edge_tables(
    anchor: Integers, path_share: Float64, points: Float64, weights: Float64
) -> Float64:
    """Return float64[nodes, 2, 2, points]: by edge and by whether the row follows or leaves the
    path at it (having followed it at its anchor), the factor of the product and the weighted
    change of (o - z) / (z (1 - t) + o t) against the anchor.
    """
    z = path_share[:, None]
    follows = z * (1 - points) + points
    leaves = z * (1 - points)
    gain_follows = (1 - z) / follows
    gain_leaves = np.broadcast_to(-1 / (1 - points), follows.shape)
    anchored = (anchor >= 0)[:, None]
    above = np.where(anchored, follows[anchor], 1.0)
    gain_above = np.where(anchored, gain_follows[anchor], 0.0)
    tables = np.empty((anchor.size, 2, 2, points.size))
    tables[:, _FOLLOWS, 0] = follows / above
    tables[:, _LEAVES, 0] = leaves / above
    tables[:, _FOLLOWS, 1] = weights * (gain_follows - gain_above)
    tables[:, _LEAVES, 1] = weights * (gain_leaves - gain_above)
    return tables


@njit(cache=True)
def _attribute(
    nodes: npt.NDArray[np.void],
    roots: Integers,
    ends: Integers,
    anchor: Integers,
    share: Float64,
    tables: Float64,
    rows: Float32,
    result: Float64,
) -> None:
    widest = np.max(ends - roots)
    product = np.empty((widest, tables.shape[3]))
    state = np.empty(widest, dtype=np.int8)
    for row in range(rows.shape[0]):
        for tree in range(roots.size):
            root, end = roots[tree], ends[tree]
            _carry_down(nodes, root, end, anchor, share, tables, rows[row], product, state)
            _sum_up(nodes, root, end, tables, product, state, result[row])


@njit(cache=True)
def _carry_down(
    nodes: npt.NDArray[np.void],
    root: int,
    end: int,
    anchor: Integers,
    share: Float64,
    tables: Float64,
    values: Float32,
    product: Float64,
    state: npt.NDArray[np.int8],
) -> None:
    """Fill `product` with each node's product of path factors, in leaves times the leaf's value."""
    points = tables.shape[3]
    product[0, :] = 1.0
    for index in range(root, end):
        node = nodes[index]
        if node.left < 0:
            for point in range(points):
                product[index - root, point] *= node.threshold
            continue
        right = node.left + turns_right(node, values[node.feature])
        above = anchor[node.left]
        left_before = above >= 0 and state[above - root] != _FOLLOWS
        for child in range(node.left, node.left + 2):
            kind = _FOLLOWS if child == right else _LEAVES
            if left_before:
                state[child - root] = _LEFT
                for point in range(points):
                    product[child - root, point] = product[index - root, point] * share[child]
            else:
                state[child - root] = kind
                for point in range(points):
                    factor = tables[child, kind, 0, point]
                    product[child - root, point] = product[index - root, point] * factor


@njit(cache=True)
def _sum_up(
    nodes: npt.NDArray[np.void],
    root: int,
    end: int,
    tables: Float64,
    product: Float64,
    state: npt.NDArray[np.int8],
    result: Float64,
) -> None:
    """Add each edge's gain to its feature, and replace inner products by the sum of both sides."""
    points = tables.shape[3]
    for index in range(end - 1, root - 1, -1):
        node = nodes[index]
        if node.left < 0:
            continue
        first, gained = node.left - root, 0.0
        for child in range(first, first + 2):
            kind = state[child]
            if kind != _LEFT:
                for point in range(points):
                    gained += product[child, point] * tables[child + root, kind, 1, point]
        result[node.feature] += gained
        for point in range(points):
            product[index - root, point] = product[first, point] + product[first + 1, point]
