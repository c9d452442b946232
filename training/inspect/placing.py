"""Which column is what: names propose, values decide."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from features.events import MODELS
from features.formats.times import SINCE_START
from training.inspect import words
from training.inspect.columns import Column

_COUNTS = {"step": "hours_since_start", "hour": "hours_since_start", "day": "days_since_start"}
# Codes of a country or currency must translate for nearly all rows.
_TRANSLATED = 0.995
_FEW_WORDS = 60
# Under these names stands the kind of attack, beside one word for what is honest.
_OF_MANY_WORDS = ("label", "class", "outcome", "result", "classification")


@dataclass
class Placed:
    """What was made out so far: fields by column, and what is to be said above the tables."""

    columns: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    prefixes: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str | bool] = field(default_factory=dict)
    split: dict[str, str | list[str]] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    form: str | None = None
    clock: Column | None = None
    stream: str = "payment"

    def put(self, name: str, column: Column, why: str) -> None:
        """Fill a field from a column."""
        self.columns[name] = column.name
        self.taken.add(column.name)
        self.why.setdefault(column.name, f"{name}: {why}")


def place(columns: dict[str, Column]) -> Placed:
    """Return what each column is, as far as it can be made out."""
    placed = Placed()
    if _is_canonical(columns, placed):
        return placed
    _label(columns, placed)
    _time(columns, placed)
    amount = _amount(columns, placed)
    placed.stream = "payment" if amount else "access"
    placed.settings["stream"] = placed.stream
    if amount:
        _currency(columns, placed)
        _payment_parties(columns, placed)
        _countries(columns, placed)
    else:
        _access_parties(columns, placed)
    _addresses(columns, placed)
    _event(columns, placed)
    return placed


def _found(
    columns: dict[str, Column], names: list[str] | tuple[str, ...], placed: Placed
) -> list[Column]:
    """Return the free columns of these names, the likeliest name first."""
    rank = {name: place for place, name in enumerate(names)}
    free = [one for one in columns.values() if one.name not in placed.taken and one.plain in rank]
    return sorted(free, key=lambda one: rank[one.plain])


def _is_canonical(columns: dict[str, Column], placed: Placed) -> bool:
    """Tell whether the file already uses the schema's names, and place them all then."""
    for stream in ("payment", "access"):
        fields = MODELS[stream].model_fields
        needed = [name for name, info in fields.items() if info.is_required()]
        if all(name in columns for name in needed):
            placed.stream = stream
            placed.settings["stream"] = stream
            for name in fields:
                if name in columns and columns[name].missing < 1:
                    placed.put(name, columns[name], "the schema's own name")
            placed.form = columns["time"].form_of_time()
            _label(columns, placed)
            return True
    return False


def _label(columns: dict[str, Column], placed: Placed) -> None:
    for column in _found(columns, words.LABEL, placed):
        given = {word.lower() for word in column.words}
        if not given or column.distinct > _FEW_WORDS:
            continue
        honest, crime = given & words.HONEST, given & words.CRIME
        if not honest and not given <= words.CRIME:
            continue
        if given <= {"0", "1", "true", "false"}:
            translation: dict[str, str] = {}
        else:
            translation = {
                word: "false" for word in column.words if word.lower() in words.HONEST
            } | {"*": "true"}
        if len(given) <= 2 or crime or column.plain in _OF_MANY_WORDS:
            placed.labels["is_fraud"] = column.name
            placed.taken.add(column.name)
            placed.why[column.name] = "label: its name, and the words it holds"
            if translation:
                placed.values["is_fraud"] = translation
            break
    for column in _found(columns, words.TYPOLOGY, placed):
        if column.distinct <= _FEW_WORDS and not column.is_numeric:
            placed.labels.setdefault("typology", column.name)
            placed.taken.add(column.name)
            placed.why[column.name] = "typology of the label: known only with it, so no feature"
            break


def _time(columns: dict[str, Column], placed: Placed) -> None:
    for column in _found(columns, words.TIME, placed):
        if column.is_clock():
            continue
        form = column.form_of_time()
        if form is None and column.is_numeric:
            form = _count_since_start(column)
        if form is None:
            continue
        placed.put("time", column, f"spelt as {form or 'RFC 3339'}")
        placed.form = form
        if form:
            placed.settings["time_format"] = form
        if form in SINCE_START:
            placed.notes.append(
                f"{column.name} only counts {form.split('_')[0]} from a start; it is taken to be "
                f"Monday 2024-01-01, 00:00 UTC (time_origin)"
            )
        elif not _zoned(column, form):
            placed.settings["time_zone"] = "UTC"
            placed.notes.append(f"{column.name} carries no zone; UTC is assumed (time_zone)")
        if (form and "%H" not in form) or (not form and column.texts.str.len().max() <= 10):
            _clock(columns, placed, column)
        return


def _clock(columns: dict[str, Column], placed: Placed, date: Column) -> None:
    for clock in _found(columns, words.CLOCK, placed):
        if clock.is_clock() and (form := date.form_of_time(clock)) is not None:
            placed.clock, placed.form = clock, form
            placed.settings["time_of_day"] = clock.name
            placed.settings.pop("time_format", None)
            if form:
                placed.settings["time_format"] = form
            placed.taken.add(clock.name)
            placed.why[clock.name] = f"time_of_day: the clock beside {date.name}"
            return
    form = placed.form or ""
    if form:
        return
    placed.settings["time_format"] = placed.form = "%Y-%m-%d"


def _zoned(column: Column, form: str) -> bool:
    if form.startswith("unix"):
        return True
    tried = column.texts.head(50)
    return bool(tried.str.contains(r"(?:Z|[+-]\d\d:?\d\d)$", regex=True).all())


