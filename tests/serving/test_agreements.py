"""Whose data a score may use: a member's own, and under an agreement in force what it shares."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from features.events import Label, Payment, parse
from features.reference import Reference
from serving import agreements, verifying
from serving.agreements import Agreement, Agreements
from serving.errors import Invalid
from serving.ownership.shared import Shared
from serving.pools import Place, Pools
from serving.settings import Settings
from serving.store.database import Database
from tests.serving.harness import ROOT, Running, feature_rows, make_key, running, wait_for
from tests.serving.test_durability import failing_store
from tests.serving.worlds import START, login, payment, theft

DAY = 86_400_000_000
BANKS = ("bank-a", "bank-b", "bank-c")


def entry(**changed: Any) -> dict[str, Any]:
    whole = {
        "reference": "PSI-1",
        "legal_basis": "Article 75",
        "members": ["bank-a", "bank-b"],
        "valid_from": date(2026, 1, 1),
    }
    return {name: value for name, value in (whole | changed).items() if value is not None}


def written(folder: Path, *entries: dict[str, Any]) -> Path:
    """Write a file of agreements; dates and times are written as TOML has them."""
    path = folder / "agreements.toml"
    lines = []
    for one in entries:
        lines.append("[[agreement]]")
        for name, value in one.items():
            plain = value.isoformat() if isinstance(value, date) else repr(value)
            lines.append(f"{name} = {plain}")
    path.write_text("\n".join(lines))
    return path


def test_an_agreement_holds_between_its_dates(tmp_path: Path) -> None:
    zone = datetime(2026, 2, 1, tzinfo=UTC)
    found = agreements.read(written(tmp_path, entry(valid_to=zone, history_from=date(2025, 12, 1))))
    (one,) = found
    assert one.members == ("bank-a", "bank-b")
    assert one.pool == "agreement:PSI-1"
    start, end = one.valid_from, one.valid_to
    assert end is not None
    assert end - start == 31 * DAY
    assert [one.in_force(at) for at in (start - 1, start, end - 1, end)] == [
        False,
        True,
        True,
        False,
    ]
    assert [one.shares(at) for at in (start - 31 * DAY - 1, start - 31 * DAY, end - 1, end)] == [
        False,
        True,
        True,
        False,
    ]
    assert found.in_force("bank-a", start) == one
    assert found.in_force("bank-c", start) is None
    assert list(found.not_over(end - 1)) == [one]
    assert list(found.not_over(end)) == []


def test_the_agreement_that_the_documentation_shows_is_one(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "sharing.md").read_text(encoding="utf-8")
    path = tmp_path / "agreements.toml"
    path.write_text(page.split("```toml\n")[1].split("```")[0])
    (one,) = agreements.read(path)
    assert set(re.findall(r"^\| `(\w+)`", page, re.M)) <= set(path.read_text().split())
    assert one.history_from < one.valid_from


def test_without_a_file_nobody_shares() -> None:
    none = agreements.read(None)
    assert list(none) == []
    assert none.together(["bank-a"]) == {"bank-a"}


def test_members_are_tied_through_one_another() -> None:
    ties = (("a", "b"), ("b", "c"), ("d", "e"))
    made = Agreements(
        Agreement(str(number), "law", pair, number, number + 1, number)
        for number, pair in enumerate(ties)
    )
    assert made.together(["a"]) == {"a", "b", "c"}
    assert made.together(["e", "x"]) == {"d", "e", "x"}
    made.check_owner(())
    made.check_owner(("a", "b", "c", "y"))
    with pytest.raises(Invalid, match="members") as refusal:
        made.check_owner(("a", "d"))
    assert "add b, c, e" in refusal.value.problems[0].fix


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"legal_basis": None}, "legal_basis", "field required"),
        ({"legal_basis": " "}, "legal_basis", "match"),
        ({"reference": 7}, "reference", "valid string"),
        ({"members": ["bank-a"]}, "members", "at least 2"),
        ({"members": ["bank-a", "bank-a"]}, "members", "twice"),
        ({"members": "bank-a"}, "members", "valid list"),
        ({"valid_from": datetime(2026, 1, 1)}, "valid_from", "zone"),
        ({"valid_to": date(2026, 1, 1)}, "valid_to", "not after valid_from"),
        ({"valid_to": 20260101}, "valid_to", "no date"),
        ({"history_from": date(2026, 1, 2)}, "history_from", "after valid_from"),
        ({"valid_too": date(2026, 1, 2)}, "valid_too", "not permitted"),
    ],
)
def test_a_wrong_entry_is_named_with_its_field_and_the_fix(
    tmp_path: Path, wrong: dict[str, Any], field: str, said: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        agreements.read(
            written(tmp_path, entry(reference="PSI-0", members=["x", "y"]), entry(**wrong))
        )
    (problem,) = refusal.value.problems
    name = "PSI-1" if field != "reference" else "7"
    assert problem.field == f"agreement {name}, {field}"
    assert said in problem.problem
    assert problem.fix


def test_a_member_shares_one_history_at_a_time(tmp_path: Path) -> None:
    first, second = (
        entry(valid_to=date(2026, 6, 1)),
        entry(reference="PSI-2", members=["bank-b", "bank-c"], valid_from=date(2026, 6, 1)),
    )
    assert len(list(agreements.read(written(tmp_path, first, second)))) == 2
    overlapping = second | {"valid_from": date(2026, 5, 31)}
    for pair in ((first, overlapping), (overlapping, first)):
        with pytest.raises(Invalid) as refusal:
            agreements.read(written(tmp_path, *pair))
        assert "for bank-b" in refusal.value.problems[0].problem
    with pytest.raises(Invalid, match="reference used twice"):
        agreements.read(written(tmp_path, first, second | {"reference": "PSI-1"}))


@pytest.mark.parametrize("text", ["agreement =", "agreement = 3", "[agreements]", None])
def test_a_file_that_holds_no_agreements_is_refused(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "none.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(Invalid, match="agreements"):
        agreements.read(path)


def test_a_service_needs_all_whose_history_is_shared(
    tmp_path: Path, new_home: Callable[..., Path]
) -> None:
    given = {"agreements": written(tmp_path, entry()), "members": ("bank-a",)}
    with pytest.raises(Invalid, match="members"), running(new_home(), console=False, **given):
        pass
    assert Settings.from_environment({"CROSSFLAG_AGREEMENTS": "x.toml"}).agreements == Path(
        "x.toml"
    )


# What members do; all speak of the same few accounts, devices and addresses.
Act = tuple[int, str, int, bool]
_KINDS = ("payment", "login", "theft", "label", "decide")
acts = st.tuples(st.integers(0, 2), st.sampled_from(_KINDS), st.integers(1, 4), st.booleans())


class Stage:
    """Plays acts for three members of a running service; names and times come from the places."""

    def __init__(self, service: Running, names: tuple[str, ...]) -> None:
        self.service = service
        self.members = [
            Running(
                service.url,
                service.home,
                service.client_of(make_key(service.home, member=name)),
                name,
                service.service,
            )
            for name in names
        ]
        self.sent: list[list[tuple[str, dict[str, Any]]]] = [[], [], []]

    def play(self, acts: list[Act], first: int = 0) -> None:
        for place, act in enumerate(acts, start=first):
            self._act(place, *act)

    def rows(self, member: int) -> dict[tuple[str, str], bytes]:
        return feature_rows(self.members[member])

    def pools(self, member: int) -> list[str]:
        query = "SELECT pool FROM assessments WHERE member = :member ORDER BY sequence"
        return [pool for (pool,) in self.members[member].stored(query)]

    def _act(self, place: int, member: int, kind: str, customer: int, fraud: bool) -> None:
        when = START + timedelta(minutes=10 * place)
        one, sent = self.members[member], self.sent[member]
        if kind == "payment":
            events = [("payment", payment(100 * place, customer, when))]
        elif kind == "login":
            events = [("access", login(100 * place, customer, when))]
        elif kind == "theft":
            events = [(stream, fields) for stream, fields, _ in theft(100 * place, customer, when)]
        else:
            (self._label if kind == "label" else self._decide)(member, place, when, fraud)
            return
        for stream, fields in events:
            one.score(stream, fields)
        sent += events

    def _label(self, member: int, place: int, when: datetime, fraud: bool) -> None:
        if not self.sent[member]:
            return
        stream, fields = self.sent[member][-1 - place % len(self.sent[member])]
        label = {
            "label_id": f"l{place}",
            "stream": stream,
            "event_id": fields["event_id"],
            "is_fraud": fraud,
            "known_at": (when + timedelta(minutes=9)).isoformat(),
            "source": "import",
        }
        answer = self.members[member].client.post("/v1/labels", json={"labels": [label]})
        assert answer.json()["items"][0]["status"] == 200, answer.text

    def _decide(self, member: int, place: int, when: datetime, fraud: bool) -> None:
        client = self.members[member].client
        cases = client.get("/v1/cases", params={"state": "open"}).json()["cases"]
        if not cases:
            return
        path = f"/v1/cases/{cases[0]['case_id']}"
        assert client.post(f"{path}/claim").status_code == 200
        word = "fraud_confirmed" if fraud else "false_positive"
        decision = {"disposition": word, "reason": "as told"}
        answer = client.post(f"{path}/decision", json=decision)
        assert answer.status_code == 200, answer.text


MANY = [
    (place % 3, kind, 1 + place % 4, place % 2 == 0)
    for place, kind in enumerate(("payment", "login", "theft", "label", "decide") * 6)
]


@given(mine=st.lists(acts, max_size=12), other=st.lists(acts, max_size=12))
@example(mine=MANY, other=[(1, "theft", 1, True)] * 3 + [(1, "decide", 1, True)] * 4)
@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_one_member_does_changes_no_feature_of_another(
    shared: Running, mine: list[Act], other: list[Act]
) -> None:
    """Member 1 does one thing or another, or nothing; 0 and 2 see the very same features."""
    apart = [act for act in mine if act[0] != 1]
    instead = [(1, *act[1:]) for act in other]
    rows = []
    # One place in time for each act of 0 and 2, whatever member 1 does between them.
    for between in ([], [act for act in mine if act[0] == 1], instead):
        stage = Stage(shared, tuple(f"{bank}-{uuid4().hex[:8]}" for bank in BANKS))
        for place, act in enumerate(apart):
            stage.play(between[place : place + 1], 5_000 + place)
            stage.play([act], place)
        stage.play(between[len(apart) :], 6_000)
        rows.append([stage.rows(member) for member in (0, 2)])
        for member, name in enumerate(one.member for one in stage.members):
            assert set(stage.pools(member)) <= {f"member:{name}"}
        shared.close()
        shared.others.clear()
    assert rows[0] == rows[1] == rows[2]


ACTS: list[Act] = [
    (0, "payment", 1, False),
    (1, "payment", 1, False),
    (2, "payment", 1, False),
    (1, "theft", 1, False),
    (0, "login", 1, False),
    (1, "label", 1, True),
    (0, "theft", 1, False),
    (2, "theft", 1, False),
    (1, "decide", 1, True),
    (0, "payment", 2, False),
    (0, "label", 1, True),
    (1, "payment", 2, False),
    (0, "decide", 1, True),
    (0, "login", 1, False),
    (1, "login", 1, False),
    (0, "payment", 1, False),
    (2, "payment", 1, False),
]


class Clock:
    """The service's clock, set forward by `ahead` microseconds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from serving import clock

        self.ahead = 0
        real = clock.now
        self.now = real
        monkeypatch.setattr(clock, "now", lambda: real() + self.ahead)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@contextmanager
