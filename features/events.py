"""The one schema: payment, access event, label and payment status; fields, units and checks.

The API, the readers, the store and the documentation all derive from these classes. Times are
RFC 3339 outside and UTC inside; amounts are decimals outside and integer minor units inside.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from datetime import datetime
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias, TypeVar, get_args

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic import model_validator as after_all_fields

from features.attributes import AttributeMap, columns_of
from features.errors import InvalidEvent, Problem
from features.fields import (
    Amount,
    Bic,
    Country,
    Currency,
    Identifier,
    IpAddress,
    LongText,
    ShortText,
    Text,
    Time,
    Uetr,
    Word,
    check_iban,
    looks_like_iban,
    microseconds,
    wrong,
)
from features.reference import currency_exponent

Stream: TypeAlias = Literal["payment", "access"]
STREAMS: tuple[Stream, ...] = get_args(Stream)
AccountScheme: TypeAlias = Literal["IBAN", "BBAN", "CARD", "WALLET", "MERCHANT", "OTHER"]
SubjectRole: TypeAlias = Literal["victim", "unwitting_mule", "complicit", "perpetrator", "unknown"]
LabelStatus: TypeAlias = Literal["confirmed", "suspected"]
BLAMELESS: frozenset[SubjectRole] = frozenset({"victim"})
"""Roles in which a crime says nothing against the account: the deceived and the trafficked."""
_PARTIES = ("debtor", "creditor")
# With stream and time around it, a longer event id would make too long a label id.
_LONGEST_NAMED = 96


class _Schema(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    def canonical(self) -> bytes:
        """Return the event as canonical JSON: sorted names, no absent field; stored and hashed."""
        return orjson.dumps(
            self.model_dump(mode="json", exclude_none=True), option=orjson.OPT_SORT_KEYS
        )


class Event(_Schema):
    """What payments and access events share."""

    stream: ClassVar[Stream]
    event_id: Identifier
    """The sender's identifier of this event; unique per member and stream."""
    time: Time
    """When it happened, RFC 3339 with a zone."""

    @property
    def time_us(self) -> int:
        """Microseconds since 1970-01-01 UTC."""
        return microseconds(self.time)