def _count_since_start(column: Column) -> str | None:
    """Return the form of a column that counts from a start: it never falls along the file."""
    known = column.numbers[~np.isnan(column.numbers)]
    if len(known) == 0 or known.min() < 0 or len(np.unique(known)) < 3:
        return None
    rises = bool((np.diff(known) >= 0).mean() > 0.999)
    if column.plain in _COUNTS and column.is_whole and known.max() < 50_000:
        return _COUNTS[column.plain] if rises or column.plain == "step" else None
    return "seconds_since_start" if rises and known.max() < 2e9 else None


def _amount(columns: dict[str, Column], placed: Placed) -> Column | None:
    for column in _found(columns, words.AMOUNT, placed):
        known = column.numbers[~np.isnan(column.numbers)]
        if column.is_numeric and len(known) and (known >= 0).mean() > 0.999:
            placed.put("amount", column, "its name, and numbers of zero or more")
            placed.settings["round_amounts"] = True
            if (known < 0).any():
                placed.notes.append(
                    f"{column.name} is negative in some rows; these will be refused"
                )
            return column
    return None


def _currency(columns: dict[str, Column], placed: Placed) -> None:
    for column in _found(columns, words.CURRENCY, placed):
        if _translated(column, "currency", placed, words.currency):
            return
    placed.constants["currency"] = "EUR"
    placed.notes.append("no currency was found: EUR is assumed; correct it under [constants]")


def _countries(columns: dict[str, Column], placed: Placed) -> None:
    for party, names in (("debtor", words.DEBTOR_COUNTRY), ("creditor", words.CREDITOR_COUNTRY)):
        for column in _found(columns, names, placed):
            if _translated(column, f"{party}_account_country", placed, words.country):
                break


def _translated(column: Column, name: str, placed: Placed, translate: object) -> bool:
    """Fill a field of codes from a column, translating its words where they are no codes."""
    if column.distinct > 200 or not callable(translate):
        return False
    codes = {word: translate(word) for word in column.words}
    known = column.texts.map(lambda word: codes.get(word) is not None)
    if not len(known) or known.mean() < _TRANSLATED:
        return False
    placed.put(name, column, "its name, and codes or names that are known")
    odd = {word: code for word, code in codes.items() if code and code != word}
    if odd:
        placed.values[name] = odd
    return True


def _payment_parties(columns: dict[str, Column], placed: Placed) -> None:
    customer = _found(columns, words.CUSTOMER, placed)
    debtor = _accounts(columns, words.DEBTOR, placed)
    creditor = _accounts(columns, words.CREDITOR, placed)
    if debtor is None:
        placed.settings["parties"] = "none"
        placed.notes.append(
            "no account of who pays was found: the model can use features of the row itself only"
        )
        if creditor is not None:
            placed.notes.append(f"{creditor.name} names who is paid; it is carried as a category")
        return
    placed.put("debtor_account", debtor, "its name, and values that return")
    placed.constants["debtor_account_scheme"] = "CARD" if _is_card(debtor) else "OTHER"
    if creditor is not None and creditor.name != debtor.name:
        placed.put("creditor_account", creditor, "its name, and values that return")
        placed.constants["creditor_account_scheme"] = (
            "MERCHANT" if "merchant" in creditor.plain or "terminal" in creditor.plain else "OTHER"
        )
    else:
        placed.constants["creditor_account"] = "unnamed"
        placed.constants["creditor_account_scheme"] = "MERCHANT"
        placed.notes.append("nobody is named as paid: all payments go to one account, 'unnamed'")
    for column in customer:
        if column.distinct > 1:
            placed.put("customer_id", column, "its name")
            break


def _accounts(columns: dict[str, Column], names: list[str], placed: Placed) -> Column | None:
    for column in _found(columns, names, placed):
        fine = column.missing < 0.01 and column.distinct >= 10
        if fine and column.texts.str.len().max() <= 128 and not _is_measure(column):
            return column
    return None


def _is_measure(column: Column) -> bool:
    return column.is_numeric and not column.is_whole


def _is_card(column: Column) -> bool:
    return any(mark in column.plain for mark in ("card", "ccnum", "pan"))


def _access_parties(columns: dict[str, Column], placed: Placed) -> None:
    user = _accounts(columns, words.USER, placed)
    if user is None or "time" not in placed.columns:
        placed.settings["parties"] = "none"
        if user is None:
            placed.notes.append(
                "no user or address was found: the model can use features of the row itself only"
            )
    else:
        placed.put("user_id", user, "its name, and values that return")
        if user.holds_addresses():
            placed.put("ip_address", user, "IP addresses")
    placed.constants |= {"action": "other", "outcome": "unknown"}
    for column in _found(columns, words.AGENT, placed):
        placed.put("user_agent", column, "its name")


def _addresses(columns: dict[str, Column], placed: Placed) -> None:
    if "ip_address" not in placed.columns:
        for column in _found(columns, words.ADDRESS, placed):
            if column.holds_addresses():
                placed.put("ip_address", column, "IP addresses")
                break
            if column.holds_address_numbers():
                placed.put("ip_address", column, "IPv4 addresses written as one number")
                placed.settings["ip_numbers"] = True
                break
    for column in _found(columns, words.DEVICE, placed):
        if column.distinct > 10 and column.texts.str.len().max() <= 128:
            placed.put("device_id", column, "its name")
            break


def _event(columns: dict[str, Column], placed: Placed) -> None:
    for column in _found(columns, words.EVENT, placed):
        if column.missing == 0 and column.uniqueness == 1:
            placed.put("event_id", column, "different in each row")
            return
    placed.settings["number_rows"] = True
