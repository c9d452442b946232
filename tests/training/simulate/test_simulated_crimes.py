"""Each crime shows the marks that its docstring tells of."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date

import pytest

from training.simulate import acts
from training.simulate.calendars import DAY, HOUR, calendar
from training.simulate.crimes import CRIMES
from training.simulate.records import Access, Transfer
from training.simulate.world import World, simulate

SEVEN = {
    "account_takeover",
    "mule_chain",
    "structuring",
    "business_email_compromise",
    "trafficking_proceeds",
    "password_spraying",
    "session_hijack",
}


@pytest.fixture(scope="module")
def world() -> World:
    return simulate(5, 420, date(2026, 3, 3), 70, sorted(CRIMES))


def payments(world: World, typology: str) -> dict[str, list[Transfer]]:
    found = defaultdict(list)
    for item in world.transfers:
        if item.mark and item.mark.typology == typology:
            found[item.mark.incident].append(item)
    return found


def accesses(world: World, typology: str) -> dict[str, list[Access]]:
    found = defaultdict(list)
    for item in world.accesses:
        if item.mark and item.mark.typology == typology:
            found[item.mark.incident].append(item)
    return found


def test_the_seven_crimes_are_there_each_with_its_source(world: World) -> None:
    assert set(CRIMES) >= SEVEN
    marked = {item.mark.typology for item in (*world.transfers, *world.accesses) if item.mark}
    assert marked == set(CRIMES)
    for crime in CRIMES.values():
        assert "Source: " in crime.text and "Marks in the data: " in crime.text


def test_crime_is_rare_but_there(world: World) -> None:
    paid = sum(item.mark is not None for item in world.transfers) / len(world.transfers)
    accessed = sum(item.mark is not None for item in world.accesses) / len(world.accesses)
    # A small world has at least one incident of each crime, a ring of mules like a fraud.
    assert 0.004 < paid < 0.02
    assert 0.008 < accessed < 0.03


def test_takeover_comes_from_a_new_device_and_pays_shared_strangers(world: World) -> None:
    own = defaultdict(set)
    for event in world.accesses:
        if event.mark is None and event.device:
            own[event.user_id].add(event.device.device_id)
    takeovers = accesses(world, "account_takeover")
    strange = [
        event.device.device_id not in own[event.user_id]
        for events in takeovers.values()
        for event in events
        if event.device and event.action == "login"
    ]
    assert sum(strange) / len(strange) > 0.8
    actions = Counter(event.action for events in takeovers.values() for event in events)
    assert actions["login"] and actions["payee_added"] and actions["device_enrolment"]
    paid = payments(world, "account_takeover")
    creditors = Counter(item.creditor.account for group in paid.values() for item in group)
    assert max(creditors.values()) > 1
    assert any(
        item.creditor.account_country != item.debtor.account_country
        for group in paid.values()
        for item in group
    )


def test_mule_receives_from_several_and_passes_on_within_hours(world: World) -> None:
    whole = 0
    for group in payments(world, "mule_chain").values():
        mules = {item.creditor.account for item in group} & {item.debtor.account for item in group}
        for mule in mules:
            came = [item for item in group if item.creditor.account == mule]
            went = [item for item in group if item.debtor.account == mule]
            if len({item.debtor.account for item in came}) < 2:
                continue
            whole += 1
            assert max(item.time for item in went) - min(item.time for item in came) < 2 * DAY
            received = sum(acts.exchange(item.minor, item.currency, "EUR") for item in came)
            sent = sum(acts.exchange(item.minor, item.currency, "EUR") for item in went)
            assert 0.8 < sent / received < 1.0
    assert whole >= 2


def test_structured_parts_stay_under_the_threshold(world: World) -> None:
    near = []
    for group in payments(world, "structuring").values():
        for item in group:
            units = acts.PER_EURO[item.currency] * acts.exchange(item.minor, item.currency, "EUR")
            threshold = {"CHF": 15_000.0}.get(
                item.currency,
                10_000.0
                if item.currency in ("EUR", "USD", "GBP", "CAD")
                else 10_000 * acts.PER_EURO[item.currency],
            )
            assert units / 100 < threshold * 1.001
            near.append(units / 100 > 0.9 * threshold)
        assert len(group) >= 2
    assert sum(near) / len(near) > 0.5


def test_diverted_invoice_keeps_the_suppliers_name_at_a_new_account(world: World) -> None:
    before = defaultdict(set)
    for item in world.transfers:
        if item.mark is None:
            before[item.debtor.account].add(item.creditor.account)
    suppliers = {
        firm.party.account: {supplier.name for supplier in firm.suppliers}
        for firm in world.population.firms
    }
    groups = payments(world, "business_email_compromise")
    answers = Counter()
    for item in (item for group in groups.values() for item in group):
        assert item.creditor.account not in before[item.debtor.account]
        answers[item.verification] += 1
        if item.verification != "close_match":
            assert item.creditor.name in suppliers[item.debtor.account]
    assert answers["no_match"] + answers["close_match"] > answers["match"]
    rules = 0
    for incident, events in accesses(world, "business_email_compromise").items():
        assert {event.device.application for event in events if event.device} == {"mail"}
        rules += any(event.action == "mail_rule" for event in events)
        if incident in groups:
            assert min(item.time for item in groups[incident]) > min(e.time for e in events) + DAY
    assert rules >= 2


def test_one_device_empties_several_workers_wages_on_payday(world: World) -> None:
    workers = defaultdict(set)
    for events in accesses(world, "trafficking_proceeds").values():
        for event in events:
            if event.device:
                workers[event.device.device_id].add(event.user_id)
    assert max(len(users) for users in workers.values()) >= 3
    collectors = Counter()
    emptied = 0
    homes = {one.customer_id: one.country.code for one in world.population.persons}
    for group in payments(world, "trafficking_proceeds").values():
        collectors.update({item.creditor.account for item in group})
        for item in group:
            if item.mark and item.mark.role == "victim" and item.customer_id:
                days = calendar(homes[item.customer_id])
                day = days.local_day(item.time - 3 * HOUR)
                emptied += day in days.paydays(day.year, day.month)
    assert emptied >= 5
    incoming = sum(
        item.customer_id is None
        for group in payments(world, "trafficking_proceeds").values()
        for item in group
    )
    assert incoming > len(collectors)


def test_spraying_tries_many_users_few_times_from_few_addresses(world: World) -> None:
    for events in accesses(world, "password_spraying").values():
        logins = [event for event in events if event.action == "login"]
        users = Counter(event.user_id for event in logins)
        assert len(users) >= 20
        assert max(users.values()) <= 2
        assert len({event.ip_address for event in logins}) <= 6
        failed = sum(event.outcome == "failure" for event in logins)
        assert failed / len(logins) > 0.8


def test_hijacked_session_has_two_addresses_and_downloads(world: World) -> None:
    honest = defaultdict(set)
    for event in world.accesses:
        if event.mark is None:
            honest[event.session_id].add(event.ip_address)
    for events in accesses(world, "session_hijack").values():
        sessions = {event.session_id for event in events}
        assert len(sessions) == 1
        assert honest[events[0].session_id]
        assert events[0].ip_address not in honest[events[0].session_id]
        assert not [event for event in events if event.action == "login"]
    volume = [
        sum(event.bytes or 0 for event in events)
        for events in accesses(world, "session_hijack").values()
    ]
    assert max(volume) > 5_000_000


def test_honest_people_look_odd_too(world: World) -> None:
    honest = [event for event in world.accesses if event.mark is None]
    actions = Counter((event.action, event.outcome) for event in honest)
    for odd in (
        ("login", "failure"),
        ("password_reset", "success"),
        ("device_enrolment", "success"),
        ("limit_change", "success"),
        ("mail_rule", "success"),
        ("payee_added", "success"),
    ):
        assert actions[odd] >= 5, odd
    shared = defaultdict(set)
    for event in honest:
        shared[event.ip_address].add(event.user_id)
    assert max(len(users) for users in shared.values()) > 10
    abroad = [
        item
        for item in world.transfers
        if item.mark is None
        and item.channel != "card"
        and item.debtor.account_country != item.creditor.account_country
    ]
    marked = sum(item.mark is not None for item in world.transfers)
    assert len(abroad) > 3 * marked