class Payment(Event):
    """One credit transfer or card payment, from a debtor to a creditor."""

    stream = "payment"

    currency: Currency
    """ISO 4217 code of the instructed amount."""
    amount: Amount
    """Instructed amount, zero or more, at most the currency's decimals."""
    uetr: Uetr | None = None
    """Unique end-to-end transaction reference (UUID version 4)."""
    end_to_end_id: ShortText | None = None
    """The debtor's own reference, passed on unchanged."""

    debtor_account_scheme: AccountScheme | None = None
    """What kind of number the debtor's account has; IBAN when it looks like one, else OTHER."""
    debtor_account: Identifier
    """The debtor's account number."""
    debtor_account_country: Country | None = None
    """Country that holds the debtor's account; taken from an IBAN when not given."""
    debtor_agent: Bic | None = None
    """BIC of the debtor's bank."""
    debtor_agent_country: Country | None = None
    """Country of the debtor's bank; taken from its BIC when not given."""
    debtor_name: Text | None = None
    """Name of the debtor."""
    debtor_country: Country | None = None
    """Country in which the debtor lives or is registered."""
    debtor_address: LongText | None = None
    """Postal address of the debtor."""

    creditor_account_scheme: AccountScheme | None = None
    """What kind of number the creditor's account has; IBAN when it looks like one, else OTHER."""
    creditor_account: Identifier
    """The creditor's account number."""
    creditor_account_country: Country | None = None
    """Country that holds the creditor's account; taken from an IBAN when not given."""
    creditor_agent: Bic | None = None
    """BIC of the creditor's bank."""
    creditor_agent_country: Country | None = None
    """Country of the creditor's bank; taken from its BIC when not given."""
    creditor_name: Text | None = None
    """Name of the creditor."""
    creditor_country: Country | None = None
    """Country in which the creditor lives or is registered."""
    creditor_address: LongText | None = None
    """Postal address of the creditor."""

    ultimate_debtor_name: Text | None = None
    """Name of the party on whose behalf the debtor pays."""
    ultimate_debtor_country: Country | None = None
    """Country of the ultimate debtor."""
    ultimate_debtor_account: Identifier | None = None
    """Account or identifier of the ultimate debtor."""
    ultimate_creditor_name: Text | None = None
    """Name of the party for whom the creditor receives."""
    ultimate_creditor_country: Country | None = None
    """Country of the ultimate creditor."""
    ultimate_creditor_account: Identifier | None = None
    """Account or identifier of the ultimate creditor."""
    intermediary_agents: tuple[Bic, ...] = Field((), max_length=10)
    """BICs of the banks between the two agents, in order."""

    customer_id: Identifier | None = None
    """The customer who ordered the payment; the same identity space as `user_id`."""
    channel: (
        Literal["online", "mobile", "branch", "card", "api", "atm", "phone", "other"] | None
    ) = None
    """How the payment was ordered."""
    purpose: str | None = Field(None, pattern=r"^[A-Z0-9]{1,4}$")
    """ISO 20022 external purpose code, such as SALA or SUPP."""
    remittance_text: LongText | None = None
    """Unstructured remittance information."""
    payee_verification: Literal["match", "close_match", "no_match", "not_checked"] | None = None
    """Answer of the verification of payee."""
    device_id: Identifier | None = None
    """Device from which the payment was ordered."""
    ip_address: IpAddress | None = None
    """Address from which the payment was ordered."""
    truncated: bool = False
    """True when a field was cut on its way here."""
    attributes: AttributeMap | None = None
    """The sender's own measures of this payment, numbers or words by name, that a model uses."""

    @field_validator("debtor_account", "creditor_account")
    @classmethod
    def _iban_is_valid(cls, account: str, info: ValidationInfo) -> str:
        scheme = info.data.get(f"{info.field_name}_scheme")
        if scheme == "IBAN" or (scheme is None and looks_like_iban(account)):
            return check_iban(account)
        return account

    @after_all_fields(mode="after")
    def _resolve_parties(self) -> Payment:
        resolved = self.__dict__
        for party in _PARTIES:
            account = resolved[f"{party}_account"]
            if resolved[f"{party}_account_scheme"] is None:
                scheme = "IBAN" if looks_like_iban(account) else "OTHER"
                resolved[f"{party}_account_scheme"] = scheme
            if (
                resolved[f"{party}_account_scheme"] == "IBAN"
                and resolved[f"{party}_account_country"] is None
            ):
                resolved[f"{party}_account_country"] = account[:2]
            agent = resolved[f"{party}_agent"]
            if agent is not None and resolved[f"{party}_agent_country"] is None:
                resolved[f"{party}_agent_country"] = agent[4:6]
        return self

    @property
    def amount_minor(self) -> int:
        """The amount in minor units of its currency (cents for EUR, yen for JPY)."""
        return int(self.amount.scaleb(currency_exponent(self.currency) or 0))

    @property
    def corridor(self) -> tuple[str | None, str | None]:
        """Debtor and creditor country: of the accounts, else of the agents."""
        return (
            self.debtor_account_country or self.debtor_agent_country,
            self.creditor_account_country or self.creditor_agent_country,
        )

    @property
    def debtor_identity(self) -> str:
        """The debtor's account told apart from equal numbers elsewhere."""
        return account_identity(self.debtor_account_scheme, self.debtor_agent, self.debtor_account)

    @property
    def creditor_identity(self) -> str:
        """The creditor's account told apart from equal numbers elsewhere."""
        return account_identity(
            self.creditor_account_scheme, self.creditor_agent, self.creditor_account
        )


