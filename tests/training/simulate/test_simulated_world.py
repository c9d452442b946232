"""The simulated world: the same in every run, valid in every row, and nobody's in real life."""

from __future__ import annotations

import ipaddress
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest
from schwifty import BIC, IBAN

from features.events import MODELS, parse
from features.reference import Reference
from training.simulate import accounts, run
from training.simulate.chance import Chance
from training.simulate.geography import COUNTRIES
from training.simulate.population import populate
from training.simulate.world import simulate

SMALL = {"seed": 3, "customers": 120, "days": 40, "start": date(2026, 3, 3)}
DOCUMENTATION = [
    ipaddress.ip_network(network)
    for network in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
]
FILES = {"payment": "payments", "access": "access", "label": "labels"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("world")
    run(out, **SMALL)  # type: ignore[arg-type]
    return out


def rows(folder: Path, stream: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = parquet.read_table(
        folder / f"{FILES[stream]}.parquet"
    ).to_pylist()
    return found


def test_two_runs_write_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    run(tmp_path, **SMALL)  # type: ignore[arg-type]
    for path in sorted(folder.iterdir()):
        assert path.read_bytes() == (tmp_path / path.name).read_bytes(), path.name


def test_another_seed_makes_another_world(folder: Path, tmp_path: Path) -> None:
    run(tmp_path, **{**SMALL, "seed": 4})  # type: ignore[arg-type]
    assert (folder / "payments.parquet").read_bytes() != (
        tmp_path / "payments.parquet"
    ).read_bytes()


@pytest.mark.parametrize("stream", ["payment", "access", "label"])
def test_every_row_is_valid_as_it_stands(folder: Path, stream: str) -> None:
    identifiers = set()
    for row in rows(folder, stream):
        given = {name: value for name, value in row.items() if value is not None}
        if "intermediary_agents" in given:
            given["intermediary_agents"] = given["intermediary_agents"].split()
        event = parse(MODELS[stream], given)
        for name, value in given.items():
            if name == "intermediary_agents":
                value = tuple(value)
            assert name == "amount" or getattr(event, name) == value
        identifiers.add(row["label_id" if stream == "label" else "event_id"])
    assert len(identifiers) == len(rows(folder, stream))


def test_events_lie_within_the_days_and_in_order(folder: Path) -> None:
    for stream in ("payment", "access"):
        times = [row["time"] for row in rows(folder, stream)]
        assert times == sorted(times)
        assert times[0].date() >= date(2026, 3, 3)
        assert times[-1].date() <= date(2026, 4, 11)


def test_addresses_are_kept_for_documentation_and_in_the_overlay(folder: Path) -> None:
    reference = Reference(ip_overlay=folder / "ip_overlay.csv")
    addresses = {
        row["ip_address"] for stream in ("payment", "access") for row in rows(folder, stream)
    } - {None}
    for text in addresses:
        address = ipaddress.ip_address(text)
        assert any(
            address in network for network in DOCUMENTATION if network.version == address.version
        ), text
        assert reference.ip_country(text) in COUNTRIES, text
        assert reference.asn(text) in {*range(64496, 64512), *range(65536, 65552)}, text


def test_no_account_or_agent_is_registered(folder: Path) -> None:
    payments = rows(folder, "payment")
    for party in ("debtor", "creditor"):
        for row in payments:
            if row[f"{party}_account_scheme"] == "IBAN":
                number = IBAN(row[f"{party}_account"])
                assert number.bank is None and number.bic is None, number
        for agent in {row[f"{party}_agent"] for row in payments} - {None}:
            assert not BIC(agent).exists
            assert agent[7] == "0", "a final 0 in the location marks a test identifier"


def test_every_country_has_an_iban_of_no_bank_or_no_iban_at_all() -> None:
    for code in COUNTRIES:
        party = accounts.party("somebody", "Somebody", code)
        if party.scheme == "IBAN":
            assert IBAN(party.account).bank is None
        else:
            assert party.account.startswith("000")
        assert party.account_country == code


def test_customers_live_in_many_countries() -> None:
    population = populate(7, 1250, 0, 10**13)
    assert len({one.country.code for one in (*population.persons, *population.firms)}) >= 25


def test_a_larger_population_begins_with_the_same_people() -> None:
    small, large = populate(7, 60, 0, 10**13), populate(7, 120, 0, 10**13)
    names = [one.party for one in small.persons]
    assert names == [one.party for one in large.persons[: len(names)]]


def test_one_more_crime_changes_no_other_event() -> None:
    def keys(crimes: list[str]) -> tuple[dict[str, object], dict[str, object]]:
        world = simulate(3, 100, date(2026, 3, 3), 30, crimes)
        payments = {item.key: (item.time, item.minor) for item in world.transfers}
        accesses = {item.key: (item.time, item.ip_address) for item in world.accesses}
        return dict(payments), dict(accesses)

    for few, more in zip(
        keys(["structuring"]), keys(["password_spraying", "structuring"]), strict=True
    ):
        assert few.items() <= more.items()


def test_without_crimes_nothing_is_marked() -> None:
    world = simulate(3, 60, date(2026, 3, 3), 21, [])
    assert world.transfers and world.accesses
    assert not [item for item in (*world.transfers, *world.accesses) if item.mark]


def test_a_named_stream_of_chance_repeats_and_stands_alone() -> None:
    first, again, other = Chance(1, "a"), Chance(1, "a"), Chance(1, "b")
    draws = [first.between(0, 1) for _ in range(5)]
    assert draws == [again.between(0, 1) for _ in range(5)]
    assert draws != [other.between(0, 1) for _ in range(5)]