def banks(home: Path, **given: Any) -> Iterator[Stage]:
    with running(home, console=False, **given) as service:
        yield Stage(service, BANKS)


def in_force(folder: Path, **changed: Any) -> Path:
    """An agreement between the first two banks from yesterday until the day after tomorrow."""
    today = datetime.now(UTC)
    dates = {"valid_from": today - timedelta(days=1), "valid_to": today + timedelta(days=2)}
    return written(folder, entry(**{**dates, **changed}))


def test_an_agreement_shares_while_it_is_in_force_and_with_its_members_only(
    tmp_path: Path, new_home: Callable[..., Path], clock: Clock
) -> None:
    with banks(new_home("apart")) as apart:
        apart.play(ACTS)
        clock.ahead = 3 * DAY
        apart.play(ACTS, 100)
        alone = [apart.rows(member) for member in range(3)]
    clock.ahead = 0
    file = in_force(tmp_path)
    with banks(new_home("joined"), agreements=file) as joined:
        joined.play(ACTS)
        during = [joined.rows(member) for member in range(3)]
        query = "SELECT target, detail FROM audit WHERE action = 'agreement.in_use'"
        ((reference, told),) = joined.service.stored(query)
        assert reference == "PSI-1"
        assert '"members":["bank-a","bank-b"]' in told
        answer = joined.members[0].score("payment", payment(77, 1, START + timedelta(days=1)))
        assert answer["pool"] == "agreement:PSI-1"
        clock.ahead = 3 * DAY
        joined.play(ACTS, 100)
        later = [joined.rows(member) for member in range(3)]
        for member in (0, 1):
            ended = len(later[member]) - len(during[member]) - (member == 0)
            own = [f"member:{BANKS[member]}"] * ended
            assert joined.pools(member)[-ended:] == own
            assert set(joined.pools(member)[:-ended]) == {"agreement:PSI-1"}
        assert set(joined.pools(2)) == {"member:bank-c"}
    assert later[2] == alone[2]
    for member in (0, 1):
        assert during[member].keys() < alone[member].keys()
        shared = {key for key, row in during[member].items() if row != alone[member][key]}
        assert shared, "sharing moves something"
    # After its end bank-b's rows are what they are without one; bank-a was sent one more payment.
    assert {key: later[1][key] for key in later[1].keys() - during[1].keys()} == {
        key: alone[1][key] for key in alone[1].keys() - during[1].keys()
    }


