"""The demo's reviewers leave cases open, claimed and decided; their truths are the sample's own."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from shutil import copytree

from features.events import Label, parse
from serving import demo_review
from tests.serving.harness import running
from tests.serving.worlds import START, history, theft


def test_cases_are_worked_on_through_the_api(trained: Path, tmp_path: Path) -> None:
    copytree(trained / "models", tmp_path / "models")
    noon = START + timedelta(days=4, hours=12)
    crimes = [theft(9_000 + 100 * who, who, noon + timedelta(hours=who)) for who in (3, 5)]
    given = {"is_fraud": True, "typology": "account_takeover", "source": "world"}
    labels = [
        parse(
            Label,
            {
                **given,
                "stream": stream,
                "event_id": fields["event_id"],
                "known_at": (noon + timedelta(days=1)).isoformat(),
            },
        )
        for crime in crimes
        for stream, fields, _ in crime
    ]
    with running(tmp_path) as service:
        for stream, fields, _ in [*history(days=4), *crimes[0], *crimes[1]]:
            service.score(stream, fields)
        left = demo_review.work(service.client, demo_review.truths(labels))
        states = {one["state"] for one in service.client.get("/v1/cases").json()["cases"]}
    assert sum(left.values()) >= 2
    assert left["claimed"] >= 1
    assert "claimed" in states