class AccessEvent(Event):
    """One thing a user did, or tried, in a system: a login, a change of settings, a download."""

    stream = "access"

    user_id: Identifier
    """Who acted; the same identity space as a payment's `customer_id`."""
    action: Literal[
        "login",
        "mfa_challenge",
        "password_reset",
        "device_enrolment",
        "payee_added",
        "limit_change",
        "mail_rule",
        "consent_grant",
        "api_call",
        "download",
        "logout",
        "other",
    ]
    """What was done or tried."""
    outcome: Literal["success", "failure", "unknown"]
    """Whether it succeeded."""
    ip_address: IpAddress | None = None
    """Address from which the user acted."""
    user_agent: LongText | None = None
    """The client's own description of itself."""
    client_application: Text | None = None
    """Name of the application used."""
    device_id: Identifier | None = None
    """Device used."""
    mfa_method: Literal["none", "sms", "totp", "push", "hardware_key", "other"] | None = None
    """Second factor used."""
    asn: int | None = Field(None, ge=0, le=4_294_967_295)
    """Autonomous system number of the address; looked up when a table of them is given."""
    privilege: Literal["user", "administrator", "service"] | None = None
    """Rights under which the user acted."""
    bytes: int | None = Field(None, ge=0, le=2**53)
    """Volume sent to the client, in bytes."""
    resource: LongText | None = None
    """What was acted on."""
    session_id: Identifier | None = None
    """Session in which the user acted."""
    attributes: AttributeMap | None = None
    """The sender's own measures of this event, numbers or words by name, that a model uses."""


PaymentFate: TypeAlias = Literal[
    "accepted",
    "settled",
    "rejected",
    "returned",
    "recall_requested",
    "recall_accepted",
    "recall_refused",
    "cover",
]
STATUS_KEYS = (
    ("payment_event_id", "event_id"),
    ("uetr", "uetr"),
    ("end_to_end_id", "end_to_end_id"),
)
"""What a status gives to find its payment by, and the payment's field of the same meaning."""
UNDOING: frozenset[PaymentFate] = frozenset({"rejected", "returned", "recall_accepted"})
"""What takes a payment out of value features, from the moment that it is known."""
_RECALLING: frozenset[PaymentFate] = frozenset({"recall_requested", "recall_accepted", "returned"})
_FRAUD_REASON = "FRAD"


class Finding(NamedTuple):
    """What is established of an event: whether it was part of a crime, and of its subject's."""

    is_fraud: bool
    blames: bool
    """True when the crime counts against the event's subject: never for its victim."""


class Label(_Schema):
    """What became known of an event. Labels are only ever added; a correction supersedes."""

    label_id: Identifier | None = None
    """Identifier of this label; made of stream, event and time when not given."""
    stream: Stream
    """Which stream the event belongs to."""
    event_id: Identifier
    """The event that the label is about."""
    is_fraud: bool
    """True when the event was part of a crime."""
    typology: Word | None = None
    """Kind of crime, such as account_takeover."""
    subject_role: SubjectRole = "unknown"
    """Part that the event's subject played."""
    known_at: Time
    """When this became known; never before the event."""
    source: Word
    """Who says so: reviewer, chargeback, police, import…"""
    status: LabelStatus = "confirmed"
    """Confirmed is what somebody established, crime or not; suspected is no more than a suspicion,
    as behind a filed report: no ground truth, and no label that was confirmed changes by it."""
    review_propensity: float | None = Field(default=None, gt=0, le=1)
    """Probability with which the event was to be reviewed: 1 when it was flagged, less when it was
    drawn at random; absent where nobody knows, as for what a customer reports."""
    supersedes: Identifier | None = None
    """The label that this one corrects."""

    @after_all_fields(mode="after")
    def _name_itself(self) -> Label:
        if self.label_id is None:
            about = self.event_id
            if len(about) > _LONGEST_NAMED:
                about = hashlib.sha256(about.encode()).hexdigest()
            self.__dict__["label_id"] = f"{self.stream}:{about}:{self.known_at_us}"
        if self.supersedes == self.label_id:
            raise wrong("a label cannot supersede itself", "give the earlier label's identifier")
        if self.status == "suspected" and not self.is_fraud:
            raise wrong("suspects no crime", "send is_fraud true, or status confirmed")
        if self.status == "suspected" and self.supersedes is not None:
            raise wrong("a suspicion corrects nothing", "leave supersedes out, or send confirmed")
        return self

    def canonical(self) -> bytes:
        """Return the label as canonical JSON; a confirmed one reads as before there were others."""
        left_out = {"status"} if self.status == "confirmed" else None
        told = self.model_dump(mode="json", exclude_none=True, exclude=left_out)
        return orjson.dumps(told, option=orjson.OPT_SORT_KEYS)

    @property
    def known_at_us(self) -> int:
        """Microseconds since 1970-01-01 UTC at which the label became known."""
        return microseconds(self.known_at)

    @property
    def finding(self) -> Finding | None:
        """What the label establishes of its event, None for a suspicion."""
        if self.status == "suspected":
            return None
        return Finding(self.is_fraud, self.is_fraud and self.subject_role not in BLAMELESS)


