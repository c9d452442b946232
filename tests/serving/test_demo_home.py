"""The demo makes its folder anew, and never one that holds somebody's data."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.errors import CrossflagError
from serving import demo
from tests.serving.harness import free_port


def test_a_folder_that_no_demo_made_is_left_alone(tmp_path: Path) -> None:
    store = tmp_path / "crossflag.db"
    store.write_text("somebody's")
    with pytest.raises(CrossflagError, match="is not a demo's and would be lost"):
        demo.run(tmp_path, "127.0.0.1", free_port(), once=True, as_json=True)
    assert store.read_text() == "somebody's"


def test_a_demos_own_folder_is_made_anew(tmp_path: Path) -> None:
    home = tmp_path / "demo"
    demo._make_anew(home)
    (home / "crossflag.db").write_text("of the last demo")
    demo._make_anew(home)
    assert [path.name for path in home.iterdir()] == ["demo.txt"]