def test_a_shared_history_is_read_again_from_the_log_bit_by_bit(
    tmp_path: Path, new_home: Callable[..., Path]
) -> None:
    file = in_force(tmp_path)
    with banks(new_home("whole"), agreements=file) as stage:
        stage.play(ACTS)
        stage.play(ACTS, 100)
        whole = [stage.rows(member) for member in range(3)]
    home = new_home("broken")
    with banks(home, agreements=file) as stage:
        stage.play(ACTS[:9])
        sent = stage.sent
    with banks(home, agreements=file) as stage:
        stage.sent = sent
        stage.play(ACTS[9:], 9)
        fields = payment(9_999, 1, START, amount="9999.00")
        with failing_store(stage.service):
            answer = stage.members[0].client.post("/v1/payments/score", json=fields)
            assert answer.status_code == 503
            wait_for(stage.service.client, ready=True)
        stage.play(ACTS, 100)
        assert [stage.rows(member) for member in range(3)] == whole


def test_one_event_id_of_two_members_is_two_events(
    tmp_path: Path, new_home: Callable[..., Path]
) -> None:
    with banks(new_home(), agreements=in_force(tmp_path)) as stage:
        first, second = stage.members[:2]
        assert first.score("payment", payment(1, 1, START))["duplicate"] is False
        assert second.score("payment", payment(1, 2, START))["duplicate"] is False
        assert second.score("payment", payment(1, 2, START))["duplicate"] is True


