"""The link graph: this case, what it names, the cases that name the same, and so on outwards.

Columns are steps away from the case, so that who is tied to whom by what reads from left to right;
within a column whatever hangs together stands together. A diamond is a confirmed case, a disc an
undecided one, a square one found honest; the shape says it, colour repeats it. Every case is a link
that follows it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from serving.cases import Links
from serving.ui import words

_COLUMN, _ROW, _TOP, _LEFT = 250, 30, 34, 24
_MOST = 26
_TITLES = ("This case", "What it names", "Cases that name the same", "What these name", "Further")


@dataclass(frozen=True)
class Node:
    """A case (`case:17`) or a thing (`account:ro49…`)."""

    key: str
    text: str
    kind: str
    step: int


@dataclass(frozen=True)
class Graph:
    """Nodes with their places, and the edges between them."""

    nodes: dict[str, Node]
    edges: tuple[tuple[str, str], ...]
    left_out: int


def graph_of(links: Links, number: int) -> Graph:
    """Return what is drawn: nodes by steps from the case, at most `_MOST` in a column."""
    neighbours: dict[str, list[str]] = {}
    texts: dict[str, tuple[str, str]] = {}
    for tie in links.ties:
        case, thing = f"case:{tie.number}", f"{tie.entity.kind}:{tie.entity.value}"
        texts[thing] = (words.shortened(tie.entity.shown), tie.entity.kind)
        neighbours.setdefault(case, []).append(thing)
        neighbours.setdefault(thing, []).append(case)
    for place, (summary, finding) in links.cases.items():
        name = summary.subject_name or summary.subject
        texts[f"case:{place}"] = (f"{summary.case_id} {words.shortened(name, 22)}", finding)
    start = f"case:{number}"
    step, frontier, left_out = 0, [start], 0
    nodes: dict[str, Node] = {}
    while frontier:
        frontier = [one for one in dict.fromkeys(frontier) if one in texts and one not in nodes]
        # What leads on stands first, and a lonely thing is left out first.
        frontier.sort(key=lambda one: -min(len(set(neighbours.get(one, ()))), 2))
        left_out += max(0, len(frontier) - _MOST)
        for one in frontier[:_MOST]:
            nodes[one] = Node(one, *texts[one], step)
        frontier = [n for one in frontier[:_MOST] for n in neighbours.get(one, ())]
        step += 1
    edges = {
        tuple(sorted((one, other)))
        for one in nodes
        for other in neighbours.get(one, ())
        if other in nodes
    }
    return Graph(nodes, tuple((first, second) for first, second in sorted(edges)), left_out)


def draw(graph: Graph, path: Sequence[str], address: Callable[[str], str]) -> Markup:
    """Draw a graph; `path` holds the ids and values on the way to a confirmed case."""
    columns: dict[int, list[Node]] = {}
    for node in graph.nodes.values():
        columns.setdefault(node.step, []).append(node)
    tallest = max(len(column) for column in columns.values())
    height = _TOP + tallest * _ROW + 8
    places = {
        node.key: (
            _LEFT + node.step * _COLUMN,
            _TOP + 12 + (row + (tallest - len(column)) / 2) * _ROW,
        )
        for column in columns.values()
        for row, node in enumerate(column)
    }
    marked = {f"case:{one[2:]}" if place % 2 == 0 else one for place, one in enumerate(path)}
    on_path = {key for key in graph.nodes if key in marked or key.partition(":")[2] in marked}
    parts = [
        Markup('<text class="svg-text" x="{}" y="16">{}</text>').format(
            _LEFT + step * _COLUMN - 8, _TITLES[min(step, len(_TITLES) - 1)]
        )
        for step in columns
    ]
    parts += [_edge(places, edge, on_path) for edge in graph.edges]
    parts += [
        _node(node, places[node.key], node.key in on_path, address) for node in graph.nodes.values()
    ]
    width = _LEFT + len(columns) * _COLUMN + 20
    said = f"{len(graph.nodes)} cases and things, {len(graph.edges)} ties; the tables list them"
    return Markup(
        '<svg class="graph" viewBox="0 0 {} {:.0f}" width="{}" role="group" aria-label="{}">'
        "{}</svg>"
    ).format(width, height, width, said, Markup("").join(parts))


def _edge(
    places: Mapping[str, tuple[float, float]], edge: tuple[str, str], on_path: set[str]
) -> Markup:
    (x1, y1), (x2, y2) = sorted(places[one] for one in edge)
    # An edge begins behind the words of what stands on its left.
    start = x1 + (_COLUMN - 60 if x2 > x1 else 0)
    half = (start + x2 - 10) / 2
    style = "svg-path" if on_path.issuperset(edge) else "svg-tie"
    return Markup(
        '<path class="{}" d="M{:.0f} {:.1f}C{:.0f} {:.1f} {:.0f} {:.1f} {:.0f} {:.1f}"/>'
    ).format(style, start, y1, half, y1, half, y2, x2 - 10, y2)


def _node(
    node: Node, place: tuple[float, float], marked: bool, address: Callable[[str], str]
) -> Markup:
    x, y = place
    shapes = {
        "confirmed": "M{0} {1}l7 7 7-7-7-7z",
        "honest": "M{0} {1}m1-6h12v12h-12z",
    }
    left = x - 7
    shape = shapes.get(node.kind)
    if shape is not None:
        body = Markup('<path class="svg-{}" d="{}"/>').format(
            node.kind, shape.format(f"{left:.0f}", f"{y:.1f}")
        )
    else:
        kind = node.kind if node.kind in ("undecided", "unsaid") else "thing"
        body = Markup('<circle class="svg-{}" cx="{:.0f}" cy="{:.1f}" r="{}"/>').format(
            kind, x, y, 6 if kind != "thing" else 4
        )
    label = (
        node.text if node.key.startswith("case:") else f"{words.ENTITIES[node.kind]} {node.text}"
    )
    text = Markup('<text class="{}" x="{:.0f}" y="{:.1f}">{}</text>').format(
        "svg-strong" if marked or node.step == 0 else "svg-text", x + 12, y + 4, label
    )
    told = Markup("<title>{}</title>").format(label)
    return Markup('<a href="{}">{}{}{}</a>').format(address(node.key), told, body, text)
