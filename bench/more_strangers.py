"""Two more made-up tables for `bench.strangers`: transfers between banks, and accounts opened."""

from __future__ import annotations

import numpy as np
import pandas as pd


def bank_transfers(count: int = 200_000, seed: int = 1) -> pd.DataFrame:
    """Transfers between accounts of many banks over seventeen days: like IBM's AML sets.

    The real file calls two columns "Account"; pandas reads the second as "Account.1".
    """
    chance = np.random.default_rng(seed)
    people = max(count // 10, 100)
    minutes = np.sort(chance.integers(0, 17 * 1440, count))
    sender, receiver = chance.integers(0, people, count), chance.integers(0, people, count)
    itself = chance.random(count) < 0.1
    receiver[itself] = sender[itself]
    amount = chance.lognormal(8, 2, count)
    moneys = np.array(
        ["US Dollar", "Euro", "Yuan", "Yen", "Bitcoin", "UK Pound", "Rupee", "Shekel"]
    )
    money = chance.choice(8, count, p=[0.4, 0.2, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05])
    ways = np.array(["Reinvestment", "Cheque", "Credit Card", "ACH", "Cash", "Wire", "Bitcoin"])
    way = chance.integers(0, 7, count)
    laundering = np.zeros(count, dtype=bool)
    width = min(2500, count // 4)
    for _ in range(max(count // 900, 20)):
        start = int(chance.integers(0, count - width))
        rows = start + np.sort(chance.choice(width, 6, replace=False))
        sender[rows] = chance.integers(0, people)
        way[rows] = chance.choice([3, 1, 4], 6, p=[0.8, 0.1, 0.1])
        amount[rows] = chance.lognormal(9, 0.4, 6)
        laundering[rows] = True
    when = pd.Timestamp("2022-09-01") + pd.to_timedelta(minutes, unit="m")
    return pd.DataFrame(
        {
            "Timestamp": when.strftime("%Y/%m/%d %H:%M"),
            "From Bank": [f"{number % 300:03d}" for number in sender],
            "Account": [f"8{number * 7919:08X}" for number in sender],
            "To Bank": [f"{number % 300:03d}" for number in receiver],
            "Account.1": [f"8{number * 7919:08X}" for number in receiver],
            "Amount Received": amount.round(2),
            "Receiving Currency": moneys[money],
            "Amount Paid": amount.round(2),
            "Payment Currency": moneys[money],
            "Payment Format": ways[way],
            "Is Laundering": laundering.astype(int),
        }
    )


def accounts_opened(count: int = 150_000, seed: int = 1) -> pd.DataFrame:
    """Applications for accounts over eight months, counted by number: like the BAF suite."""
    chance = np.random.default_rng(seed)
    month = np.sort(chance.integers(0, 8, count))
    fraud = chance.random(count) < 0.011
    risky = fraud & (chance.random(count) < 0.6)

    def words(names: str) -> np.ndarray:
        return np.asarray(chance.choice(names.split(), count))

    measures = {
        "income": chance.integers(1, 10, count) / 10,
        "name_email_similarity": chance.random(count) * np.where(fraud, 0.7, 1),
        "prev_address_months_count": np.where(
            chance.random(count) < 0.7, -1, chance.integers(0, 300, count)
        ),
        "current_address_months_count": chance.integers(-1, 400, count),
        "customer_age": chance.integers(1, 9, count) * 10,
        "days_since_request": chance.exponential(1, count),
        "intended_balcon_amount": chance.normal(10, 20, count),
        "velocity_6h": chance.normal(5600, 3000, count) - 60 * month,
        "velocity_24h": chance.normal(4700, 1400, count),
        "credit_risk_score": (chance.normal(130, 70, count) + 45 * fraud).round(),
        "proposed_credit_limit": chance.choice([200, 500, 1000, 1500, 2000], count),
        "session_length_in_minutes": chance.exponential(7, count),
        "phone_home_valid": (chance.random(count) < np.where(fraud, 0.2, 0.45)).astype(int),
        "email_is_free": (chance.random(count) < np.where(fraud, 0.75, 0.5)).astype(int),
        "device_fraud_count": np.zeros(count, dtype=int),
    }
    return pd.DataFrame(
        {
            "fraud_bool": fraud.astype(int),
            **measures,
            "payment_type": words("AA AB AC AD AE"),
            "employment_status": words("CA CB CC CD CE"),
            "housing_status": np.where(risky, "BA", words("BA BB BC BD BE")),
            "source": words("INTERNET TELEAPP"),
            "device_os": np.where(
                fraud & (chance.random(count) < 0.4), "windows", words("linux windows other x11")
            ),
            "month": month,
        }
    )
