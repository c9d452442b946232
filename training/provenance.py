"""Where a model came from, beyond its data: the revision of the code and of its libraries."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UNKNOWN = "unknown"


def git_revision(folder: Path = ROOT) -> str:
    """Return the commit of the code, with -dirty when files differ from it, else "unknown"."""
    git = shutil.which("git")
    if git is None:
        return UNKNOWN
    answer = subprocess.run(  # noqa: S603
        [git, "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stdout.strip() if answer.returncode == 0 else UNKNOWN


def lock_hash(folder: Path = ROOT) -> str:
    """Return the SHA-256 of the lock of what runs, "unknown" where there is none."""
    lock = folder / "requirements" / "run.lock"
    return hashlib.sha256(lock.read_bytes()).hexdigest() if lock.is_file() else UNKNOWN