class PaymentStatus(_Schema):
    """What became of a payment after it was sent: a report, a return, a recall or its cover."""

    stream: ClassVar[Literal["payment_status"]] = "payment_status"

    event_id: Identifier
    """The status message's own identifier; unique per member."""
    time: Time
    """When the status arose, RFC 3339 with a zone; never before the payment."""
    payment_event_id: Identifier | None = None
    """`event_id` of the payment. The payment is looked for by this, then by the next two."""
    uetr: Uetr | None = None
    """The payment's unique end-to-end transaction reference."""
    end_to_end_id: ShortText | None = None
    """The payment's end-to-end identification."""
    status: PaymentFate
    """Rejected, returned and recall_accepted take the payment out of what later amounts are
    compared with; cover is the bank-to-bank leg of the payment and counts for nothing."""
    reason: str | None = Field(None, pattern=r"^[A-Z0-9]{1,4}$")
    """ISO 20022 external reason code, such as AC04. FRAD in a recall or return is a label."""
    currency: Currency | None = None
    """ISO 4217 code of the amount."""
    amount: Amount | None = None
    """Amount that the status is about, with its currency."""

    @after_all_fields(mode="after")
    def _is_whole(self) -> PaymentStatus:
        if not (self.payment_event_id or self.uetr or self.end_to_end_id):
            fix = "send payment_event_id, uetr or end_to_end_id"
            raise wrong("nothing says which payment this is about", fix)
        if (self.amount is None) != (self.currency is None):
            raise wrong("amount and currency go together", "send both or neither")
        return self

    @property
    def time_us(self) -> int:
        """Microseconds since 1970-01-01 UTC."""
        return microseconds(self.time)

    @property
    def amount_minor(self) -> int | None:
        """The amount in minor units of its currency, None without one."""
        if self.amount is None or self.currency is None:
            return None
        return int(self.amount.scaleb(currency_exponent(self.currency) or 0))

    def fraud_label(self, payment_event_id: str) -> Label | None:
        """Return the provisional label of a recall for fraud, None when this is no such recall.

        Like any label it is superseded by whatever becomes known later.
        """
        if self.reason != _FRAUD_REASON or self.status not in _RECALLING:
            return None
        about = self.event_id
        if len(about) > _LONGEST_NAMED:
            about = hashlib.sha256(about.encode()).hexdigest()
        return Label(
            label_id=f"recall:{about}",
            stream="payment",
            event_id=payment_event_id,
            is_fraud=True,
            known_at=self.time,
            source="recall",
        )


AnyRecord: TypeAlias = Payment | AccessEvent | Label | PaymentStatus
MODELS: dict[str, type[Payment] | type[AccessEvent] | type[Label] | type[PaymentStatus]] = {
    "payment": Payment,
    "access": AccessEvent,
    "label": Label,
    "payment_status": PaymentStatus,
}
Parsed = TypeVar("Parsed", Payment, AccessEvent, Label, PaymentStatus)


