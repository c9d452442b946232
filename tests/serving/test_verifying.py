"""The consistency job: served vectors follow from the log, or it says which do not, and why."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

import crossflag
from features.catalog import CATALOGUES
from features.errors import CrossflagError
from features.events import AccessEvent, Payment
from features.reference import Reference
from serving import agreements, verifying
from serving.pools import Pools
from serving.store.database import Database
from serving.verifying import Verified
from tests.serving.harness import Running, beside, make_key, running
from tests.serving.test_agreements import ACTS, MANY, Stage, entry, in_force, written
from tests.serving.worlds import START, payment

Event = Payment | AccessEvent


def verified(home: Path, agreement: Path | None = None, **given: Any) -> Verified:
    """Verify the store of a home."""
    database = Database(home / "crossflag.db")
    try:
        return verifying.verify(
            database,
            given.pop("reference", Reference()),
            agreements.read(agreement),
            **{"sample": 1_000, "seed": 1, **given},
        )
    finally:
        database.close()


def run(*words: str) -> tuple[int, dict[str, Any], str]:
    """Run the command; return its status, its document and what it told beside it."""
    result = CliRunner().invoke(crossflag.app, ["features", "verify", "--json", *words])
    if isinstance(result.exception, CrossflagError):
        raise result.exception
    return result.exit_code, json.loads(result.stdout), result.stderr


@pytest.fixture(scope="module")
def world(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A home that two banks under an agreement and one without have used, and the agreement."""
    home = tmp_path_factory.mktemp("verified")
    (home / "models").symlink_to(trained / "models")
    file = in_force(home)
    for first in (0, 100):
        with running(home, console=False, agreements=file) as service:
            stage = Stage(service, ("bank-a", "bank-b", "bank-c"))
            stage.play(ACTS, first)
            stage.play([act for act in MANY if act[1] != "theft"], first + 40)
            returned = {
                "event_id": f"s{first}",
                "payment_event_id": stage.sent[0][0][1]["event_id"],
                "time": (START + timedelta(days=3)).isoformat(),
                "status": "returned",
                "reason": "FRAD",
            }
            answer = stage.members[0].client.post(
                "/v1/payment-statuses", json={"statuses": [returned]}
            )
            assert answer.json()["items"][0]["status"] == 200, answer.text
    return home, file


@pytest.fixture
def copied(world: tuple[Path, Path], tmp_path: Path) -> tuple[Path, Path]:
    """The same, to be spoilt."""
    home, file = world
    source = sa.create_engine(f"sqlite:///{home / 'crossflag.db'}", poolclass=sa.NullPool)
    with source.begin() as connection:
        connection.execute(sa.text(f"VACUUM INTO '{tmp_path / 'crossflag.db'}'"))
    return tmp_path, file


def change(home: Path, statement: str, **values: Any) -> None:
    with beside(home) as connection:
        connection.execute(sa.text(statement), values)


def test_a_clean_log_gives_every_served_bit(
    world: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "_SAID_EVERY", 10)
    home, file = world
    options = ["--home", str(home), "--agreements", str(file)]
    status, document, told = run(*options, "--sample", "5000")
    assert status == 0
    assert document["differences"] == []
    assert document["sampled"] > 100
    assert document["features_compared"] > 100 * 60
    assert document["entries"] > document["sampled"]
    assert f"10 of {document['entries']} entries" in told
    assert "all equal" in told


def test_a_sample_is_drawn_by_its_seed_time_and_member(world: tuple[Path, Path]) -> None:
    home, file = world
    options = ["--home", str(home), "--agreements", str(file)]
    status, document, _ = run(*options, "--sample", "7", "--member", "bank-c")
    assert (status, document["sampled"]) == (0, 7)
    alone = document["entries"]
    assert run(*options, "--sample", "7", "--seed", str(document["seed"]))[1]["sampled"] == 7
    # What bank-a is scored on holds bank-b's events too.
    both = run(*options, "--sample", "5000", "--member", "bank-a")[1]
    assert both["entries"] > alone
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert run(*options, "--since", tomorrow)[1]["sampled"] == 0
    with pytest.raises(CrossflagError, match="since"):
        run(*options, "--since", "yesterday")


