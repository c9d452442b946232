"""What might have been otherwise: the plain values that features may be varied to, and the words.

An explanation may say "would not have been flagged had the debtor paid this creditor before". Only
what stands here may be varied: what a subject did, never who or where somebody is, the day, a
corridor or a name. Each alternative changes all features that it would have changed; where one
cannot be known (a second-largest amount), it stays as it is, which makes the line harder to say,
never easier.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import nan

from features.catalog.payments.views import RATE_PRIOR, RATE_WEIGHT

Values = Mapping[str, float]
"""A row of features by name; NaN is missing."""
_DAY, _WEEK = 86_400.0, 604_800.0


@dataclass(frozen=True)
class Alternative:
    """One thing that might have been otherwise.

    `words` go after "had", and may name a feature in braces, written as its value was. `make`
    returns the features that it changes, with their values then; none where it was so anyway.
    `features` are all that it may change.
    """

    words: str
    features: tuple[str, ...]
    make: Callable[[Values], dict[str, float]]

    def of(self, row: Values) -> dict[str, float]:
        """Return what it changes of a row: only features that the row knows otherwise."""
        return {
            name: value
            for name, value in self.make(row).items()
            if name in row
            and not (row[name] == value or (row[name] != row[name] and value != value))
        }


def _set(words: str, **values: float) -> Alternative:
    """Set features to plain values, where the first of them is known to be another."""
    first = next(iter(values))

    def make(row: Values) -> dict[str, float]:
        known = row.get(first, nan)
        return dict(values) if known == known and known != values[first] else {}

    return Alternative(words, tuple(values), make)


def _rate(row: Values, rate: str, frauds: str) -> dict[str, float]:
    """Return a smoothed rate as it were without the frauds that it counts."""
    known, count = row.get(rate, nan), row.get(frauds, nan)
    prior = RATE_PRIOR * RATE_WEIGHT
    return {rate: known * prior / (count + prior)} if known == known and count == count else {}


def _payee_known(row: Values) -> dict[str, float]:
    if row.get("creditor_is_new") != 1:
        return {}
    # Counts include this payment; another of a week ago would have been a payment of 30 days.
    return {
        "creditor_is_new": 0.0,
        "new_payee_amount": 0.0,
        "seconds_since_creditor": _WEEK,
        "payments_to_creditor_30d": row.get("payments_to_creditor_30d", nan) + 1,
        "debtor_new_payees_24h": max(row.get("debtor_new_payees_24h", nan) - 1, 0.0),
        "debtor_new_payees_7d": max(row.get("debtor_new_payees_7d", nan) - 1, 0.0),
    }


_PAYEE = (
    "creditor_is_new",
    "new_payee_amount",
    "seconds_since_creditor",
    "payments_to_creditor_30d",
    "debtor_new_payees_24h",
    "debtor_new_payees_7d",
)
_TIMES_AMOUNT = ("amount_to_mean", "amount_to_maximum", "amount_to_creditor_mean")
_WITH_AMOUNT = ("new_payee_amount", "cross_border_amount")
_SUMS = (
    "debtor_amount_1h",
    "debtor_amount_24h",
    "debtor_amount_7d",
    "debtor_amount_30d",
    "creditor_amount_24h",
    "device_amount_24h",
    "ip_amount_24h",
)
_MEANS = (("debtor_mean_7d", "debtor_amount_7d"), ("debtor_mean_30d", "debtor_amount_30d"))


def _amount_usual(row: Values) -> dict[str, float]:
    amount, usual = row.get("amount", nan), row.get("amount_median", nan)
    if not amount > usual or not usual > 0:
        return {}
    share, less = usual / amount, amount - usual
    found = {"amount": usual, "amount_to_median": 1.0, "amount_rank": 0.5}
    found |= {name: row[name] * share for name in _TIMES_AMOUNT if name in row}
    found |= {name: row[name] * share for name in _WITH_AMOUNT if row.get(name, 0.0) > 0}
    if "corridor_amount_ratio" in row:
        found["corridor_amount_ratio"] = row["corridor_amount_ratio"] * share
    score, mean = row.get("amount_z_score", nan), row.get("amount_mean", nan)
    if score != 0 and score == score:
        found["amount_z_score"] = (usual - mean) * score / (amount - mean)
    found |= {name: row[name] - less for name in _SUMS if row.get(name, nan) >= amount}
    for name, total in _MEANS:
        if name in row and total in found:
            found[name] = row[name] * found[total] / row[total]
    if "debtor_mean_7d" in found and mean > 0:
        found["debtor_mean_7d_to_mean"] = found["debtor_mean_7d"] / mean
    if "debtor_amount_7d" in found and "threshold_share_7d" in row:
        weekly = found["debtor_amount_7d"] / row["debtor_amount_7d"]
        found["threshold_share_7d"] = row["threshold_share_7d"] * weekly
    return found


_AMOUNT = (
    "amount",
    "amount_to_median",
    "amount_rank",
    "amount_z_score",
    *_TIMES_AMOUNT,
    *_WITH_AMOUNT,
    "corridor_amount_ratio",
    *_SUMS,
    *(name for name, _ in _MEANS),
    "debtor_mean_7d_to_mean",
    "threshold_share_7d",
)


def _creditor_clean(row: Values) -> dict[str, float]:
    if not row.get("creditor_frauds_30d", nan) > 0:
        return {}
    found = dict.fromkeys(_CREDITOR[:5], 0.0)
    found |= dict.fromkeys(_CREDITOR[5:7], nan)
    for window in ("7d", "30d"):
        found |= _rate(row, f"creditor_fraud_rate_{window}", f"creditor_frauds_{window}")
    shares = ("creditor_known_fraud_share_24h", "creditor_known_fraud_share_7d")
    found |= {name: 0.0 for name in shares if row.get(name, nan) > 0}
    if row.get("creditor_last_known_is_fraud") == 1:
        found["creditor_last_known_is_fraud"] = 0.0
    return found


_CREDITOR = (
    "creditor_frauds_24h",
    "creditor_frauds_7d",
    "creditor_frauds_30d",
    "creditor_known_fraud_share_24h",
    "creditor_known_fraud_share_7d",
    "creditor_seconds_since_first_fraud_30d",
    "creditor_seconds_since_fraud",
    "creditor_last_known_is_fraud",
    "creditor_fraud_rate_7d",
    "creditor_fraud_rate_30d",
)


def _recent(name: str, words: str, *also: str) -> Alternative:
    """Leave out what happened within a day before, with counts of the same."""

    def make(row: Values) -> dict[str, float]:
        if not row.get(name, nan) <= _DAY:
            return {}
        return {name: nan, **dict.fromkeys(also, 0.0)}

    return Alternative(words, (name, *also), make)


def _address_clean(row: Values) -> dict[str, float]:
    if not row.get("ip_frauds_30d", nan) > 0:
        return {}
    return {"ip_frauds_30d": 0.0, **_rate(row, "ip_fraud_rate_30d", "ip_frauds_30d")}


def _volume_usual(row: Values) -> dict[str, float]:
    times, size = row.get("bytes_to_mean", nan), row.get("bytes", nan)
    return {"bytes_to_mean": 1.0, "bytes": size / times} if times > 1 else {}


_PAYMENTS = (
    Alternative("the debtor paid this creditor a week before", _PAYEE, _payee_known),
    Alternative("the amount been the debtor's usual {amount_median}", _AMOUNT, _amount_usual),
    Alternative("no fraud to this creditor been known", _CREDITOR, _creditor_clean),
    _set("verification of payee answered: match", payee_verification=0.0),
    _set("the debtor paid from this device before", device_is_new=0.0),
    _set("the debtor paid to this country before", creditor_country_is_new=0.0),
    _set("the debtor paid from this country's networks before", ip_country_is_new=0.0),
    _set("the debtor paid in this currency before", currency_is_new=0.0),
    _set("the debtor paid through this channel before", channel_is_new=0.0),
    _set("this account received under this creditor name before", creditor_name_is_new=0.0),
    _set("the customer logged in from this network before", login_network_known=1.0),
    _set("no login of the customer failed in the 24 hours before", login_failures_24h=0.0),
    _recent("seconds_since_password_reset", "the customer's password not been reset that day"),
    _recent("seconds_since_payee_added", "the customer added no payee that day"),
    _recent("seconds_since_remote_access", "no remote-access software been seen that day"),
)
_ACCESS = (
    _set("the user logged in from this device before", device_is_new=0.0),
    _set("the user logged in from this network before", subnet_is_new=0.0, network_is_new=0.0),
    _set(
        "the user's logins come from this country before",
        country_changed=0.0,
        country_is_new=0.0,
        seconds_since_country_change=0.0,
    ),
    _set("the user come with this client before", user_agent_is_new=0.0),
    _set(
        "the user used this application before", application_is_new=0.0, new_application_bytes=0.0
    ),
    _set(
        "no login of this user failed in the 30 days before",
        user_failure_share_30d=0.0,
        user_failures_10m=0.0,
        user_failures_1h=0.0,
        user_failures_24h=0.0,
        user_seconds_since_failure=nan,
    ),
    _set(
        "no login from this address failed in the 24 hours before",
        ip_failures_24h=0.0,
        ip_failures_1h=0.0,
        ip_failure_share_24h=0.0,
        ip_failed_users_24h=0.0,
        ip_failed_users_1h=0.0,
    ),
    Alternative(
        "no crime from this address been known",
        ("ip_frauds_30d", "ip_fraud_rate_30d"),
        _address_clean,
    ),
    _set("the session stayed at one address", session_addresses=1.0, session_address_changed=0.0),
    _set("the session stayed on one device", session_devices=1.0, session_device_changed=0.0),
    Alternative("the volume been the user's average", ("bytes_to_mean", "bytes"), _volume_usual),
    _recent("seconds_since_password_reset", "the user's password not been reset that day"),
    _recent("seconds_since_consent", "the user granted no application access that day"),
    _recent("seconds_since_remote_access", "no remote-access software been seen that day"),
)
ALTERNATIVES: dict[str, tuple[Alternative, ...]] = {"payment": _PAYMENTS, "access": _ACCESS}
"""What may be varied, by stream, the most telling first."""
