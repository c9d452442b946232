"""Imports run down only; the contracts stand in pyproject.toml, and each is shown to bite."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("features", "models", "training", "serving")
LINT = Path(sys.executable).with_name("lint-imports")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(LINT), "--no-logo", "--no-cache", "--config", str(folder / "pyproject.toml")],
        cwd=folder,
        env={"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def imported_roots(source: str) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def test_every_contract_is_kept() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("features/intruder.py", "import models", "Imports run down"),
        ("training/intruder.py", "import serving", "Imports run down"),
        ("serving/intruder.py", "", "Inside serving"),
        ("serving/api/intruder.py", "import serving.ui", "Inside serving"),
        ("serving/store/intruder.py", "import serving.scoring", "Inside serving"),
        ("serving/ui/intruder.py", "import serving.store", "reach the store through a use case"),
        ("serving/store/intruder.py", "import models.registry", "never loads"),
        ("models/intruder.py", "import xgboost", "no training library"),
        ("serving/api/intruder.py", "import sqlalchemy", "SQL is spoken"),
        ("training/intruder.py", "import sqlite3", "SQL is spoken"),
    ],
)
def test_a_breach_is_found(tmp_path: Path, file: str, line: str, contract: str) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for room in ROOMS:
        shutil.copytree(
            ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__", "static")
        )
    (tmp_path / file).write_text(f"{line}\n")

    result = lint(tmp_path)

    assert result.returncode == 1, result.stdout + result.stderr
    broken = [row for row in result.stdout.splitlines() if " BROKEN" in row]
    assert any(contract in row for row in broken), result.stdout


def test_nothing_imports_the_front_door() -> None:
    importers = [
        path.relative_to(ROOT).as_posix()
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if "crossflag" in imported_roots(path.read_text())
    ]
    assert importers == []
