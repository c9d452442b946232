"""The papers that go with a bundle to where it serves: report, card, gates, validation pack."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training import validation_pack

if TYPE_CHECKING:
    from models.bundle import Bundle

REPORT, CARD, GATES = "report.html", "model_card.md", "gates.json"


def gather(
    directory: Path, bundle: Bundle, gates: list[dict[str, Any]] | None, folder: Path
) -> list[Path]:
    """Write what there is of a trained bundle's papers into `folder` and return their paths."""
    from features.catalog import CATALOGUES
    from models.card import card

    (folder / CARD).write_text(card(bundle, CATALOGUES[bundle.stream]), encoding="utf-8")
    if gates is not None:
        (folder / GATES).write_text(json.dumps(gates, indent=1, ensure_ascii=False) + "\n")
    for name in (REPORT, validation_pack.NAME):
        made = directory.parent / f"{directory.name}.{name}"
        if made.is_file():
            shutil.copy(made, folder / name)
    return sorted(folder.iterdir())
