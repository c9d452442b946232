"""Find the report that a training run wrote."""

from __future__ import annotations

import shutil
from pathlib import Path

from training import promote
from training.errors import MissingInput, NoChampion


def report_of(home: Path, stream: str, version: str) -> Path:
    """Return where a trained version's report lies.

    Raises NoChampion when there is no such version, MissingInput when it has no report.
    """
    bundle = promote.bundles_dir(home, stream) / version
    if not bundle.is_dir():
        raise NoChampion(
            f"version={version!r}: no such {stream} model in {home}; "
            f"leave --version out for the newest"
        )
    path = promote.report_path(bundle)
    if not path.is_file():
        raise MissingInput(
            f"version={version!r} has no report: it was trained before reports were written; "
            f"train it again"
        )
    return path


def copied(path: Path, out: Path) -> Path:
    """Copy a report to `out` and return that; raises MissingInput where it cannot be written."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copy(path, out))
    except OSError as error:
        raise MissingInput(
            f"--out {str(out)!r} cannot be written ({error.strerror}); give another path"
        ) from error
