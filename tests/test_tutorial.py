"""The scientist's tutorial runs, block by block, as it stands on its page."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.serving.harness import free_port

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "tutorial-scientist.md"


def script(port: int) -> str:
    """Return the page's blocks as one script; a block of Python is fed to Python."""
    parts = ["set -euo pipefail"]
    text = PAGE.read_text(encoding="utf-8")
    for language, body in re.findall(r"^```(sh|python)\n(.*?)^```", text, re.S | re.M):
        parts.append(body if language == "sh" else f"python - <<'PYTHON'\n{body}PYTHON")
    return "\n".join(parts).replace("8765", str(port))


def read(folder: Path, name: str) -> dict[str, object]:
    document: dict[str, object] = json.loads((folder / name).read_text())
    return document


@pytest.mark.full
@pytest.mark.timeout(900)
def test_the_tutorial_runs_from_a_raw_file_to_a_rollback(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if "CROSSFLAG_" not in name}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    run = subprocess.Popen(
        ["bash", "-c", script(free_port())],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        told, _ = run.communicate(timeout=840)
    finally:
        with contextlib.suppress(ProcessLookupError):
            # Whatever the page left running ends with it.
            os.killpg(run.pid, signal.SIGKILL)
    assert run.returncode == 0, told[-6000:]

    mapping = (tmp_path / "mapping.toml").read_text()
    assert 'event_id = "TxnRef"' in mapping and "Europe/Brussels" in mapping
    book = read(tmp_path, "book.json")
    acts = [(act["action"], act["version"]) for act in book["acts"]]  # type: ignore[attr-defined]
    first, second = acts[0][1], acts[1][1]
    assert acts == [
        ("promote", first),
        ("challenge", second),
        ("promote", second),
        ("rollback", first),
    ]
    for name, version in (("ready", first), ("after", second), ("back", first)):
        assert read(tmp_path, f"{name}.json")["champions"] == {"payment": version}, name
    answer = read(tmp_path, "answer.json")
    assert answer["model"]["version"] == first  # type: ignore[index]
    assert 0 <= answer["probability"] <= 1  # type: ignore[operator]
    with (tmp_path / "scored.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    exported = (tmp_path / "export.csv").read_text().count("\n") - 1
    assert len(rows) == exported and rows[0]["event_id"].startswith("p")
    assert {row["advice"] for row in rows} <= {"clear", "review", "urgent"}
    assert (tmp_path / "report.html").read_text().lstrip().lower().startswith("<!doctype html>")
    for words in ("same advice", "is champion", "average precision", "07_governance.md"):
        assert words in told, words
