"""Account numbers, bank identifiers and names that can belong to nobody.

An IBAN here has the country's length and a valid checksum, but a bank code that no registry holds
(zeros, letters QX, or a code checked to be free). A BIC has the right form with `X0` as location:
a final 0 marks test identifiers, which no bank has. A number without IBAN begins with 000.
"""

from __future__ import annotations

import re
from functools import cache

from schwifty import registry

from training.simulate.chance import digest
from training.simulate.geography import COUNTRIES
from training.simulate.records import Party

_UNASSIGNED = {"BE": "112", "DK": "0001", "EE": "03"}
_NO_IBAN = frozenset(["US", "CA", "MX", "IN", "PH", "SG", "HK", "ZA", "NG", "KE", "JP", "MA"])
BANKS = ("ZQAB", "ZQBC", "ZQCD", "ZQDE")
MEMBER_BANK = "ZQMB"


@cache
def _pattern(country: str) -> tuple[str, int, int]:
    """Return a BBAN with free bank code, and where its account number begins and ends."""
    spec = registry.get_iban_spec(country)
    filled = "".join(
        ("X" if kind == "a" else "0") * int(length)
        for length, kind in re.findall(r"(\d+)!([nac])", spec.bban_spec)
    )
    places = {component.value: place for component, place in spec.positions.items()}
    bank, account = places["bank_code"], places["account_code"]
    code = _UNASSIGNED.get(country) or filled[bank.start : bank.end].replace("XXXX", "QXQX")
    return (
        filled[: bank.start] + code + filled[bank.start + len(code) :],
        account.start,
        account.end,
    )


def iban(country: str, number: int) -> str:
    """Return an IBAN of a bank that does not exist."""
    bban, start, end = _pattern(country)
    width = end - start
    digits = f"{number % 10 ** min(width, 9):0{width}d}"
    bban = bban[:start] + digits + bban[end:]
    numeric = "".join(str(int(character, 36)) for character in f"{bban}{country}00")
    return f"{country}{98 - int(numeric) % 97:02d}{bban}"


def bic(bank: str, country: str) -> str:
    """Return a BIC of valid form that is not registered."""
    return f"{bank}{country}X0"


def party(owner: str, name: str, country: str, bank: str = "", lives_in: str = "") -> Party:
    """Return a party with an account in `country`; `owner` makes the number, the same each time."""
    number = int.from_bytes(digest("account", owner), "little")
    bank = bank or BANKS[number % len(BANKS)]
    agent = bic(bank, country)
    home = lives_in or country
    if country in _NO_IBAN or country not in COUNTRIES:
        return Party(f"000{number % 10**9:09d}", "BBAN", country, agent, name, home)
    return Party(iban(country, number), "IBAN", country, agent, name, home)


def wallet(owner: str, name: str, agent: str = "") -> Party:
    """Return a wallet, in the form of an address that no network accepts.

    `agent` is the bank or exchange that holds it, nobody when the owner keeps the keys.
    """
    return Party(f"tb0b{digest('wallet', owner).hex()}", "WALLET", "", agent, name, "")


def virtual(owner: str, beneficiary: Party, country: str) -> Party:
    """Return a virtual IBAN: a number of `country` of its own that leads to the beneficiary."""
    number = int.from_bytes(digest("virtual", owner), "little")
    agent = beneficiary.agent[:4]
    return Party(
        iban(country, number),
        "IBAN",
        country,
        bic(agent, country),
        beneficiary.name,
        beneficiary.country,
    )


def merchant(owner: str, name: str, country: str) -> Party:
    """Return a merchant, known by the number its acquirer gave it."""
    number = int.from_bytes(digest("merchant", owner), "little")
    agent = bic(BANKS[number % len(BANKS)], country)
    return Party(f"M{number % 10**8:08d}", "MERCHANT", country, agent, name, country)
