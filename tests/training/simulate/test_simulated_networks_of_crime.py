"""The mechanics of ten crimes of networks, trade, virtual assets and deceived payers."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from itertools import pairwise

import pytest

from features.events import Payment, parse
from training.simulate import acts
from training.simulate.calendars import DAY, calendar
from training.simulate.crimes import CRIMES
from training.simulate.export import payments_table
from training.simulate.labels import judge
from training.simulate.records import Access, Transfer
from training.simulate.world import World, simulate

TEN = {
    "authorised_push_payment",
    "mirror_settlement",
    "nested_correspondent",
    "operator_holiday_fraud",
    "scam_compound",
    "shared_device_farm",
    "small_payment_exploitation",
    "trade_misinvoicing",
    "virtual_asset_exit",
    "virtual_iban_mules",
}


@pytest.fixture(scope="module")
def world() -> World:
    return simulate(11, 500, date(2026, 3, 3), 90, sorted(TEN))


def paid(world: World, typology: str) -> list[list[Transfer]]:
    """Return the payments of each incident."""
    found = defaultdict(list)
    for item in world.transfers:
        if item.mark and item.mark.typology == typology:
            found[item.mark.incident].append(item)
    return list(found.values())


def seen(world: World, typology: str) -> list[list[Access]]:
    """Return the marked access events of each incident."""
    found = defaultdict(list)
    for item in world.accesses:
        if item.mark and item.mark.typology == typology:
            found[item.mark.incident].append(item)
    return list(found.values())


def euros(item: Transfer) -> float:
    return acts.exchange(item.minor, item.currency, "EUR") / 100


def test_the_ten_are_committed_and_become_known(world: World) -> None:
    assert set(CRIMES) >= TEN
    assert {item.mark.typology for item in world.transfers if item.mark} == TEN
    verdicts = judge(11, world.transfers, world.accesses, world.span.end + 400 * DAY)
    assert {verdict.typology for verdict in verdicts if verdict.is_fraud} >= TEN
    named = {verdict.source for verdict in verdicts if verdict.typology == "scam_compound"}
    assert named and named <= {"customer", "police"}


def test_the_same_seed_commits_the_same(world: World) -> None:
    few = sorted(TEN)[:3]
    first, again = (simulate(2, 60, date(2026, 3, 3), 30, few) for _ in range(2))
    assert first.transfers == again.transfers and first.accesses == again.accesses
    assert first.transfers != simulate(3, 60, date(2026, 3, 3), 30, few).transfers


def test_what_the_ten_write_is_valid_and_tells_ultimate_parties(world: World) -> None:
    rows = payments_table(world).to_pylist()
    told: Counter[str] = Counter()
    for row in rows:
        if row["ultimate_debtor_country"] or "WALLET" in (
            row["debtor_account_scheme"],
            row["creditor_account_scheme"],
        ):
            given = {name: value for name, value in row.items() if value is not None}
            if "intermediary_agents" in given:
                given["intermediary_agents"] = given["intermediary_agents"].split()
            event = parse(Payment, given)
            assert isinstance(event, Payment)
            told[event.creditor_account_scheme or ""] += 1
    assert told["WALLET"] >= 5 and told["IBAN"] >= 5


def test_a_nested_banks_customers_hide_behind_one_debtor(world: World) -> None:
    for group in paid(world, "nested_correspondent"):
        assert len({item.debtor.account for item in group}) == 1
        behind = {item.ultimate_debtor.account for item in group if item.ultimate_debtor}
        assert len(behind) >= 3
        assert all(
            item.ultimate_debtor and item.ultimate_debtor.country != item.debtor.country
            for item in group
        ) or any(not (item.ultimate_debtor and item.ultimate_debtor.name) for item in group)
        assert max(len((item.intermediary or "").split()) for item in group) >= 2
    honest = [item for item in world.transfers if item.mark is None and item.ultimate_debtor]
    assert any(item.debtor.scheme != "WALLET" for item in honest)


def test_misinvoiced_sums_exceed_the_firms_own_and_come_in_parts(world: World) -> None:
    turnover = {firm.party.account: firm.turnover for firm in world.population.firms}
    over, under = [], 0
    for group in paid(world, "trade_misinvoicing"):
        for item in group:
            if item.debtor.account in turnover:
                over.append(euros(item) / (turnover[item.debtor.account] * 0.05))
        texts: dict[str, set[str]] = defaultdict(set)
        for item in group:
            if item.customer_id is None:
                texts[item.text or ""].add(item.debtor.country)
        under += sum(len(places) > 1 for places in texts.values())
    assert len(over) >= 3 and sorted(over)[len(over) // 2] > 1.3
    assert under >= 1


def test_mirrored_sums_meet_on_a_day_and_no_money_crosses_the_border(world: World) -> None:
    rounds = 0
    for group in paid(world, "mirror_settlement"):
        came = [item for item in group if item.customer_id is None]
        went = [item for item in group if item.customer_id is not None]
        brokers = {item.creditor.account for item in came} | {item.debtor.account for item in went}
        assert len(brokers) == 2
        assert all(item.debtor.account_country == item.creditor.account_country for item in group)
        for item in came:
            alike = [
                other
                for other in went
                if other.debtor.account != item.creditor.account
                and 0 <= other.time - item.time < DAY
                and abs(euros(other) / euros(item) - 1) < 0.35
            ]
            rounds += bool(alike)
        others = [item.debtor.account for item in came] + [item.creditor.account for item in went]
        assert len(set(others)) == len(others)
    assert rounds >= 4


def test_what_comes_in_leaves_as_virtual_assets_mostly_without_a_name(world: World) -> None:
    nameless = []
    wallets = defaultdict(set)
    for group in paid(world, "virtual_asset_exit"):
        out = [item for item in group if item.creditor.scheme == "WALLET"]
        bought = [item for item in group if "Digital Assets" in item.creditor.name]
        assert out and bought
        assert min(item.time for item in out) > min(item.time for item in bought)
        assert {item.currency for item in out} <= {"USDC", "BTC"}
        for item in out:
            nameless.append(item.creditor.name == "" and item.ultimate_creditor is None)
            wallets[item.creditor.account].add(item.customer_id)
    assert 0.6 < sum(nameless) / len(nameless) < 1
    assert max(len(users) for users in wallets.values()) >= 2
    honest = [
        item.creditor.name == ""
        for item in world.transfers
        if item.mark is None and item.creditor.scheme == "WALLET"
    ]
    assert 0.1 < sum(honest) / len(honest) < 0.8


def test_virtual_ibans_of_one_country_lead_to_one_name_and_are_emptied(world: World) -> None:
    for group in paid(world, "virtual_iban_mules"):
        came = [item for item in group if item.mark and item.mark.role == "victim"]
        went = [item for item in group if item.mark and item.mark.role != "victim"]
        assert len({item.creditor.account for item in came}) == len(came) >= 5
        assert len({item.creditor.account_country for item in came}) == 1
        assert len({item.ultimate_creditor.name for item in came if item.ultimate_creditor}) == 1
        assert all(item.creditor.country != item.creditor.account_country for item in came)
        assert max(item.time for item in went) - max(item.time for item in came) < 2 * DAY
        assert 0.6 < sum(map(euros, went)) / sum(map(euros, came)) < 1.1


def test_talked_into_paying_the_victim_pays_a_stranger_more_each_time(world: World) -> None:
    before = defaultdict(set)
    for item in world.transfers:
        if item.mark is None:
            before[item.debtor.account].add(item.creditor.account)
    rising, answers = [], Counter()
    devices = {one.customer_id: one for one in world.population.persons}
    for group in paid(world, "authorised_push_payment"):
        assert len({item.creditor.account for item in group}) == 1
        for first, second in pairwise(group):
            rising.append(second.minor > first.minor)
        for item in group:
            assert item.creditor.account not in before[item.debtor.account]
            answers[item.verification] += 1
            assert item.device_id == devices[item.customer_id or ""].phone(item.time).device_id
    assert sum(rising) / len(rising) > 0.8
    assert answers["no_match"] + answers["close_match"] > answers["match"]
    remote = [event for group in seen(world, "authorised_push_payment") for event in group]
    assert {event.device.application for event in remote if event.device} == {"remote_access"}
    honest = [
        event
        for event in world.accesses
        if event.mark is None and event.device and event.device.application == "remote_access"
    ]
    assert len(honest) > len(remote) / 3


def test_a_compound_milks_several_countries_and_works_accounts_from_one_network(
    world: World,
) -> None:
    for group in paid(world, "scam_compound"):
        victims = defaultdict(list)
        for item in group:
            victims[item.debtor.account].append(item)
        assert len({item.debtor.account_country for item in group}) >= 2
        grown = [items[-1].minor > items[0].minor for items in victims.values() if len(items) >= 3]
        assert sum(grown) >= len(grown) / 2
        assert len({item.creditor.account for item in group}) >= 4
    for events in seen(world, "scam_compound"):
        assert len({event.user_id for event in events}) >= 3
        assert len({event.ip_address for event in events}) <= 3
        assert len({event.device.device_id for event in events if event.device}) <= 3


def test_one_device_works_six_accounts_or_more(world: World) -> None:
    for events in seen(world, "shared_device_farm"):
        assert len({event.device.device_id for event in events if event.device}) == 1
        users = {event.user_id for event in events}
        assert len(users) >= 6
        assert len({event.ip_address for event in events}) > len(users) / 2
    honest = defaultdict(set)
    for event in world.accesses:
        if event.mark is None and event.device:
            honest[event.device.device_id].add(event.user_id)
    assert max(len(users) for users in honest.values()) >= 4


def test_small_round_sums_reach_few_receivers_by_night(world: World) -> None:
    homes = {one.customer_id: one.country.code for one in world.population.persons}
    for group in paid(world, "small_payment_exploitation"):
        assert len({item.creditor.account for item in group}) <= 3
        assert len({item.debtor.account for item in group}) >= 3
        assert max(map(euros, group)) < 300
        hours = [calendar(homes[item.customer_id or ""]).local_hour(item.time) for item in group]
        assert sum(hour >= 20 or hour < 6 for hour in hours) / len(hours) > 0.6


def test_the_operator_acts_on_a_day_of_rest_downloads_then_pays(world: World) -> None:
    homes = {one.customer_id: one.country.code for one in world.population.firms}
    groups = paid(world, "operator_holiday_fraud")
    for events, payments in zip(seen(world, "operator_holiday_fraud"), groups, strict=True):
        days = calendar(homes[events[0].user_id])
        assert not days.business_day(days.local_day(events[0].time - 3 * 3_600_000_000))
        assert {event.privilege for event in events} == {"administrator"}
        downloads = [event for event in events if event.action == "download"]
        assert len(downloads) >= 2
        assert max(event.time for event in downloads) < min(item.time for item in payments)
    honest = [
        event
        for event in world.accesses
        if event.mark is None and event.privilege == "administrator"
    ]
    resting = [
        event
        for event in honest
        if not calendar(homes[event.user_id]).business_day(
            calendar(homes[event.user_id]).local_day(event.time)
        )
    ]
    assert 0 < len(resting) < len(honest)
