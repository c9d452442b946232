"""The log of a real process: one JSON object a line, the request's id, and nobody's data."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from marks import MARK

from serving import logs, requests
from serving.errors import Invalid
from serving.settings import Settings
from tests.serving.harness import PATHS, ROOT, free_port, make_key, wait_for
from tests.serving.worlds import START, payment


def test_the_log_of_a_process_tells_of_nobody(new_home: Callable[..., Path]) -> None:
    home, port = new_home(), free_port()
    key = make_key(home)
    program = "from serving.cli import app; app()"
    child = subprocess.Popen(
        [sys.executable, "-c", program, "serve", "--port", str(port), "--home", str(home)],
        cwd=ROOT,
        env={"CROSSFLAG_LOG_FORM": "json", "PATH": "/usr/bin:/bin"},
        stderr=subprocess.PIPE,
        text=True,
    )
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers) as client:
        wait_for(client, ready=True)
        fields = payment(1, 1, START, debtor_name=MARK, remittance_text=MARK)
        assert client.post(PATHS["payment"], json=fields).status_code == 200
        client.post(PATHS["payment"], json=fields | {"amount": MARK})
        client.get(f"/v1/cases?cursor={MARK}", headers={"X-Request-Id": MARK})
        client.get(f"/console/cases/{MARK}")
        client.post("/v1/payments/pacs008", content=f"<{MARK}>")
    child.terminate()
    _, said = child.communicate(timeout=60)
    assert MARK not in said
    assert key not in said
    lines = [json.loads(line) for line in said.splitlines()]
    assert lines
    for line in lines:
        assert {"time", "level", "logger", "message"} <= set(line)


def formatted(form: str, record: logging.LogRecord, monkeypatch: pytest.MonkeyPatch) -> str:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    level = root.level
    logs.begin(form)
    root.setLevel(level)
    return root.handlers[0].format(record)


def test_a_line_bears_the_request_it_belongs_to(monkeypatch: pytest.MonkeyPatch) -> None:
    own = str(uuid4())
    trace = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    given = [(b"x-request-id", own.encode()), (b"traceparent", trace)]
    record = logging.LogRecord("crossflag", logging.ERROR, "x.py", 1, "%d of \ud800", (3,), None)
    token = requests.current.set(requests.request_of(given))
    try:
        line = json.loads(formatted("json", record, monkeypatch))
        assert line["request_id"] == own
        assert line["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"
        assert (line["level"], line["message"]) == ("error", "3 of \ud800")
        assert own in formatted("text", record, monkeypatch)
    finally:
        requests.current.reset(token)
    assert "request_id" not in json.loads(formatted("json", record, monkeypatch))


def test_an_exception_is_told_by_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        raise ValueError(MARK)
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "x", 1, "failed", (), sys.exc_info())
    line = formatted("json", record, monkeypatch)
    assert json.loads(line)["exception"] == "ValueError"
    assert MARK not in line


def test_a_wrong_form_is_refused() -> None:
    with pytest.raises(Invalid):
        Settings.from_environment({"CROSSFLAG_LOG_FORM": "xml"})