def with_values(event: Event, **values: Any) -> Any:
    fields = {name: getattr(event, name) for name in type(event).model_fields}
    return type(event).model_construct(**{**fields, **values})


def cut_to_the_minute(event: Event) -> Any:
    return with_values(event, time=event.time.replace(second=0, microsecond=0))


def in_another_zone(event: Event) -> Any:
    return with_values(event, time=event.time + timedelta(hours=7))


def rounded(event: Event) -> Any:
    if isinstance(event, AccessEvent):
        return event
    return with_values(event, amount=Decimal(round(event.amount, -2)))


@contextmanager
def mutant(monkeypatch: pytest.MonkeyPatch, name: str) -> Iterator[None]:
    """Within the block every service of this process computes otherwise than the log says."""
    change = {
        "time cut to the minute": cut_to_the_minute,
        "rounded amounts": rounded,
        "shifted time zone": in_another_zone,
    }.get(name)
    step, label = Pools.step, Pools.label

    def other_step(pools: Pools, event: Event, place: Any) -> Any:
        return step(pools, event if change is None else change(event), place)

    def other_label(pools: Pools, event: Event, said: Any, *more: Any) -> None:
        early = said.model_copy(update={"known_at": event.time})
        label(pools, event, early if change is None else said, *more)

    with monkeypatch.context() as patch:
        patch.setattr(Pools, "step", other_step)
        patch.setattr(Pools, "label", other_label)
        yield


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("time cut to the minute", "failures"),
        ("rounded amounts", "amount"),
        ("shifted time zone", "calendar"),
        ("labels by occurrence", "known frauds"),
    ],
)
def test_a_planted_mutant_is_found_in_its_family(
    new_home: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    family: str,
) -> None:
    home = new_home()
    with mutant(monkeypatch, name), running(home, console=False) as service:
        Stage(service, ("bank-a", "bank-b", "bank-c")).play(ACTS + ACTS)
    status, document, told = run("--home", str(home))
    assert status == 1
    assert "differences found" in told
    found = document["differences"]
    assert {one["cause"] for one in found} == {verifying.VALUE}
    families = {one["family"] for one in found}
    assert family in families
    if name in ("rounded amounts", "labels by occurrence"):
        # These touch some families and leave the others alone.
        assert not families & {"calendar", "failures", "spraying"}
    worst = found[0]
    assert worst["count"] >= found[-1]["count"]
    assert worst["served"] != worst["recomputed"]
    assert worst["first"] <= worst["last"]
    assert worst["assessment_id"].startswith("as-")


def test_a_difference_is_told_to_a_person(
    copied: tuple[Path, Path],
) -> None:
    home, file = copied
    zeros = bytes(8 * len(CATALOGUES["payment"].features))
    query = "UPDATE assessments SET features = :zeros WHERE member = 'bank-c' AND event_id = 'p200'"
    change(home, query, zeros=zeros)
    words = ["features", "verify", "--home", str(home), "--agreements", str(file)]
    result = CliRunner().invoke(crossflag.app, words, env={"COLUMNS": "240"})
    assert result.exit_code == 1
    assert "payment p200 of bank-c" in result.stdout
    assert "every version agrees" in result.stdout


def causes(done: Verified) -> set[str]:
    return {one.cause for one in done.differences}


def test_an_event_that_the_log_lacks_is_named(copied: tuple[Path, Path]) -> None:
    home, file = copied
    with beside(home) as connection:
        connection.execute(sa.text("PRAGMA foreign_keys = OFF"))
        connection.execute(
            sa.text("DELETE FROM events WHERE member = 'bank-c' AND event_id = 'p200'")
        )
    done = verified(home, file, member="bank-c", sample=10_000)
    assert causes(done) == {verifying.MISSING, verifying.HISTORY}
    (lacking,) = [one for one in done.differences if one.cause == verifying.MISSING]
    assert "payment p200 of bank-c" in lacking.event
    assert {one.cause for one in verified(home, file, member="bank-a").differences} == set()


