"""The page Watch, and what novelty shows in the queue and on a case."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from models.drift import Shift
from models.unusual import Unusual
from serving.alarms import Alarm
from serving.drift import StreamDrift
from serving.watching import Watched
from tests.serving.ui import fakes as make


@dataclass
class FakeWatch:
    """What the last look found, as the page asks for it."""

    watched: Watched | None = None
    minutes: int = 60
    days: int = 7

    def last(self, principal: Any) -> Watched | None:
        principal.require("read")
        return self.watched


def shift(name: str, psi: float, word: Any, **more: Any) -> Shift:
    given: dict[str, Any] = {
        "of": "feature",
        "corridor": "",
        "events": 1_234,
        "edges": (100_000.0,),
        "bins": (),
        "then": (0.8, 0.2, 0.0),
        "now": (0.5, 0.5, 0.0),
    }
    return Shift(name=name, psi=psi, word=word, **given | more)


def watched(**changed: Any) -> Watched:
    shifts = (
        shift("amount", 0.41, "far"),
        shift("debtor_burst", 0.01, "stable"),
        shift("margin", 0.12, "moved", of="score"),
        shift(
            *("corridors", 0.02, "stable"),
            **{"of": "corridor", "edges": (), "bins": ("BE>RO", "<b>", "other")},
        ),
        shift("amount", 0.6, "far", corridor="BE>RO"),
    )
    now = make.NOW
    alarm = Alarm(
        *("local", "payment", "fan-out + new payee", "BE", "LT"),
        **{"days": 7, "events": 9, "subjects": 6, "before": 1, "first_at": now, "last_at": now},
    )
    drift = StreamDrift("payment", "0a1b2c3d4e5f", now - timedelta(days=7), 1_234, shifts)
    return replace(Watched(now, (drift,), (alarm,)), **changed)


@pytest.fixture
def watch(service: Any) -> FakeWatch:
    service.watch = FakeWatch()
    return service.watch  # type: ignore[no-any-return]


def test_before_the_first_look_the_page_says_when_it_comes(ana: Any, watch: FakeWatch) -> None:
    text = ana.get("/console/watch").text
    assert "Nothing was looked at yet" in text
    assert re.search(r'href="/console/watch"[^>]* aria-current="page"', text)


def test_an_alarm_names_what_is_odd_and_where_and_links_to_its_cases(
    ana: Any, watch: FakeWatch
) -> None:
    watch.watched = watched()
    answer = ana.get("/console/watch")
    assert answer.status_code == 200
    assert "Fan-out + new payee" in answer.text
    assert 'title="Lithuania"' in answer.text
    assert 'href="/console/queue?found_by=novelty"' in answer.text


def test_drift_shows_scores_first_then_what_moved_and_hides_what_is_stable(
    ana: Any, watch: FakeWatch
) -> None:
    watch.watched = watched()
    text = ana.get("/console/watch").text
    assert "Of 4 distributions 2 are stable, 1 moved and 1 lie far." in text
    assert text.index("<code>score</code>") < text.index("<code>amount</code>")
    assert "debtor_burst" not in text
    assert "up to 1,000.00 EUR: 80 % then, 50 % now" in text
    assert "1 shift within corridors" in text
    assert "BE → RO" in text
    assert "<b>:" not in text


def test_no_alarm_and_no_event_are_said(ana: Any, watch: FakeWatch) -> None:
    watch.watched = watched(drift=(), alarms=())
    text = ana.get("/console/watch").text
    assert "None. " in text
    assert "No event of the last 7 days was compared" in text


def test_the_queue_marks_and_filters_what_novelty_found(ana: Any, service: Any) -> None:
    service.cases.queued = [
        make.summary("C-1", novel=True),
        make.summary("C-2", subject_name="Otto Beispiel"),
    ]
    both, alone = (ana.get(f"/console/queue{query}").text for query in ("", "?found_by=novelty"))
    assert both.count('class="badge novel"') == alone.count('class="badge novel"') == 1
    assert "Otto Beispiel" in both
    assert "Otto Beispiel" not in alone
    assert '<option value="novelty" selected>' in alone


def test_a_case_says_what_is_unusual_in_the_words_that_were_kept(ana: Any, service: Any) -> None:
    entry = make.payment("p-1", make.NOW)
    odd = Unusual("amount", "7 to <nobody>; 1 event in 900 is so far out", 7, 0, 1, 900, 2.5)
    assessment = replace(entry.assessment, novelty=0.9999, unusual=(odd,))
    service.cases.case = make.detail(timeline=(replace(entry, assessment=assessment),))
    text = ana.get("/console/cases/C-1").text
    assert "7 to &lt;nobody&gt;; 1 event in 900 is so far out" in text