def test_history_from_an_earlier_day_is_shared_from_the_first_score(
    tmp_path: Path, new_home: Callable[..., Path]
) -> None:
    home, own = new_home(), payment(500, 1, START + timedelta(days=1))
    with banks(home) as stage:
        stage.play(ACTS)
    now = datetime.now(UTC)
    rows = {}
    for name, since in (("all", now - timedelta(days=1)), ("none", now)):
        file = in_force(tmp_path, valid_from=now, history_from=since)
        with banks(home, agreements=file) as stage:
            fields = own | {"event_id": name}
            assert stage.members[0].score("payment", fields)["pool"] == "agreement:PSI-1"
            rows[name] = stage.rows(0)["payment", name]
    assert rows["all"] != rows["none"]


def test_two_processes_never_own_half_of_a_shared_history_each(postgresql: str) -> None:
    tied = Agreements([Agreement("PSI-1", "law", ("bank-a", "bank-b"), 0, None, 0)])
    databases = [Database(postgresql) for _ in range(2)]
    first, second = (Shared(one, (), 600, tied.together) for one in databases)
    for member in ("bank-a", "bank-b"):
        first.claim(member)
    first.stop()
    first = Shared(databases[0], (), 600, tied.together)
    first.claim("bank-a")
    second.start(lambda: None)
    assert list(second.members()) == [], "bank-b is free, and is left to the owner of bank-a"
    first.start(lambda: None)
    assert sorted(first.members()) == ["bank-a", "bank-b"]
    for one, database in zip((first, second), databases, strict=True):
        one.stop()
        database.close()


