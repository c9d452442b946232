"""Groups of features that a person knows as one thing; contributions add up within them, exactly.

Windows of one count, or a count and its sum, tell one story, and a tree splits their credit as it
happens to split. A group is a feature's family, or where a family holds more than one idea, the
part of it that `_WITHIN` names. Every feature is in one group, so the groups' sums and the bias add
up to the margin as the features' contributions do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.definitions import Attribute, Catalogue, F
from models.forest import Float64

_WITHIN: dict[str, tuple[tuple[str, str], ...]] = {
    "action": (("mfa_", "second factor"),),
    "corridor": (
        ("corridor_fraud_rate", "the corridor's known frauds"),
        ("corridor_", "traffic on the corridor"),
        ("creditor_country_is_new", "countries that the debtor pays to"),
        ("debtor_countries", "countries that the debtor pays to"),
        ("cross_border", "across a border"),
    ),
    "failures": (
        ("user_challenge", "second factor"),
        ("mfa_", "second factor"),
        ("user_login_networks", "networks of the user's logins"),
    ),
    "habit": (
        ("currency_", "currency"),
        ("user_history", "how long the user is known"),
        ("action_share", "kind of action"),
    ),
    "known frauds": (
        ("creditor_", "the creditor's known frauds"),
        ("debtor_", "the debtor's known frauds"),
        ("device_", "the device's known frauds"),
        ("ip_", "the address's known frauds"),
        ("agent_", "known frauds at the creditor's bank"),
        ("user_", "the user's known crimes"),
    ),
    "logins before": (
        ("login_failures", "failed logins before"),
        ("logins_24h", "failed logins before"),
        ("seconds_since_password_reset", "settings changed before"),
        ("seconds_since_payee_added", "settings changed before"),
        ("sensitive_changes", "settings changed before"),
        ("seconds_since_remote_access", "remote access before"),
    ),
    "own history": (("debtor_history", "how long the debtor is known"),),
    "velocity": (
        ("debtor_amount", "how much the debtor pays"),
        ("agent_", "payments from the debtor's bank"),
        ("debtor_", "how often the debtor pays"),
    ),
    "volume": (
        ("user_", "how much the user does"),
        ("new_application", "applications of the user"),
    ),
}


def group_of(feature: F) -> str:
    """Return the name of the group that a feature speaks for; an attribute is its own."""
    if isinstance(feature.expression, Attribute):
        return feature.name
    for start, name in _WITHIN.get(feature.family, ()):
        if feature.name.startswith(start):
            return name
    return feature.family


@dataclass(frozen=True)
class Grouping:
    """The groups of k features in their order: names, and which group each feature is in."""

    names: tuple[str, ...]
    place: tuple[int, ...]

    @classmethod
    def of(cls, catalogue: Catalogue, features: tuple[str, ...]) -> Grouping:
        """Group features of a catalogue, named in the order of their contributions."""
        groups = [group_of(catalogue.feature(name)) for name in features]
        names = tuple(dict.fromkeys(groups))
        return cls(names, tuple(names.index(group) for group in groups))

    def sums(self, contributions: Float64) -> Float64:
        """Return float64[n, groups] of float64[n, k]: what each group added to each margin."""
        found = np.zeros((contributions.shape[0], len(self.names)))
        for column, group in enumerate(self.place):
            found[:, group] += contributions[:, column]
        return found
