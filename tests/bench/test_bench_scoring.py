"""The service over HTTP beside others: what is counted, and that a wrong answer is noticed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from bench.command import app
from bench.scoring import load, measuring, showing, traffic
from bench.scoring.contenders import Contender, Figures, Met, Sizes
from features.errors import CrossflagError
from tests.serving.worlds import train

_ANSWER = {
    "event_id": "p1", "advice": "clear", "watchlist_hits": [], "duplicate": False,
    "probability": 0.1, "reasons": [],
}  # fmt: skip


def contender(name: str, processor: float) -> Any:
    figures = {
        "single": Figures(100, 100, processor, 0.5, [0.001] * 100),
        "batch": Figures(10, 1000, processor, 0.5, [0.01] * 10),
    }
    made: Contender = SimpleNamespace(name=name, figures=figures)  # type: ignore[assignment]
    return made


def test_a_ratio_is_of_requests_a_second_a_core(capsys: pytest.CaptureFixture[str]) -> None:
    measured = [contender("sqlite", 0.02), contender("echo", 0.01)]
    measured += [contender("mlflow", 0.4), contender("mlflow_signature", 1.0)]
    found = measuring.document(measured, Sizes(), {"empty": {"ready_seconds": 1.5}},
                               {"sqlite": Met(1100, 11, 2)})  # fmt: skip
    assert found["ratio_to_echo"] == {"sqlite": 0.5}
    assert found["ratio_to_mlflow"] == {"sqlite": 20.0}
    assert found["ratio_to_mlflow_signature"] == {"sqlite": 50.0}
    assert found["ratio_to_echo_batch"] == {"sqlite": 0.5}
    assert found["throughput_ratio_to_echo"] == {"sqlite": 1.0}
    assert found["figures"]["sqlite"]["single"]["processor_us_per_request"] == 200
    assert found["figures"]["sqlite"]["batch"]["processor_us_per_event"] == 20
    json.dumps(found)
    showing.show(found)
    told = capsys.readouterr().out
    assert "20.00" in told and "ready seconds 1.5" in told and "11 flagged" in told


@pytest.mark.parametrize(
    "wrong",
    [{"event_id": "p2"}, {"duplicate": True}, {"advice": "review"}, {"probability": 2}],
)
def test_an_answer_to_another_question_is_not_right(wrong: dict[str, Any]) -> None:
    body = b'{"amount":"1.00","event_id":"p1"}'
    assert Met().check(body, _ANSWER)
    assert not Met().check(body, _ANSWER | wrong)


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(503 if body == b"[503]" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    """A server that gives back what it gets."""
    server = HTTPServer(("127.0.0.1", 0), _Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_the_load_checks_every_answer(port: int) -> None:
    bodies = [b"[1]", b"[2]", b"[3]"]
    taken = load.send(port, "/", "", bodies, 1, lambda sent, got: json.loads(sent) == got)
    assert len(taken) == 3
    with pytest.raises(CrossflagError, match="a wrong answer"):
        load.send(port, "/", "", bodies, 1, lambda _, got: got != [2])
    with pytest.raises(CrossflagError, match="503"):
        load.send(port, "/", "", [b"[503]"], 1, lambda _, __: True)


def test_thresholds_flag_no_more_than_the_share() -> None:
    values = np.array([0.1] * 90 + [0.2] * 8 + [0.3, 0.4])
    least = traffic.least_of_share(values, 0.05)
    assert least == 0.3
    assert traffic.least_of_share(np.array([0.5] * 10), 0.05) > 0.5


@pytest.mark.full
@pytest.mark.timeout(600)
def test_the_command_measures_a_service(tmp_path: Path) -> None:
    train(tmp_path, streams=("payment",), novel_from=0.99)
    options = ["--rounds", "1", "--singles", "50", "--batches", "1", "--past", "500"]
    told = CliRunner().invoke(
        app, ["scoring", "--home", str(tmp_path), *options, "--no-mlflow", "--json"]
    )
    assert told.exit_code == 0, told.output
    body = json.loads(told.stdout)
    assert body["ratio_to_echo"]["sqlite"] > 0 and body["ratio_to_echo_batch"]["sqlite"] > 0
    assert body["met"]["sqlite"]["events"] == 300 + 50 + 100
    assert body["servers"]["empty"]["memory_mb"] > 50
