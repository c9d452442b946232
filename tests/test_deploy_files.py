"""The dashboard and the alerts name metrics that exist, and each alert has its runbook part."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from serving.metrics import Metrics

ROOT = Path(__file__).parent.parent
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "crossflag.json"


def series() -> dict[str, set[str]]:
    """Every series that /metrics can give, with its labels."""
    found = {}
    for metric in Metrics().registry._collector_to_names:
        labels = set(getattr(metric, "_labelnames", ()))
        [family] = metric.collect()
        kinds = {
            "counter": ("_total",),
            "gauge": ("",),
            "histogram": ("_bucket", "_sum", "_count"),
        }[family.type]
        for ending in kinds:
            found[family.name + ending] = labels | ({"le"} if ending == "_bucket" else set())
    return found


def rules() -> list[dict[str, Any]]:
    [group] = yaml.safe_load(ALERTS.read_text())["groups"]
    return list(group["rules"])


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in rules())
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        assert panel["description"]
        yield from (target["expr"] for target in panel["targets"])


def unknown(expression: str) -> list[str]:
    """What an expression names that no answer of /metrics holds: series, and labels of them."""
    known, wrong = series(), []
    for name, chosen in re.findall(r"(crossflag_\w+)(?:\{([^}]*)\})?", expression):
        if name not in known:
            wrong.append(name)
            continue
        labels = re.findall(r"(\w+)\s*[!=~]", chosen)
        wrong += [f"{name}.{label}" for label in labels if label not in known[name]]
    return wrong


def test_every_metric_that_is_named_exists() -> None:
    found = list(expressions())
    assert len(found) > 25
    assert {one: wrong for one in found if (wrong := unknown(one))} == {}


def test_a_metric_that_is_gone_is_found() -> None:
    assert unknown("rate(crossflag_events_totals[5m])") == ["crossflag_events_totals"]
    assert unknown('crossflag_events_total{strem="x"}') == ["crossflag_events_total.strem"]


def test_every_alert_says_what_to_do() -> None:
    parts = re.findall(r"^## (Crossflag\w+)$", (ROOT / "docs" / "runbook.md").read_text(), re.M)
    assert sorted(parts) == sorted(rule["alert"] for rule in rules())
    for rule in rules():
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in ("page", "ticket")


def test_panels_do_not_lie_on_one_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        place = panel["gridPos"]
        cells = {
            (place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
