"""The service starts without a champion, says so, and follows its pointer without a restart."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from models.challenger import challenge, dismiss
from models.champion import promote, rollback
from models.promotions import Person
from serving.champions import Champions
from serving.metrics import Metrics
from tests.serving.harness import Running, running, wait_for
from tests.serving.worlds import START, login, payment, train


def eventually(seen: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_without_a_champion_the_service_runs_and_says_what_to_do(
    tmp_path: Path, trained: Path
) -> None:
    with running(tmp_path, ready=False, console=False) as service:
        eventually(lambda: "starting" not in service.client.get("/readyz").text)
        eventually(lambda: "replaying" not in service.client.get("/readyz").text)
        answer = service.client.get("/readyz")
        assert answer.status_code == 503
        assert "no champion for payment: run crossflag train --promote" in answer.json()["reasons"]
        refused = service.client.post("/v1/payments/score", json=payment(1, 1, START))
        assert refused.status_code == 503
        assert "crossflag train --promote" in refused.json()["detail"]
        assert int(refused.headers["retry-after"]) >= 1
        assert service.client.get("/v1/cases").json()["total"] == 0

        [bundle] = (trained / "made").glob("payment-*")
        promote(tmp_path / "models", bundle, by="test", why="first")
        wait_for(service.client, ready=True)
        assert service.score("payment", payment(1, 1, START))["model"]["name"] == "tiny-payment"
        only_payment = service.client.get("/readyz").json()
        assert list(only_payment["champions"]) == ["payment"]
        assert list(only_payment["missing"]) == ["access"]
        other = service.client.post("/v1/access-events/score", json=login(1, 1, START))
        assert other.status_code == 503


def test_a_new_champion_is_picked_up_and_old_answers_stay(
    new_home: Callable[..., Path],
) -> None:
    home = new_home()
    with running(home, console=False) as service:
        first = service.score("payment", payment(1, 1, START))
        train(home, seed=2, streams=("payment",))
        version = json.loads((home / "models/payment/champion.json").read_text())["version"]
        eventually(lambda: champion(service) == version)
        second = service.score("payment", payment(2, 1, START))
        assert second["model"]["version"] == version != first["model"]["version"]
        again = service.score("payment", payment(1, 1, START))
        assert again == {**first, "duplicate": True}
        eventually(lambda: len(in_use(service)) == 3)
        assert f"payment/{version}" in in_use(service)


def champion(service: Running) -> str:
    version: str = service.client.get("/readyz").json()["champions"]["payment"]
    return version


def in_use(service: Running) -> list[str]:
    rows = service.stored("SELECT target FROM audit WHERE action = 'model.in_use'")
    return [target for (target,) in rows]


def test_half_a_champion_is_never_used(tmp_path: Path, trained: Path) -> None:
    shutil.copytree(trained / "models", tmp_path / "models")
    champions = Champions(tmp_path / "models", Metrics())
    assert {bundle.stream for bundle in champions.refresh()} == {"payment", "access"}
    before = champions.scorer("payment")
    assert champions.refresh() == []

    train(tmp_path, seed=3, streams=("payment",))
    pointer = json.loads((tmp_path / "models/payment/champion.json").read_text())
    model = tmp_path / "models/payment" / pointer["version"] / "model.json"
    whole = model.read_bytes()
    model.write_bytes(whole[: len(whole) // 2])
    assert champions.refresh() == []
    assert champions.scorer("payment") is before
    assert "cannot be used" in champions.missing["payment"]

    model.write_bytes(whole)
    [bundle] = champions.refresh()
    assert bundle.version == pointer["version"]
    assert champions.scorer("payment") is not before
    assert champions.missing == {}


def unusable(metrics: Metrics) -> float:
    return metrics.champion_unusable.labels("payment")._value.get()


def test_a_champion_that_this_program_cannot_serve_leaves_the_old_one(
    tmp_path: Path, trained: Path
) -> None:
    shutil.copytree(trained / "models", tmp_path / "models")
    metrics = Metrics()
    champions = Champions(tmp_path / "models", metrics)
    champions.refresh()
    before = champions.scorer("payment")
    names = [(feature.name, feature.version + 1) for feature in before.catalogue.features]
    train(tmp_path, seed=4, streams=("payment",), features=names)
    assert champions.refresh() == []
    assert champions.scorer("payment") is before
    assert "needs features" in champions.missing["payment"]
    assert unusable(metrics) == 1
    assert b'crossflag_champion_unusable{stream="payment"} 1.0' in metrics.text()
    rollback(tmp_path / "models", "payment", "test", "it cannot be served")
    assert champions.refresh() == []
    assert champions.missing == {} and unusable(metrics) == 0


def test_a_challenger_comes_and_goes_and_a_damaged_one_is_said(
    tmp_path: Path, trained: Path
) -> None:
    shutil.copytree(trained / "models", tmp_path / "models")
    champions = Champions(tmp_path / "models", Metrics())
    champions.refresh()
    serving = champions.scorer("payment")
    made = train(tmp_path, seed=5, streams=("payment",), promoted=False)
    challenge(tmp_path / "models", made.directory, Person("test"), "to compare")
    assert champions.refresh() == []
    found = champions.challenger("payment")
    assert found is not None and found.bundle.version == made.version
    assert champions.challenger("access") is None
    dismiss(tmp_path / "models", "payment", Person("test"), "seen")
    champions.refresh()
    assert champions.challenger("payment") is None
    challenge(tmp_path / "models", made.directory, Person("test"), "again")
    (tmp_path / "models/payment" / made.version / "model.json").write_bytes(b"{")
    champions.refresh()
    assert champions.challenger("payment") is None
    assert "challenger for payment cannot be used" in champions.challengers_missing["payment"]
    assert champions.scorer("payment") is serving


def test_a_pointer_that_is_no_record_leaves_the_champion(tmp_path: Path, trained: Path) -> None:
    shutil.copytree(trained / "models", tmp_path / "models")
    champions = Champions(tmp_path / "models", Metrics())
    champions.refresh()
    before = champions.scorer("access")
    (tmp_path / "models/access/champion.json").write_text("{")
    assert champions.refresh() == []
    assert champions.scorer("access") is before
