"""The set-up skips what is done, says what is missing, and `make help` names every target."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOOLS = ("bash", "dirname", "id", "rm", "chmod", "cat")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what set-up reads, whose .venv is a link to the Python that runs this test."""
    for name in (".ci", "requirements"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    return tmp_path


def stamp(project: Path, wanted: str, folder: Path | None = None) -> None:
    locks = [project / "requirements" / f"{name}.lock" for name in (wanted, "bootstrap")]
    key = hashlib.sha256(b"".join(path.read_bytes() for path in locks)).hexdigest()
    (project / ".venv" / "crossflag.stamp").write_text(f"{wanted} {key}\n{folder or project}\n")


def run(project: Path, script: str, wanted: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run a script where nothing but a few plain tools is on the path: no Python, no apt."""
    tools = project / "tools"
    tools.mkdir(exist_ok=True)
    for name in TOOLS:
        if not (tools / name).exists():
            (tools / name).symlink_to(shutil.which(name) or name)
    return subprocess.run(
        ["bash", str(project / ".ci" / script), wanted],
        env={"PATH": str(tools), "HOME": str(project), **extra},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(("done", "wanted"), [("dev", "dev"), ("run", "run"), ("dev", "run")])
def test_what_is_done_is_skipped(project: Path, done: str, wanted: str) -> None:
    stamp(project, done)
    result = run(project, "setup.sh", wanted)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_a_changed_lock_is_installed_again(project: Path) -> None:
    stamp(project, "dev")
    lock = project / "requirements" / "dev.lock"
    lock.write_text(lock.read_text() + "# changed\n")
    (project / ".venv" / "bin" / "python").unlink()
    python = project / ".venv" / "bin" / "python"
    # Installing is cut short: the stand-in runs everything but pip.
    python.write_text(f'#!/bin/bash\n[ "$2" = pip ] && exit 7\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    result = run(project, "setup.sh", "dev")
    assert result.returncode == 7
    assert "installing requirements/dev.lock" in result.stdout
    assert not (project / ".venv" / "crossflag.stamp").exists()


def test_a_missing_python_is_one_clear_sentence(project: Path) -> None:
    shutil.rmtree(project / ".venv")
    result = run(project, "setup.sh", "dev", PYTHON="python-that-is-not-there")
    assert result.returncode == 1
    assert "no Python 3.11 or newer with the venv module was found" in result.stderr
    assert "apt-get install python3-venv" in result.stderr


def test_a_moved_environment_is_made_anew(project: Path) -> None:
    stamp(project, "dev", folder=project / "elsewhere")
    result = run(project, "setup.sh", "dev", PYTHON="python-that-is-not-there")
    assert result.returncode == 1
    assert "no Python 3.11 or newer" in result.stderr


def test_an_unknown_set_is_refused(project: Path) -> None:
    result = run(project, "setup.sh", "everything")
    assert result.returncode == 2
    assert "there is no set 'everything'; use run or dev" in result.stderr


def test_without_apt_it_says_what_is_left_out(project: Path) -> None:
    result = run(project, "system.sh", "browser")
    assert result.returncode == 0
    assert "the tests marked 'browser'" in result.stderr
    assert "apt-get install chromium" in result.stderr


def test_help_names_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    (phony,) = re.findall(r"^\.PHONY: (.+)$", makefile, re.M)
    told = subprocess.run(
        ["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert re.findall(r"^  make (\S+)", told, re.M) == phony.split()


def test_continuous_integration_leaves_nothing_out(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "shared" / "data").mkdir(parents=True)
    shutil.copytree(ROOT / ".ci", tmp_path / "project" / ".ci")
    (tmp_path / "project" / "Makefile").write_text(
        "audit:\n\t@echo audited\n"
        "test:\n\t@echo require=$$CROSSFLAG_TEST_REQUIRE data=$$CROSSFLAG_TEST_DATA\n"
    )
    result = subprocess.run(
        ["bash", str(tmp_path / "project" / ".ci" / "run")],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"audited\nrequire=all data={tmp_path}/shared/data" in result.stdout
