"""The service's process stays light: it never loads what only training needs."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import serving.app, serving.cli, serving.api.events
heavy = {"training", "mlflow", "xgboost", "pandas", "sklearn", "matplotlib", "pyarrow"}
print(sorted(heavy & set(sys.modules)))
"""


def test_the_service_loads_nothing_that_only_training_needs() -> None:
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


COMMAND_LINE = """
import sys
import crossflag
heavy = {"sqlalchemy", "alembic", "numba", "numpy", "fastapi", "httpx"}
print(sorted(heavy & set(sys.modules)))
"""


def test_the_command_line_loads_nothing_heavy_before_it_knows_the_command() -> None:
    result = subprocess.run(
        [sys.executable, "-c", COMMAND_LINE], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
