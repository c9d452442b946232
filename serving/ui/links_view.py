"""What ties the case to others, as its page shows it: graph, way to a confirmed case, map."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from markupsafe import Markup

from serving.cases import CaseDetail, Links
from serving.ui.graph_svg import draw, graph_of
from serving.ui.http import ROOT
from serving.ui.map_svg import Way, corridor_map


@dataclass(frozen=True)
class LinksView:
    """The graph and the tables beside it; no graph when nothing is shared."""

    links: Links
    picture: Markup | None
    left_out: int
    followed: tuple[str, ...]


def view(links: Links, case_id: str, followed: tuple[str, ...]) -> LinksView:
    """Return the links ready to be shown; pressing a case follows it, a thing searches for it."""
    shown = {tie.entity.kind + ":" + tie.entity.value: tie.entity.shown for tie in links.ties}

    def address(key: str) -> str:
        kind, _, rest = key.partition(":")
        if kind != "case":
            return f"{ROOT}/queue?{urlencode({'state': 'all', 'text': shown.get(key, rest)})}"
        one = f"C-{rest}"
        if one == case_id or one in followed:
            return f"{ROOT}/cases/{one}"
        query = urlencode([("follow", each) for each in (*followed, one)])
        return f"{ROOT}/cases/{case_id}?{query}#links"

    alone = not links.related
    graph = graph_of(links, int(case_id.removeprefix("C-")))
    picture = None if alone else draw(graph, links.path, address)
    return LinksView(links, picture, graph.left_out, followed)


def map_of(case: CaseDetail, listed: dict[str, str]) -> Markup | None:
    """Return the case's corridor map, None without a corridor that the map knows."""
    ways = [
        Way(one.debtor_country, one.creditor_country, one.payments, one.total)
        for one in case.corridors
    ]
    return corridor_map(ways, listed)
