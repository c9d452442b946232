"""Make a trained model its stream's champion: record and pointer first, MLflow's alias after."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.errors import NoChampion

if TYPE_CHECKING:
    from models.champion import Promotion


def bundles_dir(home: Path, stream: str) -> Path:
    """Return where trained bundles of a stream lie, one folder for each version."""
    return home / "bundles" / stream


def models_dir(home: Path) -> Path:
    """Return where promoted bundles and the pointers to the champions lie."""
    return home / "models"


def record_path(bundle: Path) -> Path:
    """Return where the document of the run that made a bundle lies."""
    return bundle.parent / f"{bundle.name}.json"


def promote(home: Path, stream: str, version: str, by: str, why: str) -> Promotion:
    """Promote a trained version and let MLflow's alias follow, when the run was logged there.

    Raises NoChampion when there is no such version, and what `models.champion` raises.
    """
    from models import champion, registry

    bundle = bundles_dir(home, stream) / version
    if not bundle.is_dir():
        known = sorted(item.name for item in bundle.parent.glob("*") if item.is_dir())
        raise NoChampion(
            f"version={version!r}: no such {stream} model in {home}; "
            f"{'known are ' + ', '.join(known) if known else 'train one first'}"
        )
    done = champion.promote(models_dir(home), bundle, by, why)
    registered = logged_version(bundle)
    if registered is not None:
        registry.set_champion(home, registry.model_name(stream), registered)
    return done


def logged_version(bundle: Path) -> str | None:
    """Return the version under which MLflow knows a bundle, None when it was not logged."""
    path = record_path(bundle)
    if not path.is_file():
        return None
    document: dict[str, Any] = json.loads(path.read_bytes())
    registered = document.get("mlflow", {}).get("model_version")
    return None if registered is None else str(registered)


def newest(home: Path, stream: str) -> str:
    """Return the version that was trained last; raises NoChampion when there is none."""
    folder = bundles_dir(home, stream)
    trained = sorted(
        (path for path in folder.glob("*.json") if path.with_suffix("").is_dir()),
        key=lambda path: path.stat().st_mtime_ns,
    )
    if not trained:
        raise NoChampion(f"no {stream} model was trained in {home}; run crossflag train first")
    return trained[-1].stem


def champion_dir(home: Path, stream: str) -> Path:
    """Return the champion's bundle; raises NoChampion when nothing was promoted."""
    from models import champion

    found = champion.champion(models_dir(home), stream)
    if found is None:
        raise NoChampion(
            f"no {stream} model has been promoted in {home}; "
            f"run crossflag train --model {stream} --promote first, or give another --home"
        )
    return found
