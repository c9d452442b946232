"""The names that columns go by, in several languages and habits, and those of places and money.

A name is compared without case, blanks, dots and underscores: trans_date_trans_time, TransDateTrans
Time and "trans date trans time" are one.
"""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from pathlib import Path

import pycountry

from features.reference import COUNTRIES, currency_exponent

_NAMES: dict[str, list[str]] = {
    name: text.split()
    for name, text in tomllib.loads(
        (Path(__file__).parent / "names.toml").read_text(encoding="utf-8")
    ).items()
}
LABEL = _NAMES["label"]
TYPOLOGY = _NAMES["typology"]
TIME = _NAMES["time"]
CLOCK = _NAMES["clock"]
AMOUNT = _NAMES["amount"]
CURRENCY = _NAMES["currency"]
DEBTOR = _NAMES["debtor"]
CREDITOR = _NAMES["creditor"]
CUSTOMER = _NAMES["customer"]
USER = _NAMES["user"]
DEBTOR_COUNTRY = _NAMES["debtor_country"]
CREDITOR_COUNTRY = _NAMES["creditor_country"]
DEVICE = _NAMES["device"]
ADDRESS = _NAMES["address"]
EVENT = _NAMES["event"]
AGENT = _NAMES["agent"]
KNOWN = _NAMES["known"]
PROTECTED = _NAMES["protected"]
PERSONAL = _NAMES["personal"]
SPLIT = _NAMES["split"]
PERIOD = _NAMES["period"]
_MADE_FROM_LABEL = re.compile(
    r"fraud|flagged|isalert|alertid|laundering|attackcat|attacktype|chargeback|disput|"
    r"difficulty|anomalyscore|riskscore|modelscore|predict"
)
HONEST = frozenset(_NAMES["honest"])
CRIME = frozenset(_NAMES["crime"])

_PLACES = {
    "uk": "GB", "unitedkingdom": "GB", "greatbritain": "GB", "england": "GB", "uae": "AE",
    "usa": "US", "unitedstates": "US", "us": "US", "turkey": "TR", "russia": "RU",
    "southkorea": "KR", "northkorea": "KP", "iran": "IR", "syria": "SY", "vietnam": "VN",
    "czechrepublic": "CZ", "ivorycoast": "CI", "bolivia": "BO", "venezuela": "VE",
    "tanzania": "TZ", "moldova": "MD", "laos": "LA", "macedonia": "MK", "hongkong": "HK",
    "taiwan": "TW", "palestine": "PS", "holland": "NL", "deutschland": "DE", "espana": "ES",
}  # fmt: skip
_MONEY = {
    "ukpounds": "GBP", "ukpound": "GBP", "pound": "GBP", "poundsterling": "GBP",
    "usdollar": "USD", "usdollars": "USD", "dollar": "USD", "euro": "EUR", "euros": "EUR",
    "dirham": "AED", "turkishlira": "TRY", "pakistanirupee": "PKR", "naira": "NGN",
    "moroccandirham": "MAD", "mexicanpeso": "MXN", "swissfranc": "CHF", "indianrupee": "INR",
    "rupee": "INR", "albanianlek": "ALL", "yen": "JPY", "yuan": "CNY", "ruble": "RUB",
    "brazilreal": "BRL", "brazilianreal": "BRL", "saudiriyal": "SAR", "shekel": "ILS",
    "canadiandollar": "CAD", "australiandollar": "AUD", "bitcoin": "BTC",
}  # fmt: skip


def plain(name: str) -> str:
    """Return a column's name for comparison: letters and digits, in small letters."""
    return re.sub(r"[^a-z0-9]+", "", name.lower().replace("ä", "ae").replace("ü", "ue"))


def made_from_label(name: str) -> bool:
    """Tell whether a column's name says that it was made from the label, or by a detector."""
    found = _MADE_FROM_LABEL.search(plain(name))
    # A credit bureau's score is known when somebody applies.
    return found is not None and not plain(name).startswith("credit")


@lru_cache(maxsize=65_536)
def country(text: str) -> str | None:
    """Return the ISO 3166 code of a country's code or name, None when it is none."""
    if text.upper() in COUNTRIES:
        return text.upper()
    if plain(text) in _PLACES:
        return _PLACES[plain(text)]
    try:
        code = str(pycountry.countries.lookup(text).alpha_2)
    except LookupError:
        return None
    return code if code in COUNTRIES and len(text) > 2 else None


@lru_cache(maxsize=65_536)
def currency(text: str) -> str | None:
    """Return the ISO 4217 code of a currency's code or name, None when it is none."""
    if currency_exponent(text.upper()) is not None:
        return text.upper()
    if plain(text) in _MONEY:
        return _MONEY[plain(text)]
    try:
        code = str(pycountry.currencies.lookup(text).alpha_3)
    except LookupError:
        return None
    return code if currency_exponent(code) is not None else None