def row(event: AnyRecord) -> dict[str, Any]:
    """Return the event as one row of the batch form (see `features.table`).

    Times are integer microseconds, `amount_minor` stands in place of the amount, intermediary
    agents are one text with blanks between, and each attribute has a column of its own.
    """
    values = {name: getattr(event, name) for name in type(event).model_fields}
    values |= columns_of(values.pop("attributes", None) or {})
    for name in ("time", "known_at"):
        if name in values:
            values[name] = microseconds(values[name])
    if isinstance(event, Payment | PaymentStatus):
        del values["amount"]
        values["amount_minor"] = event.amount_minor
    if isinstance(event, Payment):
        values["intermediary_agents"] = " ".join(event.intermediary_agents) or None
    return values


_FIXES = {
    "missing": "send this field",
    "string_type": "send it as text",
    "string_too_short": "leave the field out when there is nothing to say",
    "string_too_long": "cut it to {max_length} characters and set truncated",
    "string_pattern_mismatch": "match the pattern {pattern}",
    "literal_error": "use one of {expected}",
    "decimal_parsing": 'send a decimal number as text, such as "12.50"',
    "decimal_type": 'send a decimal number as text, such as "12.50"',
    "finite_number": "send a finite number",
    "datetime_from_date_parsing": "send RFC 3339 text, such as 2026-05-01T09:30:00Z",
    "datetime_parsing": "send RFC 3339 text, such as 2026-05-01T09:30:00Z",
    "timezone_aware": "add the zone, such as Z or +02:00",
    "bool_parsing": "send true or false",
    "bool_type": "send true or false",
    "int_parsing": "send a whole number",
    "int_type": "send a whole number",
    "int_from_float": "send a whole number",
    "json_invalid": "send one well-formed JSON object",
    "model_type": "send one JSON object",
    "too_long": "send at most {max_length} items",
    "float_parsing": "send a number",
    "float_type": "send a number",
    "greater_than": "send more than {gt}",
    "greater_than_equal": "send {ge} or more",
    "less_than_equal": "send {le} or less",
}
_SHOWN = 80


def account_identity(scheme: str | None, agent: str | None, account: str) -> str:
    """Return an account's identity: the IBAN alone, else scheme, agent and number together."""
    return f"IBAN::{account}" if scheme == "IBAN" else f"{scheme}:{agent or ''}:{account}"


def parse(
    model: type[Parsed], given: dict[str, Any] | bytes, now: datetime | None = None
) -> Parsed:
    """Return the event or label that `given` (fields, or JSON text) describes.

    With `now` (aware) a time more than five minutes ahead of it is refused. Raises InvalidEvent
    with every wrong field at once.
    """
    context = {"now": now} if now else None
    try:
        if isinstance(given, bytes):
            return model.model_validate_json(given, context=context)
        return model.model_validate(given, context=context)
    except ValidationError as error:
        raise InvalidEvent([_problem(model, dict(item)) for item in error.errors()]) from None


def _problem(model: type[BaseModel], item: dict[str, Any]) -> Problem:
    kind, details = item["type"], item.get("ctx") or {}
    field = ".".join(str(part) for part in item["loc"]) or "event"
    value = "" if kind in ("missing", "json_invalid") else _shorten(item.get("input"))
    message = item["msg"][:1].lower() + item["msg"][1:]
    if kind == "crossflag":
        return Problem(field, value, message, details["fix"])
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(field, model.model_fields, n=1)
        fix = f"did you mean {near[0]}?" if near else "remove it"
        return Problem(field, value, "unknown field", fix)
    if kind == "missing":
        message = "missing"
    return Problem(field, value, message, _FIXES.get(kind, "correct the value").format(**details))


def _shorten(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