def test_an_altered_entry_explains_what_follows(copied: tuple[Path, Path]) -> None:
    home, file = copied
    where = "member = 'bank-c' AND event_id = 'p200'"
    with beside(home) as connection:
        body = connection.scalar(sa.text(f"SELECT body FROM events WHERE {where}"))
        other = body.replace(b'"amount":"', b'"amount":"9')
        connection.execute(
            sa.text(f"UPDATE events SET body = :body WHERE {where}"), {"body": other}
        )
    done = verified(home, file, member="bank-c", sample=10_000)
    assert causes(done) == {verifying.ALTERED}
    assert {None, "amount"} <= {one.feature and one.family for one in done.differences}
    assert verified(home, file, member="bank-a", sample=10_000).differences == []


def test_other_reference_data_is_the_cause(world: tuple[Path, Path], tmp_path: Path) -> None:
    home, file = world
    overlay = tmp_path / "networks.csv"
    overlay.write_text("prefix,country,asn,network_name\n192.0.2.0/24,JP,64500,Sample\n")
    done = verified(home, file, reference=Reference(overlay))
    assert causes(done) == {verifying.REFERENCE}


def test_another_version_of_a_feature_is_the_cause(copied: tuple[Path, Path]) -> None:
    home, file = copied
    name = "amount"
    with beside(home) as connection:
        query = sa.text("SELECT version, features FROM feature_sets WHERE stream = 'payment'")
        version, listing = connection.execute(query).one()
        pairs = json.loads(listing)
        place = next(number for number, (one, _) in enumerate(pairs) if one == name)
        pairs[place][1] += 1
        gone = pairs[place + 1][0]
        pairs[place + 1][0] = "given_up"
        connection.execute(
            sa.text("UPDATE feature_sets SET features = :features WHERE version = :version"),
            {"features": json.dumps(pairs), "version": version},
        )
        rows = connection.execute(
            sa.text("SELECT sequence, features FROM assessments WHERE stream = 'payment'")
        ).all()
        for sequence, features in rows:
            other = features[: 8 * place] + bytes(16) + features[8 * place + 16 :]
            connection.execute(
                sa.text("UPDATE assessments SET features = :other WHERE sequence = :sequence"),
                {"other": other, "sequence": sequence},
            )
    done = verified(home, file, sample=10_000)
    assert causes(done) == {verifying.FEATURE}
    assert {one.feature for one in done.differences} == {name}
    assert done.left_out == {"given_up": len(rows)}
    assert gone not in {one.feature for one in done.differences}


def test_an_agreement_that_is_gone_is_the_cause(world: tuple[Path, Path], tmp_path: Path) -> None:
    home, _ = world
    done = verified(home, None, member="bank-a")
    assert causes(done) == {verifying.POOL}
    assert done.differences[0].pool == "agreement:PSI-1"
    # Another member joined it afterwards: the history is not the one that was scored on.
    wider = in_force(tmp_path, members=["bank-a", "bank-b", "bank-c"])
    assert verifying.HISTORY in causes(verified(home, wider, member="bank-a"))
    later = written(tmp_path, entry(valid_from=datetime.now(UTC)))
    assert causes(verified(home, later, member="bank-a")) == {verifying.POOL}


def test_old_assessments_are_compared_as_far_as_they_tell(copied: tuple[Path, Path]) -> None:
    home, file = copied
    change(home, "UPDATE assessments SET pool_position = NULL, pool_entries = NULL")
    assert verified(home, file).differences == []
    change(home, "DELETE FROM feature_sets")
    assert causes(verified(home, file)) == {verifying.UNKNOWN_SET}


def test_it_may_run_beside_the_service(service: Running) -> None:
    service.score("payment", payment(1, 1, START))
    make_key(service.home, member=service.member)
    assert verified(service.home, member=service.member).sampled == 1
