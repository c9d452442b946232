"""The US Treasury's Specially Designated Nationals: three CSV files without headers.

`..._sdn.csv` holds the records, `..._alt.csv` aliases and `..._add.csv` addresses, joined by the
entity number; the latter two are read when they lie beside the first. `-0-` is an empty field.
The remarks hold the rest: dates and places of birth, documents, wallets.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from features.errors import UnreadableFile
from serving.watchlists.entities import Entity, Refused, make
from serving.watchlists.properties import country_code
from serving.watchlists.readers.files import csv_rows

_SCHEMATA = {
    "individual": "Person",
    "": "Organization",
    "vessel": "Vessel",
    "aircraft": "Airplane",
}
_ALIASES = {"aka": "alias", "fka": "previousName", "nka": "alias"}
_COLUMNS = 12
_MONTHS = {
    name: f"{number:02d}"
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_DAY = re.compile(r"(?:circa )?(?:(\d{1,2}) )?(?:([A-Za-z]{3}) )?(\d{4})")
_WALLET = re.compile(r"Digital Currency Address - (\w+) (\S+)")
_DATED = {"DOB ": "birthDate", "Organization Established Date ": "incorporationDate"}
_NUMBERED = (
    (re.compile(r"POB (.+)"), "birthPlace"),
    (re.compile(r"Gender (\w+)"), "gender"),
    (re.compile(r"[afn]\.k\.a\. '(.+)'$"), "weakAlias"),
    (re.compile(r".*IMO (\d{7})"), "imoNumber"),
    (re.compile(r"Passport (\S+)"), "passportNumber"),
    (re.compile(r"(?:National ID No|Cedula No|D\.N\.I|C\.U\.R\.P|S\.S\.N)\. (\S+)"), "idNumber"),
    (re.compile(r"(?:Tax ID No\.|NIT #|RUC #|RIF #|R\.F\.C\.|C\.U\.I\.T\.) (\S+)"), "taxNumber"),
    (re.compile(r"(?:Registration (?:Number|ID)|Commercial Registry Number|Company Number) (\S+)"),
     "registrationNumber"),
    (re.compile(r"MMSI (\d{9})"), "mmsi"),
    (re.compile(r"SWIFT/BIC (\S+)"), "swiftBic"),
    (re.compile(r"Aircraft Tail Number (\S+)"), "registrationNumber"),
    (re.compile(r"Email Address (\S+@\S+)"), "email"),
    (re.compile(r"Website (\S+)"), "website"),
    (re.compile(r"Phone Number (.+)"), "phone"),
)  # fmt: skip
_PLACES = (
    (re.compile(r"nationality (.+)"), "nationality"),
    (re.compile(r"citizen (.+)"), "citizenship"),
)


def read(
    path: Path, counts: Counter[str], mapping: Path | None = None
) -> Iterator[Entity | Refused]:
    """Yield the records; wallets are records of their own. Raises `UnreadableFile`."""
    beside = _beside(path)
    known: set[str] = set()
    aliases = _joined(beside["alt"], 3, counts, "aliases")
    addresses = _joined(beside["add"], 2, counts, "addresses")
    for line, row in csv_rows(path):
        if len(row) != _COLUMNS:
            raise UnreadableFile(
                f"{path}, line {line}: {len(row)} fields instead of {_COLUMNS}; give the "
                f"Treasury's sdn.csv as it is published"
            )
        fields = ["" if one.strip() == "-0-" else one.strip() for one in row]
        known.add(fields[0])
        yield from _record(line, fields, aliases.get(fields[0], []), addresses.get(fields[0], []))
    for name, rows in (("aliases", aliases), ("addresses", addresses)):
        left = sum(len(found) for number, found in rows.items() if number not in known)
        counts[f"{name} of numbers that this list does not hold"] += left


def _beside(path: Path) -> dict[str, Path]:
    name = path.name
    if "sdn" not in name.lower():
        return {"alt": path.parent / "alt.csv", "add": path.parent / "add.csv"}
    at = name.lower().index("sdn")
    return {kind: path.with_name(name[:at] + kind + name[at + 3 :]) for kind in ("alt", "add")}


def _joined(path: Path, least: int, counts: Counter[str], what: str) -> dict[str, list[list[str]]]:
    rows: dict[str, list[list[str]]] = {}
    if not path.is_file():
        counts[f"no file of {what} beside it"] += 1
        return rows
    for line, row in csv_rows(path):
        if len(row) <= least:
            raise UnreadableFile(f"{path}, line {line}: {len(row)} fields; give the file whole")
        counts[what] += 1
        fields = ["" if one.strip() == "-0-" else one.strip() for one in row]
        rows.setdefault(fields[0], []).append(fields)
    return rows


def _record(
    line: int, fields: list[str], aliases: list[list[str]], addresses: list[list[str]]
) -> Iterator[Entity | Refused]:
    number, name, kind, program = fields[:4]
    properties: dict[str, list[str]] = {
        "name": [name],
        "program": program.strip("[]").split("] ["),
        "position": [fields[4]],
        "callSign": [fields[5]],
        "type": [fields[6]],
        "flag": [code] if (code := country_code(fields[9])) else [],
        "notes": [fields[11]],
        "address": [", ".join(part for part in row[2:5] if part) for row in addresses],
        "country": [code for row in addresses if (code := country_code(row[4]))],
    }
    for row in aliases:
        properties.setdefault(_ALIASES.get(row[2], "alias"), []).append(row[3])
    wallets = _remarks(fields[11], properties)
    topics = {"topics": ("sanction",)}
    schema = _SCHEMATA.get(kind, kind)
    yield make(f"line {line}", f"ofac-{number}", schema, properties, topics)
    for currency, address in wallets:
        held = {"publicKey": [address], "currency": [currency], "holder": [f"ofac-{number}"],
                "holderName": [name]}  # fmt: skip
        yield make(f"line {line}", f"ofac-{number}-{address}", "CryptoWallet", held, topics)


def _remarks(text: str, properties: dict[str, list[str]]) -> list[tuple[str, str]]:
    """Add what the remarks say to the properties, and return the wallets (currency, address)."""
    wallets: dict[str, str] = {}
    for piece in text.rstrip(".").split("; "):
        part = piece.removeprefix("alt. ").strip()
        for beginning, name in _DATED.items():
            if part.startswith(beginning):
                properties.setdefault(name, []).extend(_dates(part.removeprefix(beginning)))
        for pattern, name in _NUMBERED:
            if found := pattern.match(part):
                properties.setdefault(name, []).append(found[1].rstrip(",;"))
        for pattern, name in _PLACES:
            if (found := pattern.fullmatch(part)) and (code := country_code(found[1])):
                properties.setdefault(name, []).append(code)
        if found := _WALLET.match(part):
            wallets.setdefault(found[2], found[1])
    return [(currency, address) for address, currency in wallets.items()]


def _dates(text: str) -> list[str]:
    """Return the dates of `02 Oct 1980`, `Oct 1980`, `circa 1980` or `1961 to 1962`."""
    dates = []
    for part in text.split(" to "):
        found = _DAY.fullmatch(part.strip())
        if found is None:
            continue
        day, month, year = found.groups()
        number = _MONTHS.get((month or "").lower())
        date = year if number is None else f"{year}-{number}"
        dates.append(f"{date}-{int(day):02d}" if number and day else date)
    return dates
