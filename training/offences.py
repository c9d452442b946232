"""Fraud, laundering and intrusion are different targets: which kind of crime each typology is.

The division is that of the field: fraud takes something from a victim, laundering moves or hides
what crime earned (or pays for a crime against persons, which the same teams look for), intrusion
enters a system. A model that is asked for one is neither praised nor blamed for another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias, get_args

from training.errors import BadRecipe

Offence: TypeAlias = Literal["fraud", "laundering", "intrusion"]
Target: TypeAlias = Literal["crime", "fraud", "laundering", "intrusion"]
OFFENCES: tuple[Offence, ...] = get_args(Offence)
UNNAMED = "unnamed"
"""What a crime stands under whose label names no typology."""

TYPOLOGIES: dict[str, Offence] = {
    "account_takeover": "fraud",
    "authorised_push_payment": "fraud",
    "business_email_compromise": "fraud",
    "operator_holiday_fraud": "fraud",
    "scam_compound": "fraud",
    "stolen_card": "fraud",
    "mirror_settlement": "laundering",
    "money_laundering": "laundering",
    "mule_chain": "laundering",
    "nested_correspondent": "laundering",
    "shared_device_farm": "laundering",
    "small_payment_exploitation": "laundering",
    "structuring": "laundering",
    "trade_misinvoicing": "laundering",
    "trafficking_proceeds": "laundering",
    "virtual_asset_exit": "laundering",
    "virtual_iban_mules": "laundering",
    "password_spraying": "intrusion",
    "session_hijack": "intrusion",
    UNNAMED: "fraud",
}


def offences_of(
    typologies: Iterable[str], own: Mapping[str, Offence], target: Target
) -> dict[str, Offence]:
    """Return the offence of each typology, by the recipe's `own` words first.

    An empty typology is `UNNAMED`. Raises BadRecipe when the target is one offence and a typology
    is of none that is known; with the target `crime` such a typology is left out of the answer.
    """
    table = {**TYPOLOGIES, **own}
    names = {name or UNNAMED for name in typologies}
    if target != "crime" and (strange := sorted(names - table.keys())):
        raise BadRecipe(
            f"labels.target={target!r}: labels name the typology {strange[0]!r}, and nothing says "
            f"whether that is {', '.join(OFFENCES[:-1])} or {OFFENCES[-1]}; say it in the recipe: "
            f'[labels] offences = {{ {strange[0]} = "{target}" }}'
        )
    return {name: table[name] for name in names if name in table}
