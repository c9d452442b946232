"""The locks hold what pyproject.toml asks for, each package with hashes, and name no index."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUN = PROJECT["project"]["dependencies"]
DEVELOPMENT = PROJECT["dependency-groups"]["dev"]
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)([^\n]*\n(?:    --hash=\S+(?: \\)?\n)*)", re.M)


def pins(name: str) -> dict[str, tuple[str, int]]:
    """Version and number of hashes of each package in a lock."""
    text = (ROOT / "requirements" / f"{name}.lock").read_text()
    return {
        canonicalize_name(match[1]): (match[2], match[3].count("--hash=sha256:"))
        for match in PINNED.finditer(text)
    }


@pytest.mark.parametrize(("lock", "wanted"), [("run", RUN), ("dev", RUN + DEVELOPMENT)])
def test_a_lock_satisfies_every_direct_dependency(lock: str, wanted: list[str]) -> None:
    pinned = pins(lock)
    unmet = [
        line
        for line in wanted
        if (requirement := Requirement(line))
        and (
            canonicalize_name(requirement.name) not in pinned
            or not requirement.specifier.contains(pinned[canonicalize_name(requirement.name)][0])
        )
    ]
    assert unmet == [], f"{lock}.lock is behind pyproject.toml: run `make lock`"


@pytest.mark.parametrize("lock", ["run", "dev", "serve", "bootstrap"])
def test_every_pin_has_hashes_and_no_line_is_anything_else(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.lock").read_text()
    assert all(hashes > 0 for _version, hashes in pins(lock).values())
    left = [line for line in PINNED.sub("", text).splitlines() if not line.startswith("    #")]
    assert left == []


def test_both_sets_agree_on_every_version() -> None:
    development = pins("dev")
    for lock in ("run", "serve"):
        other = {name: pin for name, pin in pins(lock).items() if development.get(name) != pin}
        assert other == {}, lock
