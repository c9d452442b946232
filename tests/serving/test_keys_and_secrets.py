"""Keys under a pepper, their rotation and last use; secrets from files, refused when weak."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from serving import keys
from serving.errors import Invalid, NotFound, StoreError, Unauthorized
from serving.secrecy import Pepper, pepper_of, weakness
from serving.settings import Settings
from serving.store.database import Database
from tests.serving.harness import make_key, running, stored
from tests.serving.test_operator_commands import run

GOOD = "0f3a9c5e7b1d2468ace013579bdf8642"


def given(home: Path) -> tuple[Database, Pepper]:
    return Database(home / "crossflag.db"), Settings(home=home).pepper


def ask(database: Database, pepper: Pepper, key: str) -> str:
    return asyncio.run(keys.Keys(database, pepper).principal(key)).name


def test_a_stolen_store_makes_no_key(tmp_path: Path) -> None:
    """Who may write rows, but does not know the pepper, opens nothing."""
    database, pepper = given(tmp_path)
    key = make_key(tmp_path)
    _, prefix, secret = key.split("_")
    [row] = stored(tmp_path, "SELECT secret_hash, pepper FROM api_keys")
    assert row == (pepper.hashed(secret), pepper.mark)
    assert row[0] != hashlib.sha256(secret.encode()).digest()
    assert ask(database, pepper, key) == prefix
    database.write(
        lambda unit: unit.connection.exec_driver_sql(
            "UPDATE api_keys SET secret_hash = ?", (hashlib.sha256(b"forged").digest(),)
        )
    )
    with pytest.raises(Unauthorized):
        ask(database, pepper, f"cf_{prefix}_forged")
    database.close()


def test_a_key_of_another_pepper_says_so(tmp_path: Path) -> None:
    database, pepper = given(tmp_path)
    key = make_key(tmp_path)
    with pytest.raises(Unauthorized, match="another pepper"):
        ask(database, Pepper(GOOD), key)
    assert ask(database, pepper, key)
    # As a key of before there were peppers.
    database.write(
        lambda unit: unit.connection.exec_driver_sql("UPDATE api_keys SET pepper = NULL")
    )
    with pytest.raises(Unauthorized, match="another pepper"):
        ask(database, pepper, key)
    database.close()
    [row] = json.loads(run("keys", "list", "--json", "--home", str(tmp_path)))
    assert row["state"] == "of another pepper"


def test_the_homes_pepper_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    made = {pepper_of(None, tmp_path).value for _ in range(3)}
    assert len(made) == 1
    path = tmp_path / "secrets" / "key_pepper"
    assert path.stat().st_mode & 0o077 == 0
    assert [one.name for one in path.parent.iterdir()] == ["key_pepper"]
    assert "value" not in repr(Pepper(GOOD))
    assert GOOD not in repr(Pepper(GOOD))
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(StoreError, match="CROSSFLAG_KEY_PEPPER_FILE"):
        pepper_of(None, tmp_path)


def test_rotation_leaves_both_keys_in_force_for_a_while(tmp_path: Path) -> None:
    home = str(tmp_path)
    options = ["--name", "core", "--member", "bank-b", "--country", "FR", "--days", "30"]
    old = run("keys", "create", *options, "--scope", "score", "--home", home).strip()
    prefix = old.split("_")[1]
    said = run("keys", "rotate", prefix, "--overlap-hours", "2", "--json", "--home", home)
    new = json.loads(said)["key"]
    database, pepper = given(tmp_path)
    assert ask(database, pepper, old) == prefix
    assert ask(database, pepper, new) != prefix
    first, second = keys.every(database)
    assert (second.name, second.member, second.country) == ("core", "bank-b", "FR")
    assert second.scopes == first.scopes == ("score",)
    assert first.replaced_by == second.prefix
    hour = 3_600_000_000
    assert (first.expires_at or 0) - second.created_at == 2 * hour
    assert (second.expires_at or 0) - second.created_at == 30 * 24 * hour
    with pytest.raises(Invalid, match="rotated already"):
        keys.rotate(database, pepper, prefix, overlap_hours=1, days=None)
    with pytest.raises(Invalid) as refusal:
        keys.rotate(database, pepper, second.prefix, overlap_hours=-1, days=0)
    assert {one.field for one in refusal.value.problems} == {"overlap_hours", "days"}
    keys.rotate(database, pepper, second.prefix, overlap_hours=0, days=None)
    with pytest.raises(Unauthorized, match="expired"):
        ask(database, pepper, new)
    for gone in (second.prefix, "nothing"):
        with pytest.raises(NotFound):
            keys.rotate(database, pepper, gone, overlap_hours=0, days=None)
    database.close()


def test_the_last_use_is_kept_lazily(
    new_home: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = new_home()
    last = "SELECT last_used_at FROM api_keys WHERE last_used_at IS NOT NULL"
    with running(home, console=False) as service:
        unused = make_key(home)
        for _ in range(3):
            assert service.client.get("/v1/cases").status_code == 200
        assert stored(home, last) == []
        assert service.client_of(unused[:-1] + "x").get("/v1/cases").status_code == 401
    assert len(stored(home, last)) == 1


@pytest.mark.parametrize(
    "secret",
    ["", "short", "a" * 64, "changeme" * 4, "Crossflag1", "password" * 5, "ab" * 40],
)
def test_what_can_be_guessed_is_weak(secret: str) -> None:
    assert weakness(secret, 32)


def test_a_random_secret_is_not_weak() -> None:
    assert weakness(GOOD, 32) is None


def test_weak_secrets_are_refused_outside_the_demo_and_never_shown(tmp_path: Path) -> None:
    weak = {
        "CROSSFLAG_KEY_PEPPER": "changeme",
        "CROSSFLAG_DATABASE_URL": "postgresql://crossflag:crossflag@db/crossflag",
    }
    with pytest.raises(Invalid) as refusal:
        Settings.from_environment(weak)
    assert {one.field for one in refusal.value.problems} == set(weak)
    assert all(one.value == "" for one in refusal.value.problems)
    assert "changeme" not in repr(Settings.from_environment(weak | {"CROSSFLAG_DEMO": "true"}))
    # A server that knows its callers by other means needs no password.
    for url in ("postgresql:///flags?host=/run/pg", f"postgresql://a:{GOOD}@db/flags"):
        assert Settings.from_environment({"CROSSFLAG_DATABASE_URL": url}).database == url


def test_a_secret_comes_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "pepper"
    path.write_text(GOOD + "\n")
    named = {"CROSSFLAG_KEY_PEPPER_FILE": str(path)}
    assert Settings.from_environment(named).pepper == Pepper(GOOD)
    with pytest.raises(Invalid) as both:
        Settings.from_environment(named | {"CROSSFLAG_KEY_PEPPER": GOOD})
    assert "not both" in both.value.problems[0].fix
    assert GOOD not in str(both.value.document())
    with pytest.raises(Invalid) as gone:
        Settings.from_environment({"CROSSFLAG_KEY_PEPPER_FILE": str(tmp_path / "gone")})
    assert "No such file" in gone.value.problems[0].fix
