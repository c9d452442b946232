"""The kinds of field an event is made of: each checks one value and says how to mend it."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from typing import Annotated, Any

import schwifty
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError
from schwifty.exceptions import SchwiftyException

from features.reference import COUNTRIES, currency_exponent

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_MINOR_UNITS = 10**15
MAX_DECIMALS = 8
CLOCK_TOLERANCE = timedelta(minutes=5)
_LETTER_NUMBERS = {ord("A") + place: str(10 + place) for place in range(26)}
_IBAN_SHAPE = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")


def wrong(problem: str, fix: str) -> PydanticCustomError:
    """Return the error of one field: what is wrong and what to do about it."""
    return PydanticCustomError("crossflag", "{problem}", {"problem": problem, "fix": fix})


def _plain_text(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise wrong("holds control characters", "remove them (tabs and line breaks too)")
    return text


def _identifier(text: str) -> str:
    if text != text.strip() or not text:
        raise wrong("is empty or has blanks around it", "send the identifier without blanks")
    return text


def _country(code: str) -> str:
    if code not in COUNTRIES:
        raise wrong("unknown country", "use the ISO 3166-1 alpha-2 code, such as FR or SG")
    return code


def _currency(code: str) -> str:
    if currency_exponent(code) is None:
        raise wrong("unknown currency", "use the ISO 4217 code, such as EUR or JPY")
    return code


@lru_cache(maxsize=65536)
def _bic(code: str) -> str:
    try:
        return str(schwifty.BIC(code))
    except SchwiftyException as error:
        raise wrong("not a valid BIC", "send the 8 or 11 characters of ISO 9362") from error


def _ip_address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise wrong("not an IP address", "send one IPv4 or IPv6 address, no port") from error


def _text_time_only(value: Any) -> Any:
    # A bare number would be read as seconds since 1970, and 20180401 is a day of 1970 then.
    if isinstance(value, datetime) or (isinstance(value, str) and "-" in value[1:]):
        return value
    raise wrong("not a time", "send RFC 3339 text, such as 2026-05-01T09:30:00Z")


def _to_utc(time: datetime, info: ValidationInfo) -> datetime:
    try:
        utc = time.astimezone(UTC)
    except OverflowError as error:
        raise wrong("time out of range", "send a time between 1970 and 9998") from error
    if not 1970 <= utc.year <= 9998:
        raise wrong("time out of range", "send a time between 1970 and 9998")
    now = (info.context or {}).get("now")
    if now is not None and utc > now + CLOCK_TOLERANCE:
        raise wrong(
            "time lies in the future", "check the sender's clock and time zone, then send again"
        )
    return utc


def _no_boolean_number(value: Any) -> Any:
    if isinstance(value, bool):
        raise wrong("not an amount", 'send a decimal number as text, such as "12.50"')
    return value


def _amount(amount: Decimal, info: ValidationInfo) -> Decimal:
    if amount < 0:
        raise wrong(
            "negative amount", "send the amount as zero or more; a return is an event of its own"
        )
    exponent = currency_exponent(info.data.get("currency", ""))
    decimals = MAX_DECIMALS if exponent is None else exponent
    if amount.adjusted() + decimals > 18 or amount > Decimal(MAX_MINOR_UNITS).scaleb(-decimals):
        raise wrong("amount too large", f"send at most {MAX_MINOR_UNITS:.0e} minor units")
    if -int(amount.normalize().as_tuple().exponent) > decimals:
        raise wrong(
            f"more than {decimals} decimals",
            f"{info.data.get('currency', 'any currency')} has at most {decimals}: round at source",
        )
    # One amount has one spelling, so that 12.5 and 12.50 are the same event.
    return amount if exponent is None else amount.quantize(Decimal(1).scaleb(-exponent))


def looks_like_iban(account: str) -> bool:
    """Tell whether an account number has the shape of an IBAN (its checksum is not looked at)."""
    return _IBAN_SHAPE.fullmatch(account.replace(" ", "").upper()) is not None


@cache
def _form_of(country: str) -> tuple[int, re.Pattern[str]] | None:
    """Return the length of a country's IBANs and the form of what follows the check digits."""
    try:
        spec = schwifty.IBAN(f"{country}00", allow_invalid=True).spec
    except SchwiftyException:
        return None
    return spec.iban_length, spec.regex


def is_plain_iban(account: str) -> bool:
    """Tell whether this is a valid IBAN as it stands; what is not is for schwifty to say.

    Length, form and check digits (ISO 7064, mod 97-10) are those that schwifty asks for.
    """
    if _IBAN_SHAPE.fullmatch(account) is None or not account.isascii():
        return False
    form = _form_of(account[:2])
    if form is None or len(account) != form[0] or not form[1].match(account[4:]):
        return False
    digits = (account[4:] + account[:2]).translate(_LETTER_NUMBERS)
    return 98 - int(digits) * 100 % 97 == int(account[2:4])


@lru_cache(maxsize=65536)
def check_iban(account: str) -> str:
    """Return the IBAN without blanks, in capitals.

    Raises a field error when country, length or checksum (ISO 13616) is wrong.
    """
    if is_plain_iban(account):
        return account
    try:
        return str(schwifty.IBAN(account))
    except SchwiftyException as error:
        raise wrong(
            f"not a valid IBAN ({str(error).lower()})",
            "correct the number, or give its account scheme if it is no IBAN",
        ) from error


def microseconds(time: datetime) -> int:
    """Return whole microseconds since 1970-01-01 UTC of an aware time."""
    return (time - EPOCH) // timedelta(microseconds=1)


Identifier = Annotated[
    str,
    Field(min_length=1, max_length=128),
    AfterValidator(_plain_text),
    AfterValidator(_identifier),
]
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Uetr = Annotated[
    str, Field(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
]
ShortText = Annotated[str, Field(min_length=1, max_length=35), AfterValidator(_plain_text)]
Text = Annotated[str, Field(min_length=1, max_length=140), AfterValidator(_plain_text)]
LongText = Annotated[str, Field(min_length=1, max_length=1024), AfterValidator(_plain_text)]
Country = Annotated[str, AfterValidator(_country)]
Currency = Annotated[str, AfterValidator(_currency)]
Bic = Annotated[str, Field(max_length=11), AfterValidator(_bic)]
IpAddress = Annotated[str, Field(max_length=45), AfterValidator(_ip_address)]
Time = Annotated[AwareDatetime, BeforeValidator(_text_time_only), AfterValidator(_to_utc)]
Amount = Annotated[
    Decimal,
    Field(max_digits=None, allow_inf_nan=False),
    BeforeValidator(_no_boolean_number),
    AfterValidator(_amount),
]
