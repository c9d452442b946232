"""The challenger is scored beside the champion, changes no answer, and is compared with it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from models.challenger import challenge
from models.decision import Thresholds
from models.promotions import Person
from serving.champions import Champions
from serving.cli import app
from serving.comparing import _rank_correlation
from serving.errors import NotFound
from serving.metrics import Metrics
from serving.shadow import Seen, Shadow

from .harness import Running, running
from .worlds import START, payment, theft, train


def until(seen: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end
        time.sleep(0.05)


def shadowed(service: Running) -> int:
    [(count,)] = service.stored("SELECT count(*) FROM shadow_scores")
    return int(count)


def compared(home: Path, *options: str) -> dict[str, Any]:
    result = CliRunner().invoke(
        app, ["compare", "--home", str(home), "--json", *options], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def test_a_challenger_is_scored_and_compared_and_changes_nothing(
    new_home: Callable[..., Path],
) -> None:
    home = new_home()
    honest = [payment(number, number, START) for number in range(30)]
    stolen = [one for stream, one, _ in theft(500, 3, START) if stream == "payment"]
    events = honest + stolen
    with running(home, console=False) as service:
        alone = [service.score("payment", one) for one in events]
    other = new_home("other")
    made = train(
        other,
        seed=9,
        streams=("payment",),
        promoted=False,
        thresholds=Thresholds(review=0.02, urgent=0.999, reviews_per_day=20),
    )
    with running(other, console=False) as service:
        challenge(other / "models", made.directory, Person("test"), "to compare")
        until(lambda: service.service.champions.challenger("payment") is not None)
        beside = [service.score("payment", one) for one in events]
        until(lambda: shadowed(service) == len(events))
        again = service.score("payment", events[0])
        assert again["duplicate"]
        for event in stolen[:3]:
            label = {
                "stream": "payment",
                "event_id": event["event_id"],
                "is_fraud": True,
                "known_at": (START + timedelta(days=1)).isoformat(),
                "source": "chargeback",
            }
            answer = service.client.post("/v1/labels", json={"labels": [label]})
            assert answer.status_code < 300, answer.text
        text = service.client.get("/metrics").text
        assert f'crossflag_shadow_events_total{{stream="payment"}} {len(events)}.0' in text
        assert f'crossflag_challenger{{stream="payment",version="{made.version}"}} 1.0' in text
        found = compared(other)
        assert compared(other, "--member", "bank-a")["events"] == len(events)
        with pytest.raises(NotFound, match="crossflag challenge"):
            compared(other, "--member", "bank-b")
        table = CliRunner().invoke(app, ["compare", "--home", str(other)], catch_exceptions=False)
        assert "same advice" in table.stdout and made.version in table.stdout

    drop = ("assessment_id", "case_id", "received_at")
    for one, two in zip(alone, beside, strict=True):
        assert {k: v for k, v in one.items() if k not in drop} == {
            k: v for k, v in two.items() if k not in drop
        }
    champion = beside[0]["model"]["version"]
    assert found["challenger"] == made.version and found["champions"] == {champion: len(events)}
    assert found["events"] == len(events) and found["missed"] == 0
    assert sum(found["flips"].values()) == len(events)
    assert 0 <= found["agreement"] <= 1 and found["rank_correlation"] <= 1
    same = sum(count for flip, count in found["flips"].items() if len(set(flip.split(" to "))) == 1)
    assert found["agreement"] == same / len(events)
    flagged = sum(one["advice"] != "clear" for one in beside)
    assert found["champion_flags"]["flags"] == found["challenger_flags"]["flags"] == flagged
    assert found["labelled"] == 3
    assert found["champion_flags"]["frauds"] <= 3


class Idle:
    busy = False


def test_what_waits_is_bounded_and_the_rest_is_counted(tmp_path: Path) -> None:
    metrics = Metrics()
    shadow = Shadow(Champions(tmp_path, metrics), Idle(), metrics, capacity=3)  # type: ignore[arg-type]
    some = [Seen(number, "bank-a", "payment", np.zeros(1), None) for number in range(5)]  # type: ignore[arg-type]
    assert not shadow.wanted("payment")
    shadow.offer(some)
    shadow.offer(some[:1])
    assert metrics.shadow_dropped.labels("payment")._value.get() == 3


def test_rank_correlation_is_spearmans() -> None:
    one = np.array([1.0, 2.0, 2.0, 4.0, 9.0])
    assert _rank_correlation(one, one**3) == 1.0
    assert _rank_correlation(one, -one) == -1.0
    assert _rank_correlation(one, np.ones(5)) is None
    # Ranks 1, 2.5, 2.5, 4, 5 and 3, 1, 2, 4, 5.
    assert _rank_correlation(one, np.array([5.0, 1.0, 3.0, 7.0, 8.0])) == pytest.approx(0.666886)