def test_on_postgresql_one_service_has_all_whom_an_agreement_ties(
    tmp_path: Path, new_home: Callable[..., Path], postgresql: str
) -> None:
    home, file = new_home(), in_force(tmp_path)
    given = {"console": False, "database_url": postgresql, "agreements": file}
    keys = {name: make_key(home, name, database_url=postgresql) for name in BANKS}
    fields = payment(1, 1, START)

    def send(service: Running, member: str, number: int) -> httpx.Response:
        one = service.client_of(keys[member])
        return one.post("/v1/payments/score", json=fields | {"event_id": f"p{number}"})

    with running(home, **given) as first:
        assert send(first, "bank-b", 1).json()["pool"] == "agreement:PSI-1"
        with running(home, ready=False, **given) as second:
            assert send(second, "bank-c", 1).json()["pool"] == "member:bank-c"
            refused = send(second, "bank-a", 1)
            assert refused.status_code == 503
            assert "taken by another service" in refused.text
            assert send(first, "bank-a", 1).json()["pool"] == "agreement:PSI-1"
    with running(home, **given) as third:
        assert send(third, "bank-a", 2).json()["pool"] == "agreement:PSI-1"
    database = Database(postgresql)
    done = verifying.verify(database, Reference(), agreements.read(file), sample=99, seed=1)
    database.close()
    assert (done.sampled, done.differences) == (4, [])


REFERENCE = Reference()
SHARED = Agreements([Agreement("PSI-1", "law", ("bank-a", "bank-b"), 100, 1_000, 50)])


def after(received_at: int, what: str, at: int, scored_at: int) -> bytes:
    """What bank-a sees at `scored_at` of a payment of bank-b's that something became of at `at`."""
    pools = Pools(REFERENCE, SHARED)
    theirs = parse(Payment, payment(1, 1, START))
    pools.record(theirs, Place("bank-b", 1, received_at))
    place = Place("bank-b", 2, at)
    if what == "label":
        known_at = (START + timedelta(hours=1)).isoformat()
        said = {"stream": "payment", "event_id": "p1", "known_at": known_at, "source": "import"}
        label = parse(Label, said | {"label_id": "l1", "is_fraud": True})
        pools.label(theirs, label, None, place, received_at)
    elif what == "retract":
        pools.retract(theirs, place, received_at)
    mine = parse(Payment, payment(2, 1, START + timedelta(hours=2)))
    return pools.step(mine, Place("bank-a", 3, scored_at)).features.tobytes()


@pytest.mark.parametrize("what", ["label", "retract"])
def test_what_becomes_of_an_event_is_shared_where_the_event_is(what: str) -> None:
    nothing = after(60, "nothing", 150, 200)
    assert after(60, what, 150, 200) != nothing
    assert after(60, what, 70, 200) == after(60, what, 150, 200)
    # From before the history was shared, and after the agreement's end.
    assert after(40, what, 150, 200) == after(40, "nothing", 150, 200) != nothing
    assert after(60, what, 150, 1_000) == after(60, "nothing", 150, 1_000)
