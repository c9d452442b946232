"""What of the lists a name or number meets, and what that asks of the advice."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench.perturb import KINDS, perturbed
from features.errors import UnreadableFile
from features.events import AccessEvent, Payment, parse
from models.decision import Thresholds, decide
from models.names import Subject
from serving.cli import app
from serving.store.database import Database
from serving.store.watchlists import ListRow
from serving.watchlists.entities import Entity, Handling
from serving.watchlists.importing import Terms, import_list
from serving.watchlists.index import NameIndex
from serving.watchlists.keeping import Screening
from serving.watchlists.questions import rule_hits, screen
from serving.watchlists.readers import read
from serving.watchlists.screener import ListIndex, Screener, kinds_of

SANCTION = Handling(("sanction",))


def entity(name: str, schema: str = "Person", handling: Handling = SANCTION, **more: str) -> Entity:
    told = {"name": (name,)} if name else {}
    return Entity(name or "x", schema, {**told, **{k: (v,) for k, v in more.items()}}, handling)


def screener(*entities: Entity, audience: str = "*") -> Screener:
    row = ListRow("mine", "Mine", "BE", "screening", "PMC", audience, 3)
    return Screener([ListIndex(row, entities)])


PEOPLE = screener(
    entity("Сергей Петрович Морозов"),
    entity("AL-HARTHI, Mohammed Salem"),
    entity("Kim Min-jun"),
    entity("Abu Bakr Hassan Karimi"),
    entity("Zubrowka Steel Trading Co. Ltd", "Company"),
    entity("Meridian Shipping Lines", "Company"),
)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("Sergey Petrovich Morozov", "Сергей Петрович Морозов"),
        ("Morozov Sergej", "Сергей Петрович Морозов"),
        ("محمد سالم الحارثي", "AL-HARTHI, Mohammed Salem"),
        ("Muhammad Salim Alharthi", "AL-HARTHI, Mohammed Salem"),
        ("김민준", "Kim Min-jun"),
        ("Abubakr Hassan Karimi", "Abu Bakr Hassan Karimi"),
        ("Zubrowka Steel", "Zubrowka Steel Trading Co. Ltd"),
        ("Meridian Shiping Lines", "Meridian Shipping Lines"),
    ],
)
def test_a_name_is_found_however_it_is_written(asked: str, found: str) -> None:
    assert [hit.entity_id for hit in PEOPLE.name(asked, "creditor_name", "bank")] == [found]


@pytest.mark.parametrize("asked", ["Sergey Orlov", "Mohammed Saleh", "Steel Trading Ltd", "", "?"])
def test_names_of_others_meet_nothing(asked: str) -> None:
    assert PEOPLE.name(asked, "creditor_name", "bank") == []


def test_the_index_finds_what_comparing_everything_finds() -> None:
    chance = random.Random(5)
    names = [
        f"{given} {family} {third}"
        for given in ("Sergei", "Mohammed", "Anna", "Juan", "Wei", "Fatima")
        for family in ("Morozov", "Karimi", "Weber", "Navarro", "Zhang", "Haddad")
        for third in ("Petrov", "Lindqvist", "Okafor")
    ]
    index = NameIndex("person", names, range(len(names)))
    from models.names import compare

    for name in chance.sample(names, 30):
        for kind in KINDS:
            asked = perturbed(name, kind, chance)
            if asked is None:
                continue
            wanted = {at for at, one in enumerate(names) if compare(asked, one).score >= 0.8}
            got = {likely.owner for likely in index.search(asked, 0.8)}
            assert got >= wanted if len(wanted) < 20 else got, (asked, wanted - got)


def test_kinds_are_read_from_the_words() -> None:
    assert kinds_of("Nordwind Logistik GmbH") == ("organisation",)
    assert kinds_of("Anna Weber") == ("person", "organisation")


INDICATORS = screener(
    entity("A", "BankAccount", iban="DE89370400440532013000"),
    entity("B", "CryptoWallet", publicKey="1BoatSLRHtKNngkdXEeobR76b53LETtpyT"),
    entity("", "Network", Handling(("cyber",)), network="198.51.100.0/24"),
    entity("C", "Network", Handling(("cyber",)), network="2001:db8::/32"),
    entity("D", "Domain", Handling(("cyber",)), domain="bad.example"),
    entity("E", "Device", Handling(("mule",)), device="Phone-7"),
)


def payment(**more: object) -> Payment:
    fields = {
        "event_id": "p", "time": "2026-05-01T09:30:00Z", "amount": "950.00", "currency": "EUR",
        "debtor_account": "GB33BUKB20201555555555",
        "creditor_account": "FR1420041010050500013M02606",
    }  # fmt: skip
    return parse(Payment, fields | more)


def test_numbers_and_addresses_are_met_exactly() -> None:
    event = payment(
        creditor_account="DE89 3704 0044 0532 0130 00",
        remittance_text="to 1BoatSLRHtKNngkdXEeobR76b53LETtpyT please",
        ip_address="198.51.100.9",
        device_id="phone-7",
    )
    hits = screen(INDICATORS, event, "bank")
    assert {(hit.entity_id, hit.field) for hit in hits} == {
        ("A", "creditor_account"),
        ("B", "remittance_text"),
        ("x", "ip_address"),
        ("E", "device_id"),
    }
    assert all(hit.exact for hit in hits)
    access = parse(
        AccessEvent,
        {"event_id": "a", "time": "2026-05-01T09:30:00Z", "user_id": "eve@mail.bad.example",
         "action": "login", "outcome": "success", "ip_address": "2001:db8:1::7"},
    )  # fmt: skip
    assert [hit.entity_id for hit in screen(INDICATORS, access, "bank")] == ["C", "D"]
    assert screen(INDICATORS, payment(ip_address="203.0.113.9"), "bank") == []


def test_a_hit_raises_the_advice_and_says_by_what() -> None:
    thresholds = Thresholds(0.5, 0.9, 10)
    by_name = screen(PEOPLE, payment(creditor_name="Sergey Petrovich Morozov"), "bank")
    decision = decide(0.01, thresholds, rule_hits(by_name))
    assert decision.advice == "review"
    assert "creditor name is like 'Сергей Петрович Морозов'" in decision.because[0]
    assert "version 3" in decision.because[0]
    by_number = screen(INDICATORS, payment(creditor_account="DE89370400440532013000"), "bank")
    assert decide(0.01, thresholds, rule_hits(by_number)).advice == "urgent"
    cyber = screen(INDICATORS, payment(ip_address="198.51.100.9"), "bank")
    assert decide(0.01, thresholds, rule_hits(cyber)).advice == "review"


def test_a_victim_or_missing_person_is_never_a_risk() -> None:
    for handling in (Handling(("missing",)), Handling(("trafficking",), "victim")):
        hits = screen(
            screener(entity("Anna Weber", handling=handling)),
            payment(debtor_name="Anna Weber"),
            "bank",
        )
        assert [hit.protected for hit in hits] == [True]
        assert rule_hits(hits) == []


def test_a_list_closed_to_a_member_says_nothing_to_it() -> None:
    closed = screener(entity("Anna Weber"), audience="police customs")
    event = payment(debtor_name="Anna Weber")
    assert screen(closed, event, "bank") == []
    assert len(screen(closed, event, "customs")) == 1
    assert closed.subject(Subject("person", ("Anna Weber",)), "bank", 0.5) == []


def test_birth_and_identifiers_weigh_in() -> None:
    known = screener(entity("Anna Weber", birthDate="1970-05-01", passportNumber="X1234567"))
    asked = Subject("person", ("Anna Weber",), ("1951",))
    ((hit, reasons),) = known.subject(asked, "bank", 0.5)
    assert hit.score == 0.8
    assert reasons == ("other years of birth: 1951, 1970-05-01",)
    numbered = Subject("person", ("Somebody",), identifiers=frozenset({"x 123 4567"}))
    ((hit, reasons),) = known.subject(numbered, "bank", 0.9)
    assert "identifier" in reasons[0]


def put(database: Database, path: Path, *names: str) -> None:
    lines = [
        json.dumps({"id": name, "schema": "Person", "properties": {"name": [name]}})
        for name in names
    ]
    path.write_text("\n".join(lines))
    import_list(database, "mine", read(path, "ftm"), path, Terms())


def test_a_new_version_replaces_the_old_one_whole(tmp_path: Path) -> None:
    database = Database(tmp_path / "crossflag.db")
    screening = Screening(database)
    assert not screening.refresh()
    put(database, tmp_path / "1.json", "Anna Weber", "Bo Lind")
    assert screening.refresh()
    assert not screening.refresh()
    before = screening.screener
    put(database, tmp_path / "2.json", "Anna Weber", "Cy Roe Navarro")
    assert screening.refresh()
    assert [hit.version for hit in before.name("Bo Lind", "f", "bank")] == [1]
    assert screening.screener.name("Bo Lind", "f", "bank") == []
    assert [hit.version for hit in screening.screener.name("Cy Roe Navarro", "f", "bank")] == [2]
    database.close()


def test_a_file_of_names_is_screened(tmp_path: Path) -> None:
    database = Database(tmp_path / "crossflag.db")
    put(database, tmp_path / "1.json", "Sergei Morozov", "Bo Lind")
    database.close()
    file = tmp_path / "names.csv"
    file.write_text("name,kind,country\nСергей Морозов,person,be\nAnna Weber,,\n", encoding="utf-8")
    words = ["screen", str(file), "--home", str(tmp_path)]
    document = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert (document["asked"], document["lists"]) == (2, {"mine": 1})
    assert [(hit["line"], hit["record"]) for hit in document["hits"]] == [(2, "Sergei Morozov")]
    assert "Sergei" in CliRunner().invoke(app, words).stdout
    file.write_text("who\nx\n")
    assert isinstance(CliRunner().invoke(app, words).exception, UnreadableFile)
