"""A feature that comes to mean another number needs another version."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


def test_every_feature_says_what_its_version_said() -> None:
    spec = importlib.util.spec_from_file_location("vectors", GOLDEN / "vectors.py")
    assert spec and spec.loader
    vectors = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(vectors)
    known = json.loads((GOLDEN / "vectors.json").read_text())
    found = vectors.digests()
    changed = {name for name in found.keys() & known.keys() if found[name] != known[name]}
    assert not changed, "raise the version of these features in their catalogue"
    assert found.keys() == known.keys(), (
        "write the new ones down: python tests/features/golden/vectors.py"
    )
