"""No committed file names a package registry, a folder of somebody's machine, or a secret."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FORBIDDEN = {
    "package registry": re.compile(
        rb"\b(?:pypi\.org|pypi\.python\.org|files\.pythonhosted\.org|registry\.npmjs\.org"
        rb"|registry\.yarnpkg\.com|deb\.debian\.org|security\.debian\.org)"
        rb"|--(?:(?:extra-)?index-url|find-links)"
    ),
    "machine folder": re.compile(
        rb"(?<![\w./:-])/(?:root|work|home/[a-z]\w*|Users/[A-Za-z]\w*|tmp/[a-z]\w*)/\w"
    ),
    "private key": re.compile(rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    "access token": re.compile(
        rb"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{60,}"
        rb"|xox[abprs]-[\w-]{20,}|sk-[A-Za-z0-9_-]{32,}|pypi-[\w-]{60,}"
        rb"|eyJ[\w-]{20,}\.eyJ[\w-]{20,}\.[\w-]{20,})"
    ),
}


def project_files() -> list[Path]:
    """What is committed, and what would be with the next `git add`."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    names = [name for name in listed.decode().split("\0") if name]
    return [path for name in names if (path := ROOT / name).is_file()]


def findings(content: bytes) -> list[str]:
    return [
        f"{kind}: {match.group().decode(errors='replace')}"
        for kind, pattern in FORBIDDEN.items()
        if (match := pattern.search(content))
    ]


def test_no_file_names_what_it_must_not() -> None:
    found = {
        path.relative_to(ROOT).as_posix(): problems
        for path in project_files()
        if (problems := findings(path.read_bytes()))
    }
    assert found == {}


def test_no_file_names_the_folder_it_stands_in() -> None:
    here = [f"{ROOT}/".encode(), f"{Path.home()}/".encode()]
    found = [
        path.relative_to(ROOT).as_posix()
        for path in project_files()
        if any(folder in path.read_bytes() for folder in here)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        (("https://", "py", "pi.org/simple"), "package registry"),
        (("--index", "-url x"), "package registry"),
        (('open("/ho', 'me/alice/notes.txt")'), "machine folder"),
        (("'/ro", "ot/data'"), "machine folder"),
        (("-----BEGIN RSA PRI", "VATE KEY-----"), "private key"),
        (("token = gh", "p_", "a1B2" * 9), "access token"),
    ],
)
def test_the_search_finds_a_planted_line(parts: tuple[str, ...], kind: str) -> None:
    assert [found.split(":")[0] for found in findings("".join(parts).encode())] == [kind]


@pytest.mark.parametrize(
    "innocent", ["https://example.org/shop/items", "${HOME}/.cache", "features/home/page.py"]
)
def test_the_search_lets_ordinary_text_pass(innocent: str) -> None:
    assert findings(innocent.encode()) == []
