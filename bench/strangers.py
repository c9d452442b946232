"""Made-up tables in the shapes of well-known public fraud sets, to measure the defaults on.

None of the real data is here: each function draws a table with the columns, kinds, rates and
quirks that the set is known for (dates and clocks apart, hours since a start, balances, flows), and
plants frauds that differ from honest rows in a few of them, overlapping. Figures on them compare
two ways of learning from the same rows; they say nothing of the real sets.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from bench.more_strangers import accounts_opened, bank_transfers

Table = pd.DataFrame


def anonymised_cards(count: int = 120_000, seed: int = 1) -> Table:
    """Time in seconds over two days, V1..V28, Amount, Class at 0.17 %: like the ULB cards."""
    chance = np.random.default_rng(seed)
    fraud = chance.random(count) < 0.0025
    time = np.sort(chance.integers(0, 172_800, count))
    scales = np.linspace(1.9, 0.33, 28)
    values = chance.standard_t(5, (count, 28)) * scales
    kind = chance.integers(0, 3, count)
    shifts = np.zeros((3, 28))
    shifts[0, [2, 3, 9, 11, 13, 16]] = [-3, 2.2, -2.4, 2.4, -3.4, -2.6]
    shifts[1, [3, 10, 13, 11]] = [1.5, 1.6, -2.2, 1.4]
    # A third of the frauds hardly differ.
    values[fraud] += (shifts[kind] * scales)[fraud] * chance.gamma(2, 0.5, (fraud.sum(), 1))
    amount = np.round(chance.lognormal(3.1, 1.6, count), 2)
    amount[fraud & (chance.random(count) < 0.4)] = 1.0
    table = pd.DataFrame(values, columns=[f"V{number}" for number in range(1, 29)])
    table.insert(0, "Time", time.astype(float))
    table["Amount"] = amount
    table["Class"] = fraud.astype(int)
    return table


def merchants_and_places(count: int = 200_000, seed: int = 1) -> Table:
    """Card payments with merchants, categories and places over two years: like Sparkov."""
    chance = np.random.default_rng(seed)
    categories = np.array(
        [
            "misc_net", "grocery_pos", "entertainment", "gas_transport", "misc_pos",
            "grocery_net", "shopping_net", "shopping_pos", "food_dining", "personal_care",
            "health_fitness", "travel", "kids_pets", "home",
        ]
    )  # fmt: skip
    start = pd.Timestamp("2019-01-01").value // 10**9
    seconds = np.sort(chance.integers(0, 730 * 86_400, count))
    cards = 4_000_000_000_000_000 + chance.integers(0, 10**12, 900)
    card = chance.zipf(1.4, count) % 900
    category = chance.integers(0, 14, count)
    amount = chance.lognormal(3.4 + 0.08 * category, 0.9)
    fraud = np.zeros(count, dtype=bool)
    # A stolen card is used some dozen times over one or two days, at night, for more.
    order = np.argsort(card, kind="stable")
    for stolen in chance.choice(900, 260, replace=False):
        rows = order[card[order] == stolen]
        if len(rows) < 12:
            continue
        first = chance.integers(0, len(rows) - 8)
        rows = rows[first : first + int(chance.integers(5, 11))]
        fraud[rows] = True
        begin = seconds[rows[0]] // 86_400 * 86_400 + 79_200
        seconds[rows] = begin + np.sort(chance.integers(0, 21_000, len(rows)))
        category[rows] = chance.choice([6, 7, 0, 1, 3], len(rows), p=[0.3, 0.15, 0.2, 0.25, 0.1])
        high = np.isin(category[rows], [6, 7, 0])
        amount[rows] = np.where(
            high, chance.normal(850, 220, len(rows)), chance.normal(310, 90, len(rows))
        )
    merchant = category * 50 + chance.integers(0, 50, count)
    lat, long = chance.uniform(30, 48, 900), chance.uniform(-120, -70, 900)
    born = pd.to_datetime(start - chance.integers(20 * 365, 80 * 365, 900) * 86_400, unit="s")
    table = pd.DataFrame(
        {
            "trans_date_trans_time": pd.to_datetime(start + seconds, unit="s").strftime(
                "%Y-%m-%d %H:%M:%S"
            ),
            "cc_num": cards[card],
            "merchant": [f"fraud_Shop {number}" for number in merchant],
            "category": categories[category],
            "amt": np.round(np.abs(amount) + 1, 2),
            "first": [f"First{number % 60}" for number in card],
            "last": [f"Last{number % 90}" for number in card],
            "gender": np.where(card % 2, "F", "M"),
            "city": [f"City {number % 500}" for number in card],
            "state": [f"S{number % 50}" for number in card],
            "zip": 10_000 + card * 7,
            "lat": lat[card].round(4),
            "long": long[card].round(4),
            "city_pop": (np.exp(chance.normal(9, 2, 900))[card]).astype(int),
            "job": [f"Job {number % 300}" for number in card],
            "dob": born.strftime("%Y-%m-%d").to_numpy()[card],
            "trans_num": [f"{number:032x}" for number in chance.integers(0, 2**62, count)],
            "unix_time": start + seconds,
            "merch_lat": (lat[card] + chance.uniform(-1, 1, count)).round(6),
            "merch_long": (long[card] + chance.uniform(-1, 1, count)).round(6),
            "is_fraud": fraud.astype(int),
        }
    )
    return table.sort_values("unix_time", ignore_index=True)


def balances(count: int = 300_000, seed: int = 1) -> Table:
    """Mobile money with balances, hours since a start and a useless flag: like PaySim."""
    chance = np.random.default_rng(seed)
    kinds = np.array(["PAYMENT", "CASH_OUT", "CASH_IN", "TRANSFER", "DEBIT"])
    kind = chance.choice(5, count, p=[0.34, 0.35, 0.22, 0.08, 0.01])
    step = np.sort(chance.integers(1, 744, count))
    amount = np.round(chance.lognormal(11, 1.8, count), 2)
    before = np.round(chance.lognormal(10.5, 2.4, count) * (chance.random(count) < 0.7), 2)
    fraud = chance.random(count) < 0.0015
    kind[fraud] = np.where(chance.random(fraud.sum()) < 0.5, 1, 3)
    before[fraud] = np.round(chance.lognormal(13, 1.5, fraud.sum()), 2)
    emptied = fraud & (chance.random(count) < 0.8)
    amount[emptied] = before[emptied]
    after = np.where(kind == 2, before + amount, np.maximum(before - amount, 0))
    there = np.round(chance.lognormal(11, 2.5, count) * (chance.random(count) < 0.6), 2)
    there[fraud & (chance.random(count) < 0.6)] = 0
    merchant = kind == 0
    arrived = np.where(fraud & (chance.random(count) < 0.5), there, there + amount)
    return pd.DataFrame(
        {
            "step": step,
            "type": kinds[kind],
            "amount": amount,
            "nameOrig": [f"C{number}" for number in chance.integers(10**8, 10**9, count)],
            "oldbalanceOrg": before,
            "newbalanceOrig": np.round(after, 2),
            "nameDest": [
                f"{'M' if shop else 'C'}{number}"
                for shop, number in zip(
                    merchant, 10**8 + chance.zipf(1.3, count) % 90_000, strict=True
                )
            ],
            "oldbalanceDest": np.where(merchant, 0, there),
            "newbalanceDest": np.round(np.where(merchant, 0, arrived), 2),
            "isFraud": fraud.astype(int),
            "isFlaggedFraud": (fraud & (amount > 2e7)).astype(int),
        }
    )


def cross_border(count: int = 250_000, seed: int = 1) -> Table:
    """Transfers between countries and currencies, with laundering types: like SAML-D."""
    chance = np.random.default_rng(seed)
    places = np.array(
        ["UK", "UAE", "Turkey", "Spain", "Pakistan", "Nigeria", "Morocco", "Mexico", "Germany",
         "France", "USA", "Switzerland", "India", "Albania", "Austria", "Italy", "Japan"]
    )  # fmt: skip
    money = np.array(
        ["UK pounds", "Dirham", "Turkish lira", "Euro", "Pakistani rupee", "Naira",
         "Moroccan dirham", "Mexican Peso", "Euro", "Euro", "US dollar", "Swiss franc",
         "Indian rupee", "Albanian lek", "Euro", "Euro", "Yen"]
    )  # fmt: skip
    ways = np.array(
        ["Cash Deposit", "Cash Withdrawal", "Cheque", "ACH", "Credit card", "Debit card",
         "Cross-border"]
    )  # fmt: skip
    seconds = np.sort(chance.integers(0, 320 * 86_400, count))
    sender, receiver = chance.integers(0, 9000, count), chance.integers(0, 9000, count)
    home = np.where(chance.random(9000) < 0.9, 0, chance.integers(0, 17, 9000))
    amount = chance.lognormal(8.6, 1.0, count)
    way = chance.choice(7, count, p=[0.03, 0.04, 0.2, 0.2, 0.2, 0.23, 0.1])
    fraud = np.zeros(count, dtype=bool)
    kind = np.full(count, "Normal_Small_Fan_Out", dtype=object)
    order = np.arange(count)
    for _ in range(90):
        start = int(chance.integers(0, count - 4000))
        rows = np.sort(chance.choice(order[start : start + 3000], int(chance.integers(4, 9))))
        hub = int(chance.integers(0, 9000))
        if chance.random() < 0.5:
            receiver[rows], kind[rows] = hub, "Fan_In"
        else:
            sender[rows], kind[rows] = hub, "Scatter-Gather"
        amount[rows] = chance.lognormal(9.2, 0.5, len(rows))
        way[rows] = chance.choice([0, 1, 6], len(rows), p=[0.3, 0.3, 0.4])
        home[sender[rows]] = np.where(
            chance.random(len(rows)) < 0.4, chance.choice([5, 6, 4, 13]), home[sender[rows]]
        )
        fraud[rows] = True
    there = np.where(way == 6, chance.integers(0, 17, count), home[receiver])
    when = pd.to_datetime(pd.Timestamp("2022-10-07").value // 10**9 + seconds, unit="s")
    return pd.DataFrame(
        {
            "Time": when.strftime("%H:%M:%S"),
            "Date": when.strftime("%Y-%m-%d"),
            "Sender_account": 1_000_000_000 + sender * 7919,
            "Receiver_account": 2_000_000_000 + receiver * 7919,
            "Amount": np.round(amount, 2),
            "Payment_currency": money[home[sender]],
            "Received_currency": money[there],
            "Sender_bank_location": places[home[sender]],
            "Receiver_bank_location": places[there],
            "Payment_type": ways[way],
            "Is_laundering": fraud.astype(int),
            "Laundering_type": kind,
        }
    )


def network_flows(count: int = 120_000, seed: int = 1) -> Table:
    """Aggregated sessions without address or time, a third of them attacks: like UNSW-NB15."""
    chance = np.random.default_rng(seed)
    kinds = np.array(["Normal", "Generic", "Exploits", "Fuzzers", "DoS", "Reconnaissance"])
    kind = chance.choice(6, count, p=[0.64, 0.14, 0.1, 0.06, 0.03, 0.03])
    protocols = np.array(["tcp", "udp", "arp", "ospf", *(f"p{number}" for number in range(120))])
    services = np.array(["-", "http", "dns", "smtp", "ftp", "ssh", "pop3"])
    states = np.array(["FIN", "CON", "INT", "REQ", "RST"])
    protocol = np.where(chance.random(count) < 0.9, chance.integers(0, 2, count), 0)
    rare = (kind > 0) & (chance.random(count) < 0.15)
    protocol = np.where(rare, chance.integers(4, 124, count), protocol)
    service = chance.choice(7, count, p=[0.5, 0.15, 0.2, 0.05, 0.04, 0.03, 0.03])
    service[kind == 1] = 2
    factor = np.array([0.0, -2.4, 0.5, 0.2, 0.7, -0.9])[kind]
    measures = {
        f"m{number}": np.exp(
            chance.normal(2, 1.2, count)
            + factor * chance.gamma(1.2, 0.5, count) * (number % 5 == 0)
        ).round(4)
        for number in range(32)
    }
    ttl = np.where(
        (kind > 0) & (chance.random(count) < 0.75), 254, chance.choice([31, 62, 64, 254], count)
    )
    table = pd.DataFrame(
        {
            "id": np.arange(1, count + 1),
            "dur": chance.gamma(0.4, 2, count).round(6),
            "proto": protocols[protocol],
            "service": services[service],
            "state": states[chance.integers(0, 5, count)],
            "sttl": ttl,
            **measures,
            "attack_cat": kinds[kind],
            "label": (kind > 0).astype(int),
        }
    )
    return table


def registrations(count: int = 120_000, seed: int = 1) -> Table:
    """Sign-ups and first purchases, devices shared by many: like the e-commerce Fraud_Data.

    The real set's rings all fall into its first weeks; here they come all year, or a split in time
    would leave nothing to find.
    """
    chance = np.random.default_rng(seed)
    start = pd.Timestamp("2015-01-01").value // 10**9
    signup = start + chance.integers(0, 230 * 86_400, count)
    bought = signup + chance.integers(60, 120 * 86_400, count)
    device = np.array([f"D{number:08d}" for number in chance.integers(0, 10**8, count)], object)
    address = chance.integers(2**24, 2**32 - 2**24, count).astype(float)
    fraud = chance.random(count) < 0.045
    # Rings: one device and address make a dozen accounts, each buying a second later.
    for ring in range(count // 260):
        rows = chance.choice(count, int(chance.integers(5, 15)), replace=False)
        device[rows], address[rows] = f"R{ring:06d}", address[rows[0]]
        signup[rows] = start + chance.integers(0, 330 * 86_400) + np.arange(len(rows)) * 60
        late = chance.random(len(rows)) < 0.25
        bought[rows] = signup[rows] + np.where(late, chance.integers(60, 90 * 86_400, len(rows)), 1)
        fraud[rows] = True
    return pd.DataFrame(
        {
            "user_id": chance.permutation(count) + 1,
            "signup_time": pd.to_datetime(signup, unit="s").strftime("%Y-%m-%d %H:%M:%S"),
            "purchase_time": pd.to_datetime(bought, unit="s").strftime("%Y-%m-%d %H:%M:%S"),
            "purchase_value": chance.integers(9, 150, count),
            "device_id": device,
            "source": chance.choice(["SEO", "Ads", "Direct"], count),
            "browser": chance.choice(["Chrome", "IE", "Safari", "FireFox", "Opera"], count),
            "sex": chance.choice(["M", "F"], count),
            "age": chance.integers(18, 76, count),
            "ip_address": address + chance.random(count).round(5),
            "class": fraud.astype(int),
        }
    )


SETS: dict[str, Callable[..., Table]] = {
    "anonymised_cards": anonymised_cards,
    "merchants_and_places": merchants_and_places,
    "balances": balances,
    "cross_border": cross_border,
    "network_flows": network_flows,
    "registrations": registrations,
    "bank_transfers": bank_transfers,
    "accounts_opened": accounts_opened,
}
