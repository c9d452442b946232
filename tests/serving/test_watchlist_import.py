"""Lists on their way in: readers, refusals, versions, previews, and what holds an import back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from features.errors import BadMapping, UnreadableFile
from serving.cli import app
from serving.errors import Conflict, Invalid, NotFound
from serving.store.database import Database
from serving.watchlists import looking
from serving.watchlists.importing import Imported, Terms, import_list, revert
from serving.watchlists.readers import guess, read

SDN = """36,"ZUBROWKA AIRLINES",-0- ,"ZUBROWKA",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0-\x20
40,"MOROZOV, Sergei",individual,"SDGT] [CYBER2",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,"REMARKS"
41,"SEA STAR",vessel,"ZUBROWKA",-0- ,"XYZ",Tanker,1,2,"Panama",-0- ,"Identification IMO 9187629."
\x1a"""
REMARKS = (
    "DOB 02 Oct 1980; alt. DOB 1961 to 1962; POB Lutha; nationality Belgium; "
    "Passport X123 (Belgium); a.k.a. 'SEREZHA'; Digital Currency Address - XBT "
    "1BoatSLRHtKNngkdXEeobR76b53LETtpyT; Linked To: ZUBROWKA AIRLINES."
)
UN = """<?xml version="1.0"?>
<CONSOLIDATED_LIST><INDIVIDUALS><INDIVIDUAL><DATAID>7</DATAID><FIRST_NAME>SALEM</FIRST_NAME>
<SECOND_NAME>AL-HARTHI</SECOND_NAME><NAME_ORIGINAL_SCRIPT>سالم الحارثي</NAME_ORIGINAL_SCRIPT>
<LISTED_ON>2012-12-31</LISTED_ON><NATIONALITY><VALUE>Yemen</VALUE></NATIONALITY>
<INDIVIDUAL_ALIAS><QUALITY>Low</QUALITY><ALIAS_NAME>Abu Salem</ALIAS_NAME></INDIVIDUAL_ALIAS>
<INDIVIDUAL_ALIAS><QUALITY>Good</QUALITY>
<ALIAS_NAME>a) Salim al-Harithi</ALIAS_NAME></INDIVIDUAL_ALIAS>
<INDIVIDUAL_DATE_OF_BIRTH><YEAR>1971</YEAR></INDIVIDUAL_DATE_OF_BIRTH>
</INDIVIDUAL></INDIVIDUALS></CONSOLIDATED_LIST>"""
BOMB = """<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>
<CONSOLIDATED_LIST>&b;</CONSOLIDATED_LIST>"""


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    place = tmp_path / "crossflag.db"
    opened = Database(place if request.param == "sqlite" else request.getfixturevalue("postgresql"))
    yield opened
    opened.close()


def people(path: Path, *names: str) -> Path:
    lines = [
        json.dumps({"id": f"p{n}", "schema": "Person", "properties": {"name": [name]}})
        for n, name in enumerate(names)
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def put(
    database: Database, path: Path, *, dry_run: bool = False, confirmed: bool = False
) -> Imported:
    reading = read(path, "ftm")
    return import_list(
        database, "mine", reading, path, Terms(), dry_run=dry_run, confirmed=confirmed
    )


def names(database: Database, version: int | None = None) -> list[str]:
    return [entity.caption for entity in looking.records(database, "mine", version)]


def test_versions_are_previewed_made_compared_and_reverted(
    database: Database, tmp_path: Path
) -> None:
    first = people(tmp_path / "1.json", "Anna Weber", "Bo Lind", "Cy Roe")
    assert put(database, first, dry_run=True).version is None
    assert looking.lists(database) == []
    assert put(database, first).version == 1
    assert put(database, first).version == 1
    second = people(tmp_path / "2.json", "Anna Weber", "Bo Lindh")
    preview = put(database, second, dry_run=True)
    assert (preview.changes.before, preview.changes.after) == (3, 2)
    done = put(database, second)
    assert done.version == 2
    assert done.changes.added == ()
    assert done.changes.changed == (("p1", "Bo Lindh"),)
    assert done.changes.withdrawn == ("p2",)
    assert names(database) == ["Anna Weber", "Bo Lindh"]
    assert names(database, 1) == ["Anna Weber", "Bo Lind", "Cy Roe"]
    assert looking.difference(database, "mine", 2, 1).added == (("p2", "Cy Roe"),)
    assert revert(database, "mine", 1).version == 3
    assert names(database) == names(database, 1)
    assert looking.verify(database, "mine") == []
    with pytest.raises(NotFound, match="version 9"):
        revert(database, "mine", 9)


def test_a_list_that_shrinks_by_half_waits_for_a_person(database: Database, tmp_path: Path) -> None:
    put(database, people(tmp_path / "1.json", "Anna Weber", "Bo Lind"))
    short = people(tmp_path / "2.json", "Anna Weber")
    with pytest.raises(Conflict, match="shrink from 2 to 1"):
        put(database, short)
    assert names(database) == ["Anna Weber", "Bo Lind"]
    assert put(database, short, confirmed=True).version == 2


def test_a_record_that_is_changed_in_the_store_is_found(tmp_path: Path) -> None:
    database = Database(tmp_path / "crossflag.db")
    put(database, people(tmp_path / "1.json", "Anna Weber", "Bo Lind"))
    change = (
        "UPDATE watchlist_records SET body = CAST(replace(body, 'Lind', 'Lund') AS BLOB) "
        "WHERE entity_id='p1'"
    )
    database.write(lambda unit: unit.connection.execute(sa.text(change)))
    assert looking.verify(database, "mine") == ["version 1: p1 was changed in place"]
    database.write(
        lambda unit: unit.connection.execute(
            sa.text("DELETE FROM watchlist_records WHERE entity_id='p0'")
        )
    )
    assert "1 records, but 2" in looking.verify(database, "mine")[-1]
    database.close()


def test_the_treasurys_files_are_joined_and_their_remarks_taken_apart(tmp_path: Path) -> None:
    (tmp_path / "ofac_sdn.csv").write_text(SDN.replace("REMARKS", REMARKS))
    (tmp_path / "ofac_alt.csv").write_text('40,1,"aka","MOROSOV, Sergey",-0-\n99,2,"aka","X",-0-\n')
    (tmp_path / "ofac_add.csv").write_text('36,1,"1 Main St","Lutha","Belgium",-0-\n')
    path = tmp_path / "ofac_sdn.csv"
    assert guess(path) == "ofac"
    found = read(path, "ofac")
    assert found.refused == []
    assert found.counts["aliases of numbers that this list does not hold"] == 1
    airline, person, wallet, vessel = found.entities
    assert person.names == ("MOROZOV, Sergei", "MOROSOV, Sergey", "SEREZHA")
    assert person.properties["birthDate"] == ("1980-10-02", "1961", "1962")
    assert person.properties["program"] == ("SDGT", "CYBER2")
    assert person.properties["passportNumber"] == ("X123",)
    assert person.properties["nationality"] == ("be",)
    assert person.handling.topics == ("sanction",)
    assert wallet.properties["holder"] == ("ofac-40",)
    assert wallet.properties["publicKey"] == ("1BoatSLRHtKNngkdXEeobR76b53LETtpyT",)
    assert vessel.properties["imoNumber"] == ("9187629",)
    assert vessel.properties["flag"] == ("pa",)
    assert airline.properties["address"] == ("1 Main St, Lutha, Belgium",)


def test_the_united_nations_list_keeps_scripts_and_weak_aliases(tmp_path: Path) -> None:
    path = tmp_path / "un.xml"
    path.write_text(UN, encoding="utf-8")
    assert guess(path) == "un"
    (entity,) = read(path, "un").entities
    assert entity.properties["name"] == ("SALEM AL-HARTHI",)
    assert entity.properties["alias"] == ("سالم الحارثي", "Salim al-Harithi")
    assert entity.properties["weakAlias"] == ("Abu Salem",)
    assert entity.properties["nationality"] == ("ye",)
    assert entity.handling.valid_from == "2012-12-31"


def test_follow_the_money_comes_back_as_it_left(tmp_path: Path) -> None:
    path = tmp_path / "un.xml"
    path.write_text(UN, encoding="utf-8")
    (entity,) = read(path, "un").entities
    again = tmp_path / "un.json"
    again.write_bytes(entity.body() + b"\n")
    assert guess(again) == "ftm"
    assert read(again, "ftm").entities == [entity]


def test_opensanctions_topics_are_ours_and_relations_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "entities.ftm.json"
    properties = {"name": ["Anna Weber"], "topics": ["sanction", "role.pep", "poi"]}
    rows = [
        {"id": "a", "schema": "Person", "properties": properties},
        {"id": "b", "schema": "Ownership", "properties": {"owner": ["a"]}},
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    found = read(path, "ftm")
    assert found.entities[0].handling.topics == ("sanction", "politician")
    assert found.counts["left aside, no record of its own: Ownership"] == 1


def test_blocklists_and_mapped_tables(tmp_path: Path) -> None:
    path = tmp_path / "block.txt"
    path.write_text(
        "# remark\n192.0.2.7\n198.51.100.0/24\n0.0.0.0 Bad.example\n2001:db8::/32\n!!\n"
    )
    found = read(path, "blocklist")
    assert [one.entity_id for one in found.entities] == [
        "192.0.2.7/32",
        "198.51.100.0/24",
        "bad.example",
        "2001:db8::/32",
    ]
    assert found.refused[0].place == "line 6"
    table, mapping = tmp_path / "own.csv", tmp_path / "own.toml"
    table.write_text("No,Who,Born\n1,Anna Weber|A. Weber,1970-02-30\n2,Bo Lind,1971\n")
    mapping.write_text(
        'separator = "|"\ncolumns = { id = "No", name = "Who", birthDate = "Born" }\n'
        'constants = { schema = "Person" }\n'
        'handling = { topics = ["missing"], assertion = "victim" }\n'
    )
    found = read(table, "csv", mapping)
    assert str(found.refused[0].problems[0]).startswith("birthDate='1970-02-30': a day that never")
    assert found.entities[0].protected
    mapping.write_text('columns = { id = "Nr" }')
    with pytest.raises(BadMapping, match="no column Nr"):
        read(table, "csv", mapping)


ODD = {"topics": ["x"]}


def test_wrong_records_are_refused_by_field_and_the_rest_is_taken(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "schema": "Person", "properties": {"name": ["Anna"], "country": ["Utopia"]}},
        {"id": "b", "schema": "Person", "properties": {"name": "Bo"}},
        {"id": "", "schema": "Person", "properties": {"name": ["Cy"]}},
        {"id": "d", "schema": "Person", "properties": {}},
        {"id": "e", "schema": "Person", "properties": {"name": ["Eve"]}},
        {"id": "e", "schema": "Person", "properties": {"name": ["Eve again"]}},
        {"id": "f", "schema": "BankAccount", "properties": {"iban": ["DE00123"]}},
        {
            "id": "g",
            "schema": "Person",
            "properties": {"name": ["G"]},
            "crossflag": {"topics": ["x"]},
        },
    ]
    path = tmp_path / "x.json"
    path.write_text("\n".join(map(json.dumps, rows)) + "\nnot json\n")
    found = read(path, "ftm")
    assert [one.entity_id for one in found.entities] == ["e"]
    fields = [one.problems[0].field for one in found.refused]
    assert fields == ["country", "name", "id", "properties", "id", "iban", "topics", "line"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("un.xml", BOMB.encode(), "defines entities"),
        ("un.xml", UN.encode()[:-30], "not whole XML"),
        ("un.xml", b"<html/>", "the root is"),
        ("x_sdn.csv", b"1,2,3\n", "3 fields instead of 12"),
        ("x.json", b"[\xff\xfe]", "not UTF-8"),
        ("x.json", b"hello", "not JSON lines"),
        ("x.csv", b"id,name\n1\n", "1 fields"),
    ],
)
def test_files_that_are_no_list_are_refused_whole(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    forms = {"un.xml": "un", "x_sdn.csv": "ofac", "x.json": "ftm", "x.csv": "csv"}
    with pytest.raises(UnreadableFile, match=said):
        read(path, forms[name])


def run(home: Path, *words: str) -> str:
    result = CliRunner().invoke(app, ["watchlist", *words, "--home", str(home)])
    if result.exception is not None:
        raise result.exception
    return result.stdout


def test_the_commands_in_a_row(tmp_path: Path) -> None:
    file = people(tmp_path / "1.json", "Сергей Морозов", "Anna Weber")
    done = json.loads(run(tmp_path, "import", str(file), "--list", "mine", "--json"))
    assert (done["version"], len(done["added"]), done["refused"]) == (1, 2, [])
    (best, *_) = json.loads(run(tmp_path, "search", "Sergey Morozov", "--json"))
    assert best["entity"]["id"] == "p0"
    assert best["by"] == "Сергей Морозов"
    assert "Anna Weber" in run(tmp_path, "search", "anna weber", "--exact")
    assert json.loads(run(tmp_path, "list", "--json"))[0]["records"] == 2
    assert json.loads(run(tmp_path, "diff", "mine", "--json"))["after"] == 2
    exported = [json.loads(line) for line in run(tmp_path, "export", "mine").splitlines()]
    assert [one["caption"] for one in exported] == ["Сергей Морозов", "Anna Weber"]
    assert json.loads(run(tmp_path, "verify", "mine", "--json"))["wrong"] == []
    assert json.loads(run(tmp_path, "revert", "mine", "--to", "1", "--json"))["version"] == 2
    with pytest.raises(NotFound, match="the lists are: mine"):
        run(tmp_path, "export", "other")
    with pytest.raises(Invalid, match="not a format"):
        run(tmp_path, "import", str(file), "--list", "mine", "--format", "pdf")
    with pytest.raises(Invalid, match="not a name of a list"):
        run(tmp_path, "import", str(file), "--list", "my list")


@pytest.mark.timeout(120)
def test_both_real_lists_import_whole(public_data: Callable[[str], Path], tmp_path: Path) -> None:
    sdn = read(public_data("watchlists/ofac_sdn.csv"), "ofac")
    assert {key: sdn.counts[f"records: {key}"] for key in ("Person", "Organization", "Vessel")} == {
        "Person": 4_620,
        "Organization": 3_673,
        "Vessel": 406,
    }
    # One wallet address ends within the published remarks.
    assert [one.problems[0].value for one in sdn.refused] == ["1Gq"]
    un = read(public_data("watchlists/un_consolidated.xml"), "un")
    assert (len(un.entities), len(un.refused)) == (1_003, 0)
    database = Database(tmp_path / "crossflag.db")
    done = import_list(database, "un", un, Path("un_consolidated.xml"), Terms())
    assert done.changes.after == 1_003
    assert looking.verify(database, "un") == []
    database.close()
