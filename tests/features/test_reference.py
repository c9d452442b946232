"""Rates, zones, and what is known of an address from registries, an overlay or a place file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from features.catalog import ACCESS
from features.engine import Engine
from features.errors import BadReference
from features.events import AccessEvent, parse
from features.reference import Reference, currency_exponent


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000_000)


def test_reference_amounts_use_the_fixing_of_the_day(reference: Reference) -> None:
    # ECB fixings: 2020-01-31 1 EUR = 120.35 JPY, 1.1052 USD.
    assert reference.amount_reference(12_035, "JPY", at("2020-01-31")) == 10_000
    assert reference.amount_reference(11_052, "USD", at("2020-01-31")) == 10_000
    assert reference.amount_reference(10_000, "EUR", at("2020-01-31")) == 10_000


def test_a_weekend_takes_fridays_fixing(reference: Reference) -> None:
    friday = reference.amount_reference(11_052, "USD", at("2020-01-31"))
    assert reference.amount_reference(11_052, "USD", at("2020-02-02T23:00:00")) == friday


@pytest.mark.parametrize(("currency", "time"), [("NGN", "2020-01-31"), ("USD", "1990-01-01")])
def test_no_rate_means_missing(reference: Reference, currency: str, time: str) -> None:
    assert reference.amount_reference(10_000, currency, at(time)) is None


def test_exponents() -> None:
    assert [currency_exponent(c) for c in ("EUR", "JPY", "BHD", "BTC")] == [2, 0, 3, 8]
    assert currency_exponent("EUX") is None


def test_offsets_follow_the_calendar(reference: Reference) -> None:
    assert reference.utc_offset("DE", at("2026-01-15")) == 3600
    assert reference.utc_offset("DE", at("2026-07-15")) == 7200
    assert reference.utc_offset("RU", at("2026-07-15")) == 3 * 3600


def test_the_longest_prefix_of_an_overlay_wins(tmp_path: Path) -> None:
    overlay = tmp_path / "overlay.csv"
    overlay.write_text(
        "prefix,country,asn,network_name\n"
        "2001:db8::/32,FR,64496,Wide\n2001:db8:1::/48,SG,64497,Narrow\n192.0.2.0/24,NG,64498,Four\n"
    )
    reference = Reference(ip_overlay=overlay)
    assert (reference.ip_country("2001:db8:1::5"), reference.asn("2001:db8:1::5")) == ("SG", 64497)
    assert (reference.ip_country("2001:db8:2::5"), reference.asn("192.0.2.9")) == ("FR", 64498)
    assert reference.ip_country("8.8.8.8") == "US"
    assert "overlay-" in reference.version


def test_an_overlay_may_say_what_a_network_is(tmp_path: Path) -> None:
    overlay = tmp_path / "overlay.csv"
    overlay.write_text(
        "prefix,country,asn,network_name,kind\n"
        "192.0.2.0/24,DE,64496,Firm,corporate_vpn\n198.51.100.0/24,FR,64497,Carrier,\n"
        "2001:db8::/32,RO,64498,Servers,hosting\n"
    )
    reference = Reference(ip_overlay=overlay)
    kinds = [reference.network_kind(ip) for ip in ("192.0.2.7", "198.51.100.7", "2001:db8::1")]
    assert kinds == ["corporate_vpn", None, "hosting"]
    login = Engine(reference).step(event_from("2001:db8::1")).features
    assert ACCESS.feature("network_kind").words[int(login[ACCESS.index("network_kind")])] == (
        "a hosting centre"
    )


@pytest.mark.parametrize(
    "content",
    [
        "prefix\n1.2.3.4/33\n",
        "prefix,country,asn\nx,DE,1\n",
        "prefix,country,asn,kind\n192.0.2.0/24,DE,1,coffee shop\n",
    ],
)
def test_a_broken_overlay_is_refused(tmp_path: Path, content: str) -> None:
    overlay = tmp_path / "overlay.csv"
    overlay.write_text(content)
    with pytest.raises(BadReference, match="expected a CSV with prefix,country,asn"):
        Reference(ip_overlay=overlay)


# As commercial files name them: beside the address's other facts, or among its traits.
TRAITS = {
    "203.0.113.0/28": {"is_anonymous": True, "is_tor_exit_node": True},
    "203.0.113.16/28": {"traits": {"user_type": "hosting", "autonomous_system_number": 64501}},
    "203.0.113.32/28": {"traits": {"user_type": "cellular"}},
    "203.0.113.48/28": {"connection_type": "Cellular"},
    "203.0.113.64/28": {"traits": {"user_type": "residential"}},
}


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="Test-City")
    for network, country, latitude, longitude in (
        ("198.51.100.0/25", "FR", 48.8566, 2.3522),
        ("198.51.100.128/25", "SG", 1.3521, 103.8198),
    ):
        writer.insert_network(
            IPSet([network]),
            {
                "country": {"iso_code": country},
                "location": {"latitude": latitude, "longitude": longitude},
                "autonomous_system_number": 64500,
            },
        )
    for network, traits in TRAITS.items():
        writer.insert_network(IPSet([network]), traits)
    path = tmp_path_factory.mktemp("mmdb") / "places.mmdb"
    writer.to_db_file(str(path))
    return path


def event_from(ip: str) -> AccessEvent:
    return login(1, "2026-05-01T00:00:00Z", ip)


def login(number: int, time: str, ip: str) -> AccessEvent:
    given = {"event_id": f"a{number}", "time": time, "user_id": "u", "ip_address": ip}
    return parse(AccessEvent, {**given, "action": "login", "outcome": "success"})


def test_travel_speed_needs_a_place_file(places: Path, reference: Reference) -> None:
    events = [
        login(1, "2026-05-01T00:00:00Z", "198.51.100.1"),
        login(2, "2026-05-01T02:00:00Z", "198.51.100.200"),
    ]
    place = ACCESS.index("travel_speed")
    located, unlocated = Engine(Reference(mmdb=places)), Engine(reference)
    speeds = [located.step(event).features[place] for event in events]
    assert np.isnan(speeds[0])
    # Paris to Singapore is 10,727 km by great circle.
    assert speeds[1] == pytest.approx(10_727 / 2, rel=1e-3)
    assert all(np.isnan(unlocated.step(event).features[place]) for event in events)


def test_a_place_file_says_what_a_network_is(places: Path) -> None:
    reference = Reference(mmdb=places)
    kinds = [reference.network_kind(f"203.0.113.{number}") for number in (1, 17, 33, 49, 65)]
    assert kinds == ["anonymiser", "hosting", "carrier_nat", "carrier_nat", None]
    assert reference.asn("203.0.113.17") == 64501


@pytest.mark.parametrize(
    ("kind", "told"),
    [("", True), ("anonymiser", True), ("corporate_vpn", False), ("carrier_nat", False)],
)
def test_no_journey_is_told_from_addresses_that_are_no_places(
    places: Path, tmp_path: Path, kind: str, told: bool
) -> None:
    overlay = tmp_path / "overlay.csv"
    overlay.write_text(
        f"prefix,country,asn,network_name,kind\n198.51.100.128/25,SG,64500,Far,{kind}\n"
    )
    engine = Engine(Reference(ip_overlay=overlay, mmdb=places))
    engine.step(login(1, "2026-05-01T00:00:00Z", "198.51.100.1"))
    step = engine.step(login(2, "2026-05-01T02:00:00Z", "198.51.100.200"))
    speed = step.features[ACCESS.index("travel_speed")]
    assert bool(speed > 5000) is told and bool(np.isnan(speed)) is not told
    # The registration country is still compared, whatever the network is.
    assert step.features[ACCESS.index("country_changed")] == 1


def test_a_broken_place_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "no.mmdb"
    path.write_bytes(b"nothing")
    with pytest.raises(BadReference, match="geolocation file"):
        Reference(mmdb=path)
