"""The operator's commands: keys, users, labels, store, audit; and settings from the environment."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from features.errors import CrossflagError
from features.formats.tabular import read_tabular
from serving import __version__
from serving.cli import app
from serving.errors import Conflict, Invalid
from serving.settings import Settings
from tests.serving.harness import ROOT, running
from tests.serving.worlds import START, payment


def run(*words: str, say: str | None = None) -> str:
    result = CliRunner().invoke(app, list(words), input=say)
    if isinstance(result.exception, CrossflagError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_key_from_creation_to_revocation(tmp_path: Path) -> None:
    home = str(tmp_path)
    made = run("keys", "create", "--name", "core banking", "--scope", "score", "--home", home)
    assert made.startswith("cf_")
    assert len(made.splitlines()) == 1
    options = ["--member", "bank-b", "--country", "FR", "--days", "30", "--json", "--home", home]
    document = json.loads(run("keys", "create", "--name", "other", *options))
    assert document["member"] == "bank-b"
    assert document["scopes"] == ["score", "read"]
    run("keys", "revoke", document["key"].split("_")[1], "--home", home)
    rows = json.loads(run("keys", "list", "--json", "--home", home))
    assert [(row["name"], row["state"]) for row in rows] == [
        ("core banking", "in force"),
        ("other", "revoked"),
    ]
    assert document["key"].split("_")[2] not in run("keys", "list", "--home", home)
    actions = [row["action"] for row in json.loads(run("audit", "list", "--json", "--home", home))]
    assert actions == ["key.revoke", "key.create", "key.create"]
    with pytest.raises(Invalid, match="scopes"):
        run("keys", "create", "--name", "x", "--scope", "all", "--home", home)


def test_users_are_created_listed_and_disabled(tmp_path: Path) -> None:
    home = str(tmp_path)
    options = ["--role", "supervisor", "--password-stdin", "--home", home]
    run("users", "create", "ana", *options, say="a long enough password\n")
    with pytest.raises(Conflict):
        run("users", "create", "ana", *options, say="a long enough password\n")
    typed = "a long enough password\n" * 2
    run("users", "create", "ben", "--home", home, say=typed)
    run("users", "disable", "ben", "--home", home)
    rows = json.loads(run("users", "list", "--json", "--home", home))
    assert [(row["user"], row["role"], row["state"]) for row in rows] == [
        ("ana", "supervisor", "enabled"),
        ("ben", "reviewer", "disabled"),
    ]
    assert "supervisor" in run("users", "list", "--home", home)


def test_labels_are_exported_beside_the_running_service(
    new_home: Callable[..., Path], tmp_path: Path
) -> None:
    home = new_home()
    with running(home, console=False) as service:
        service.score("payment", payment(1, 1, START))
        label = {
            "stream": "payment",
            "event_id": "p1",
            "is_fraud": True,
            "known_at": START.isoformat(),
            "source": "police",
        }
        service.client.post("/v1/labels", json={"labels": [label]})
        out = tmp_path / "labels.csv"
        said = json.loads(run("labels", "export", "--out", str(out), "--json", "--home", str(home)))
    assert said == {"labels": 1, "out": str(out)}
    assert read_tabular(out, "label").table.table["event_id"].to_pylist() == ["p1"]
    other = ["--member", "nobody", "--home", str(home)]
    run("labels", "export", "--out", str(tmp_path / "none.parquet"), *other)
    assert read_tabular(tmp_path / "none.parquet", "label").rows == 0
    for wrong in (tmp_path / "labels.txt", tmp_path / "nowhere" / "labels.csv"):
        with pytest.raises(Invalid, match="out"):
            run("labels", "export", "--out", str(wrong), "--home", str(home))
    assert not list(tmp_path.glob(".*incoming"))


def test_the_store_is_upgraded(tmp_path: Path) -> None:
    run("db", "upgrade", "--home", str(tmp_path / "new"))
    assert (tmp_path / "new" / "crossflag.db").exists()


def test_settings_come_from_arguments_then_environment_then_defaults() -> None:
    environment = {"CROSSFLAG_HOME": "/a", "CROSSFLAG_CONSOLE": "false", "CROSSFLAG_MMDB": ""}
    settings = Settings.from_environment(environment, home=Path("/b"), console=None)
    assert settings.home == Path("/b")
    assert settings.console is False
    assert settings.mmdb is None
    assert settings.database == Path("/b/crossflag.db")
    assert Settings.from_environment({}) == Settings()


def test_settings_that_cannot_be_read_are_all_named() -> None:
    environment: dict[str, Any] = {
        "CROSSFLAG_CONSOLE": "maybe",
        "CROSSFLAG_GROUP_SIZE": "0",
        "CROSSFLAG_BODY_LIMIT": "4 MB",
    }
    with pytest.raises(Invalid) as refusal:
        Settings.from_environment(environment)
    assert {one.field for one in refusal.value.problems} == set(environment)


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs" / "service.md").read_text()
    for name in Settings.__dataclass_fields__:
        assert f"CROSSFLAG_{name.upper()}" in text, name


def test_the_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["version"] == __version__
