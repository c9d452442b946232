"""What a machine lacks skips the tests that need it, and fails them where all are required."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

BROWSER_TEST = """
import pytest

@pytest.mark.browser
def test_console():
    pass
"""
POSTGRESQL_TEST = """
def test_store(postgresql):
    pass
"""
INI = "[pytest]\nmarkers =\n  browser: needs Chromium\n"


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    pytester.makeconftest(Path(__file__).with_name("conftest.py").read_text())
    pytester.makeini(INI)
    pytester.makepyfile(BROWSER_TEST)
    monkeypatch.setenv("PATH", str(pytester.path))
    monkeypatch.delenv("CROSSFLAG_TEST_REQUIRE", raising=False)
    return pytester


def install_chromium(suite: pytest.Pytester) -> None:
    browser = suite.path / "chromium"
    browser.write_text("#!/bin/sh\n")
    browser.chmod(0o755)


def test_missing_browser_skips_with_reason(suite: pytest.Pytester) -> None:
    result = suite.runpytest_inprocess("-rs", "-p", "no:xdist")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*no Chromium is installed*"])


def test_missing_browser_fails_where_all_is_required(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSFLAG_TEST_REQUIRE", "all")
    result = suite.runpytest_inprocess("-p", "no:xdist")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*no Chromium is installed*CROSSFLAG_TEST_REQUIRE=all*"])


def test_present_browser_runs_the_test(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_chromium(suite)
    monkeypatch.setenv("CROSSFLAG_TEST_REQUIRE", "all")
    suite.runpytest_inprocess("-p", "no:xdist").assert_outcomes(passed=1)


@pytest.fixture
def shared_suite(suite: pytest.Pytester) -> pytest.Pytester:
    """The same for a test on PostgreSQL, on a machine that has no server."""
    text = Path(__file__).with_name("conftest.py").read_text()
    suite.makeconftest(
        f"{text}\nimport bench.postgresql\nbench.postgresql.programs = lambda: None\n"
    )
    suite.makepyfile(POSTGRESQL_TEST)
    return suite


def test_missing_postgresql_skips_with_reason(shared_suite: pytest.Pytester) -> None:
    result = shared_suite.runpytest_subprocess("-rs", "-p", "no:xdist")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*no PostgreSQL server is installed*"])


def test_missing_postgresql_fails_where_all_is_required(
    shared_suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSFLAG_TEST_REQUIRE", "all")
    result = shared_suite.runpytest_subprocess("-p", "no:xdist")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*no PostgreSQL server*CROSSFLAG_TEST_REQUIRE=all*"])
