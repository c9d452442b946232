"""What the properties of a record may hold: names, dates, countries, numbers; each checked."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache

import pycountry
import schwifty

from features.errors import Problem

_LONGEST = 4_000
_DATE = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?")
_DOMAIN = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
_WALLET = re.compile(r"[A-Za-z0-9:]{20,120}")
_COLOURS = ("red", "blue", "green", "yellow", "black", "orange", "purple", "silver", "un")
_FORMER = frozenset({"su", "yu", "cs", "dd", "an", "xk", "eu", "zz"})
_OTHER_NAMES = {
    "russia": "ru", "iran": "ir", "syria": "sy", "korea, north": "kp", "north korea": "kp",
    "korea, south": "kr", "south korea": "kr", "venezuela": "ve", "bolivia": "bo", "laos": "la",
    "burma": "mm", "moldova": "md", "tanzania": "tz", "vietnam": "vn", "taiwan": "tw",
    "palestinian": "ps", "state of palestine": "ps", "west bank": "ps", "gaza": "ps",
    "region: gaza": "ps", "kosovo": "xk", "the gambia": "gm", "gambia": "gm", "the bahamas": "bs",
    "bahamas, the": "bs", "cote d ivoire": "ci", "côte d'ivoire": "ci", "ivory coast": "ci",
    "democratic republic of the congo": "cd", "congo, democratic republic of the": "cd",
    "congo, republic of the": "cg", "republic of the congo": "cg", "turkey": "tr",
    "united kingdom of great britain and northern ireland": "gb", "uk": "gb", "brunei": "bn",
    "macau": "mo", "region: kafia kingi": "sd", "democratic people's republic of korea": "kp",
    "swaziland": "sz", "cape verde": "cv", "czech republic": "cz", "yugoslavia": "yu",
    "ussr": "su", "micronesia": "fm", "british virgin islands": "vg",
    "virgin islands, british": "vg",
    "netherlands antilles": "an", "ascension and tristan da cunha": "sh", "vatican city": "va",
}  # fmt: skip


def checked(key: str, values: Sequence[str]) -> tuple[tuple[str, ...], list[Problem]]:
    """Return a property's values in their one form, without repetition, and what is wrong."""
    if isinstance(values, str) or not all(isinstance(value, str) for value in values):
        problem = Problem(key, str(values)[:40], "not a list of texts", "give a list of texts")
        return (), [problem]
    check = _CHECKS.get(key, _text)
    kept: list[str] = []
    problems: list[Problem] = []
    for value in values:
        stripped = value.strip()
        if not stripped:
            continue
        found = check(stripped)
        if isinstance(found, str):
            kept.append(found)
        else:
            problems.append(Problem(key, stripped[:40], found[0], found[1]))
    return tuple(dict.fromkeys(kept)), problems


Check = Callable[[str], "str | tuple[str, str]"]


def _text(value: str) -> str | tuple[str, str]:
    if len(value) > _LONGEST:
        return "too long", f"give {_LONGEST:,} characters or fewer"
    if "\x00" in value:
        return "holds a NUL character", "leave it out"
    return value


def _name(value: str) -> str | tuple[str, str]:
    if len(value) > 1_000:
        return "too long for a name", "give 1,000 characters or fewer"
    if not any(character.isalnum() for character in value):
        return "no letter in it", "give a name"
    return _text(" ".join(value.split()))


def _date(value: str) -> str | tuple[str, str]:
    found = _DATE.fullmatch(value[:10])
    wrong = ("not a date", "give YYYY, YYYY-MM or YYYY-MM-DD")
    if found is None or not 1 <= int(found[1]) <= 2200:
        return wrong
    try:
        date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        return "a day that never was", wrong[1]
    return value[:10]


@lru_cache(maxsize=5_000)
def country_code(value: str) -> str | None:
    """Return the lower-case alpha-2 code of a country's code or English name, None without."""
    plain = value.strip().lower()
    if plain in _FORMER:
        return plain
    if plain in _OTHER_NAMES:
        return _OTHER_NAMES[plain]
    try:
        return str(pycountry.countries.lookup(plain).alpha_2).lower()
    except LookupError:
        return None


def _country(value: str) -> str | tuple[str, str]:
    return country_code(value) or ("not a country", "give an ISO 3166 alpha-2 code such as be")


def _iban(value: str) -> str | tuple[str, str]:
    try:
        return str(schwifty.IBAN(value).compact)
    except schwifty.exceptions.SchwiftyException as error:
        return f"not an IBAN: {error}", "check the account number"


def _network(value: str) -> str | tuple[str, str]:
    try:
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError:
        return "not an address or network", "give one such as 192.0.2.0/24"


def _domain(value: str) -> str | tuple[str, str]:
    plain = value.lower().rstrip(".")
    return plain if _DOMAIN.fullmatch(plain) else ("not a domain", "give one such as example.org")


def _email(value: str) -> str | tuple[str, str]:
    return value if _EMAIL.fullmatch(value) else ("not an e-mail address", "give name@domain")


def _phone(value: str) -> str | tuple[str, str]:
    digits = sum(character.isdigit() for character in value)
    return value if digits >= 5 else ("not a phone number", "give one such as +32 2 123 45 67")


def _colour(value: str) -> str | tuple[str, str]:
    plain = value.lower()
    return plain if plain in _COLOURS else ("not a colour of notices", f"give one of {_COLOURS}")


def _wallet(value: str) -> str | tuple[str, str]:
    return value if _WALLET.fullmatch(value) else ("not a wallet address", "give it whole")


_CHECKS: dict[str, Check] = {
    **dict.fromkeys(("name", "alias", "previousName", "weakAlias"), _name),
    **dict.fromkeys(("birthDate", "incorporationDate", "deathDate", "dissolutionDate"), _date),
    **dict.fromkeys(("country", "nationality", "citizenship", "jurisdiction", "flag"), _country),
    "iban": _iban,
    "network": _network,
    "domain": _domain,
    "email": _email,
    "publicKey": _wallet,
    "phone": _phone,
    "noticeColour": _colour,
}
