"""Lists of threats: STIX bundles and MISP documents, as their own libraries write them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
import stix2
from pymisp import MISPEvent

from features.errors import UnreadableFile
from serving.store.watchlists import ListRow
from serving.watchlists.readers import guess, read
from serving.watchlists.screener import ListIndex, Screener

ROW = ListRow("l", "l", "BE", "screening", "PMC", "*", 1)


def test_a_stix_bundle_gives_what_can_be_screened_and_counts_the_rest(tmp_path: Path) -> None:
    def indicator(pattern: str, **more: object) -> stix2.Indicator:
        return stix2.Indicator(
            pattern=pattern, pattern_type="stix", valid_from="2026-01-01T00:00:00Z", **more
        )

    bundle = stix2.Bundle(
        indicator("[ipv4-addr:value = '198.51.100.7']", confidence=60,
                  valid_until="2026-12-31T00:00:00Z"),
        indicator("[domain-name:value = 'bad.example'] OR [email-addr:value = 'x@bad.example']"),
        indicator("[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']"),
        indicator("[domain-name:value = 'old.example']", revoked=True),
        stix2.ThreatActor(name="Zubrowka Spider", aliases=["ZS Team"]),
        stix2.Identity(name="Sergei Morozov", identity_class="individual"),
        stix2.IPv6Address(value="2001:db8::7"),
        stix2.Malware(name="m", is_family=False),
    )  # fmt: skip
    path = tmp_path / "bundle.json"
    path.write_text(bundle.serialize(), encoding="utf-8")
    assert guess(path) == "stix"
    reading = read(path, "stix")
    assert reading.refused == []
    kinds = Counter(one.schema for one in reading.entities)
    assert kinds == {"Network": 2, "Domain": 1, "Email": 1, "Organization": 1, "Person": 1}
    first = next(one for one in reading.entities if one.properties.get("network"))
    assert (first.handling.confidence, first.handling.valid_to) == (60, "2026-12-31")
    assert reading.counts["left aside, revoked"] == 1
    assert reading.counts["left aside, no record of its own: malware"] == 1
    assert sum("more than values" in name for name in reading.counts) == 1
    screener = Screener([ListIndex(ROW, reading.entities)])
    assert screener.indicator("ip", "198.51.100.7", "ip_address", "bank-a")


def test_misp_events_give_what_is_for_detection(tmp_path: Path) -> None:
    event = MISPEvent()
    event.info = "invented"
    event.add_attribute("ip-dst|port", "203.0.113.9|443", to_ids=True)
    event.add_attribute("url", "https://pay.bad.example/login", to_ids=True)
    event.add_attribute("btc", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT", to_ids=True)
    event.add_attribute("domain", "seen.example", to_ids=False)
    event.add_attribute("md5", "d41d8cd98f00b204e9800998ecf8427e", to_ids=True)
    path = tmp_path / "event.json"
    path.write_text(json.dumps({"Event": json.loads(event.to_json())}), encoding="utf-8")
    assert guess(path) == "misp"
    reading = read(path, "misp")
    values = {value for one in reading.entities for value in next(iter(one.properties.values()))}
    assert {"203.0.113.9/32", "pay.bad.example"} <= values
    wallet = next(one for one in reading.entities if one.schema == "CryptoWallet")
    assert wallet.properties["currency"] == ("XBT",)
    assert reading.counts["left aside, an attribute that is not for detection"] == 1
    assert reading.counts["left aside, an attribute of type md5"] == 1


def test_what_a_warning_list_says_is_harmless_holds_back_threats_but_no_sanction(
    tmp_path: Path,
) -> None:
    harmless = tmp_path / "warning.json"
    harmless.write_text(
        json.dumps({"name": "resolvers", "type": "cidr", "list": ["192.0.2.0/24"],
                    "matching_attributes": ["ip-dst"]}))  # fmt: skip
    threats = tmp_path / "threats.txt"
    threats.write_text("192.0.2.53\n203.0.113.9\n")
    sanctions = tmp_path / "sanctions.json"
    row = {"id": "s1", "schema": "Network", "properties": {"network": ["192.0.2.66"]},
           "crossflag": {"topics": ["sanction"]}}  # fmt: skip
    sanctions.write_text(json.dumps(row))
    screener = Screener(
        [
            ListIndex(ROW, read(path, form).entities)
            for path, form in ((harmless, "misp"), (threats, "blocklist"), (sanctions, "ftm"))
        ]
    )

    def met(value: str) -> list[str]:
        return [hit.entity_id for hit in screener.indicator("ip", value, "ip_address", "bank-a")]

    assert met("203.0.113.9") == ["203.0.113.9/32"]
    assert met("192.0.2.53") == []
    assert met("192.0.2.66") == ["s1"]


@pytest.mark.parametrize(
    ("form", "content"),
    [
        ("stix", b'{"type": "bundle", "objects": ['),
        ("stix", b'{"type": "report"}'),
        ("stix", b"[]"),
        ("misp", b'{"Event": 3}'),
        ("misp", b'{"something": "else"}'),
        ("misp", b'{"Event": "\xff"}'),
    ],
)
def test_what_is_no_document_of_its_kind_is_refused_whole(
    tmp_path: Path, form: str, content: bytes
) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile):
        read(path, form)


def test_wrong_values_are_refused_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "bundle.json"
    path.write_text(
        json.dumps({"type": "bundle", "objects": [
            {"type": "ipv4-addr", "id": "ipv4-addr--1", "value": "300.1.1.1"},
            {"type": "ipv4-addr", "id": "ipv4-addr--2", "value": "192.0.2.1"},
            "nothing",
        ]}))  # fmt: skip
    reading = read(path, "stix")
    assert [one.entity_id for one in reading.entities] == ["ipv4-addr--2"]
    assert [one.problems[0].field for one in reading.refused] == ["network", "type"]
