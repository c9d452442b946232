"""`crossflag bench console` on a small store: every page answers, in a number of queries that does
not grow with the store."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from bench.command import app

MOST = {"queue": 12, "case": 25, "CSV": 16, "models": 8, "watch": 8}


def test_every_page_is_measured_and_asks_little(postgresql: str) -> None:
    for store in ([], ["--database-url", postgresql]):
        command = ["console", "--cases", "300", "--events", "3000", "--json", *store]
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 0, result.output
        done = json.loads(result.stdout)
        assert done["database"] == ("postgresql" if store else "sqlite")
        for name, page in done["pages"].items():
            most = next(most for part, most in MOST.items() if part in name)
            assert 1 <= page["queries"] <= most, (name, page)
        # A page with cases on it, and one of a case that is tied to others.
        assert done["pages"]["queue"]["kilobytes"] > 30
        assert done["pages"]["case"]["kilobytes"] > 60
