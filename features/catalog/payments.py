"""Features of a payment: amount, habit, novelty, corridor, fan-in and fan-out, labels, logins."""

from __future__ import annotations

from features.catalog import rings
from features.definitions import (
    Catalogue,
    F,
    Own,
    View,
    differs,
    product,
    ratio,
    smoothed_rate,
    unless,
    z_score,
)

_OUT = rings.outgoing.read("payment", "debtor", "creditor", "amount", includes_event=True)
_IN = rings.incoming.read("payment", "creditor", "debtor", "amount", includes_event=True)
_PASSED = rings.incoming.read("payment", "debtor")
_ONWARD = rings.outgoing.read("payment", "creditor")
_CORRIDORS = rings.debtor_corridors.read("payment", "debtor", "creditor_account_country")
_DEVICES = rings.debtor_devices.read("payment", "debtor", "device")
_HOURS = rings.debtor_hours.read("payment", "debtor", "hour")
_IP_COUNTRIES = rings.debtor_ip_countries.read("payment", "debtor", "ip_country")
_FROM = rings.creditor_corridors.read(
    "payment", "creditor", "debtor_account_country", includes_event=True
)
_NAMES = rings.creditor_names.read("payment", "creditor", "creditor_name")
_DEVICE = rings.device_payments.read("payment", "device", "debtor", "amount", includes_event=True)
_IP = rings.ip_payments.read("payment", "ip", "debtor", "amount", includes_event=True)
_CORRIDOR = rings.corridor_payments.read("payment", "corridor", value="amount")
_CREDITOR_LABELS = rings.creditor_labels.read("payment", "creditor")
_DEBTOR_LABELS = rings.debtor_labels.read("payment", "debtor")
_DEVICE_LABELS = rings.device_labels.read("payment", "device")
_CORRIDOR_LABELS = rings.corridor_labels.read("payment", "corridor")
_LOGINS = rings.user_logins.read("payment", "customer", "ip_network")
_LOGIN_COUNTRIES = rings.user_login_countries.read("payment", "customer", "ip_country")
_LOGIN_DEVICES = rings.user_login_devices.read("payment", "customer", "device")
_RESETS = rings.user_resets.read("payment", "customer")
_PAYEES = rings.user_payees.read("payment", "customer")
_SENSITIVE = rings.user_sensitive.read("payment", "customer")

_AMOUNT = Own("amount")
_RATE_PRIOR = 0.01
_RATE_WEIGHT = 20.0


_amount = (
    F(
        "amount",
        _AMOUNT,
        "EUR",
        "amount",
        "the amount is {value}",
        "Criminals empty accounts; the sum alone says little without the debtor's own habit.",
        "no exchange rate for the currency",
    ),
    F(
        "amount_mean",
        _OUT.mean(),
        "EUR",
        "own history",
        "the debtor pays {value} on average",
        "The debtor's own baseline.",
    ),
    F(
        "amount_to_mean",
        ratio(_AMOUNT, _OUT.mean()),
        "ratio",
        "own history",
        "the amount is {value} times the debtor's average of {usual}",
        "A sum far above the debtor's own habit marks a taken-over account or a deceived payer.",
        usual="amount_mean",
    ),
    F(
        "amount_median",
        _OUT.median(),
        "EUR",
        "own history",
        "half of the debtor's payments are below {value}",
        "The debtor's own baseline; single large payments do not move it.",
    ),
    F(
        "amount_to_median",
        ratio(_AMOUNT, _OUT.median()),
        "ratio",
        "own history",
        "the amount is {value} times the debtor's usual amount of {usual}",
        "A sum far above the debtor's own habit marks a taken-over account or a deceived payer.",
        usual="amount_median",
    ),
    F(
        "outliers_24h",
        _OUT.outliers("24h"),
        "payments",
        "own history",
        "{value} payments over three times the debtor's usual amount in the 24 hours before",
        "A card or account in another's hands spends at another level for days.",
    ),
    F(
        "outliers_7d",
        _OUT.outliers("7d"),
        "payments",
        "own history",
        "{value} payments over three times the debtor's usual amount in the 7 days before",
        "A card or account in another's hands spends at another level for days.",
    ),
    F(
        "outliers_30d",
        _OUT.outliers("30d"),
        "payments",
        "own history",
        "{value} payments over three times the debtor's usual amount in the 30 days before",
        "The debtor's own baseline of large payments.",
    ),
    F(
        "amount_z_score",
        z_score(_AMOUNT, _OUT.mean(), _OUT.deviation()),
        "score",
        "own history",
        "the amount lies {value} standard deviations from the debtor's average of {usual}",
        "As before, weighed by how much the debtor's amounts vary.",
        usual="amount_mean",
    ),
    F(
        "amount_rank",
        _OUT.rank(),
        "share",
        "own history",
        "{value} of the debtor's earlier payments were smaller",
        "The largest payment so far is when a mistake or a crime costs most.",
    ),
    F(
        "amount_maximum",
        _OUT.maximum(),
        "EUR",
        "own history",
        "the debtor's largest payment so far was {value}",
        "The debtor's own baseline.",
    ),
    F(
        "amount_to_maximum",
        ratio(_AMOUNT, _OUT.maximum()),
        "ratio",
        "own history",
        "the amount is {value} times the debtor's largest so far ({usual})",
        "A new record amount.",
        usual="amount_maximum",
    ),
    F(
        "amount_to_creditor_mean",
        ratio(_AMOUNT, _IN.mean()),
        "ratio",
        "creditor's history",
        "the amount is {value} times what this creditor usually receives",
        "An account that suddenly receives far more than before may be a mule's.",
    ),
    F(
        "amount_trailing_zeros",
        Own("trailing_zeros"),
        "count",
        "amount",
        "the amount ends in {value} zeros before the decimals",
        "Round sums are typical of transfers that no invoice asked for.",
    ),
    F(
        "just_under_threshold",
        Own("just_under_threshold"),
        "flag",
        "structuring",
        "the amount lies just under 10,000 EUR",
        "Payments kept just under a reporting threshold (structuring).",
        otherwise="the amount does not lie just under 10,000 EUR",
    ),
    F(
        "just_under_threshold_7d",
        _OUT.flagged("7d"),
        "payments",
        "structuring",
        "{value} payments just under 10,000 EUR by this debtor in the 7 days before",
        "Repeated sums just under a reporting threshold (structuring).",
    ),
    F(
        "creditor_just_under_threshold_7d",
        _IN.flagged("7d"),
        "payments",
        "structuring",
        "{value} payments just under 10,000 EUR to this creditor in the 7 days before",
        "Structured deposits are collected on one account.",
    ),
)

_velocity = tuple(
    F(
        f"debtor_payments_{window}",
        _OUT.count(window),
        "payments",
        "velocity",
        "{value} payments by this debtor in " + text,
        "Accounts are emptied in bursts.",
        usual=None,
    )
    for window, text in (
        ("1h", "1 hour"),
        ("24h", "24 hours"),
        ("7d", "7 days"),
        ("30d", "30 days"),
    )
) + tuple(
    F(
        f"debtor_amount_{window}",
        _OUT.total(window),
        "EUR",
        "velocity",
        "{value} paid by this debtor in " + text,
        "Accounts are emptied in bursts.",
    )
    for window, text in (("24h", "24 hours"), ("7d", "7 days"), ("30d", "30 days"))
)

_pace = (
    F(
        "debtor_seconds_since_last",
        _OUT.seconds_since_last(),
        "seconds",
        "velocity",
        "the debtor's payment before this one was {value} ago",
        "Bursts, or a dormant account that wakes.",
    ),
    F(
        "debtor_burst",
        ratio(_OUT.count("24h"), _OUT.count("30d")),
        "share",
        "velocity",
        "{value} of the debtor's payments of 30 days fall in the last 24 hours",
        "A burst against the debtor's own pace.",
    ),
    F(
        "debtor_mean_30d",
        ratio(_OUT.total("30d"), _OUT.count("30d")),
        "EUR",
        "own history",
        "the debtor's payments of the last 30 days average {value}",
        "The debtor's recent baseline, this payment included.",
    ),
    F(
        "debtor_mean_7d",
        ratio(_OUT.total("7d"), _OUT.count("7d")),
        "EUR",
        "own history",
        "the debtor's payments of the last 7 days average {value}",
        "A run of larger payments raises it above the long-term mean.",
    ),
    F(
        "debtor_mean_7d_to_mean",
        ratio(ratio(_OUT.total("7d"), _OUT.count("7d")), _OUT.mean()),
        "ratio",
        "own history",
        "the last 7 days' payments average {value} times the debtor's long-term mean of {usual}",
        "A card or account in another's hands spends at another level for days.",
        usual="amount_mean",
    ),
    F(
        "debtor_largest_7d_to_mean",
        ratio(_OUT.largest("7d"), _OUT.mean()),
        "ratio",
        "own history",
        "the largest payment of the last 7 days is {value} times the debtor's mean of {usual}",
        "An unusual sum shortly before makes the next one less innocent.",
        usual="amount_mean",
    ),
    F(
        "debtor_history_seconds",
        _OUT.seconds_known(),
        "seconds",
        "own history",
        "the debtor is known for {value}",
        "Young accounts are opened to be misused.",
    ),
    F(
        "unusual_hour",
        ratio(_HOURS.same("30d"), _HOURS.count("30d")),
        "share",
        "habit",
        "{value} of the debtor's payments of 30 days fell in this hour of the day",
        "Payments at hours at which the debtor never pays.",
    ),
    F(
        "hour",
        Own("hour"),
        "hour",
        "habit",
        "it was {value} local time",
        "Fraud is done when victims sleep.",
    ),
    F(
        "weekday",
        Own("weekday"),
        "day",
        "habit",
        "it was a {value}",
        "Weekends give more time before anyone notices.",
    ),
)

_novelty = (
    F(
        "creditor_is_new",
        unless(_OUT.known()),
        "flag",
        "new payee",
        "the debtor never paid this creditor before",
        "Money leaves to accounts that the debtor never paid.",
        otherwise="the debtor paid this creditor before",
    ),
    F(
        "new_payee_amount",
        product(unless(_OUT.known()), _AMOUNT),
        "EUR",
        "new payee",
        "{value} to a creditor whom the debtor never paid before",
        "A large first payment to an unknown creditor.",
    ),
    F(
        "debtor_new_payees_24h",
        _OUT.distinct_new("24h"),
        "count",
        "new payee",
        "{value} new payees in 24 hours",
        "Mule dispersal: money is spread to many new accounts at once.",
    ),
    F(
        "debtor_new_payees_7d",
        _OUT.distinct_new("7d"),
        "count",
        "new payee",
        "{value} new payees in 7 days",
        "Mule dispersal, slower.",
    ),
    F(
        "debtor_payees_30d",
        _OUT.distinct("30d"),
        "count",
        "fan-out",
        "{value} different payees in 30 days",
        "Fan-out.",
    ),
    F(
        "payments_to_creditor_30d",
        _OUT.same("30d"),
        "payments",
        "new payee",
        "{value} payments by this debtor to this creditor in 30 days",
        "A known relation speaks for the payment.",
    ),
    F(
        "seconds_since_creditor",
        _OUT.seconds_since_same(),
        "seconds",
        "new payee",
        "the debtor last paid this creditor {value} ago",
        "A known relation speaks for the payment.",
        "the debtor never paid this creditor before",
    ),
    F(
        "creditor_country_is_new",
        unless(_CORRIDORS.known()),
        "flag",
        "corridor",
        "the debtor never paid to this country before",
        "A first payment to a country opens a new way out.",
        otherwise="the debtor paid to this country before",
    ),
    F(
        "debtor_countries_30d",
        _CORRIDORS.distinct("30d"),
        "count",
        "corridor",
        "the debtor paid to {value} countries in the 30 days before",
        "Money spread over many countries is hard to bring back.",
    ),
    F(
        "device_is_new",
        unless(_DEVICES.known()),
        "flag",
        "device",
        "the debtor never paid from this device before",
        "A taken-over account is used from another device.",
        otherwise="the debtor paid from this device before",
    ),
    F(
        "ip_country_is_new",
        unless(_IP_COUNTRIES.known()),
        "flag",
        "address",
        "the debtor never paid from this country's networks before",
        "A taken-over account is used from abroad.",
        otherwise="the debtor paid from this country's networks before",
    ),
    F(
        "creditor_name_is_new",
        unless(_NAMES.known()),
        "flag",
        "payee name",
        "this account never received under this creditor name before",
        "One account under many names is a collector's; a changed name marks invoice fraud.",
        otherwise="this account received under this creditor name before",
    ),
    F(
        "creditor_names_30d",
        _NAMES.distinct("30d"),
        "count",
        "payee name",
        "this account received under {value} names in the 30 days before",
        "One account under many names is a collector's.",
    ),
    F(
        "payee_verification",
        Own("payee_verification"),
        "code",
        "payee name",
        "verification of payee answered: {value}",
        "The creditor's name does not fit the account: invoice fraud or a mule.",
        "payee was not verified",
        words=("match", "close match", "no match"),
    ),
)

_corridor = (
    F(
        "cross_border",
        differs("debtor_account_country", "creditor_account_country"),
        "flag",
        "corridor",
        "debtor's and creditor's accounts lie in different countries",
        "Borders slow down recalls and investigations.",
        "country of an account unknown",
        otherwise="debtor's and creditor's accounts lie in one country",
    ),
    F(
        "cross_border_amount",
        product(differs("debtor_account_country", "creditor_account_country"), _AMOUNT),
        "EUR",
        "corridor",
        "{value} leave the country",
        "Borders slow down recalls and investigations.",
        "country of an account unknown",
    ),
    F(
        "corridor_payments_24h",
        _CORRIDOR.count("24h"),
        "payments",
        "corridor",
        "about {value} payments on this corridor in 24 hours",
        "Rare corridors are rare for a reason; a sudden wave marks a campaign.",
        "country of an account unknown",
    ),
    F(
        "corridor_payments_30d",
        _CORRIDOR.count("30d"),
        "payments",
        "corridor",
        "about {value} payments on this corridor in 30 days",
        "Rare corridors are rare for a reason.",
        "country of an account unknown",
    ),
    F(
        "corridor_burst",
        ratio(_CORRIDOR.count("24h"), _CORRIDOR.count("30d")),
        "share",
        "corridor",
        "about {value} of this corridor's payments of 30 days fall in the last 24 hours",
        "A sudden wave on a corridor marks a campaign.",
        "no earlier payment on this corridor",
    ),
    F(
        "corridor_amount_ratio",
        ratio(_AMOUNT, ratio(_CORRIDOR.total("30d"), _CORRIDOR.count("30d"))),
        "ratio",
        "corridor",
        "the amount is about {value} times the corridor's average",
        "Remittances are small; laundering is not.",
        "no earlier payment on this corridor",
    ),
    F(
        "ip_country_differs",
        differs("ip_country", "debtor_account_country"),
        "flag",
        "address",
        "ordered from a network of another country than the debtor's account",
        "A taken-over account is used from abroad (or its owner travels).",
        "no address given",
        otherwise="ordered from a network of the country of the debtor's account",
    ),
    F(
        "ip_country_is_creditors",
        unless(differs("ip_country", "creditor_account_country")),
        "flag",
        "address",
        "ordered from a network of the creditor's country",
        "Whoever orders the payment may sit where the money goes.",
        "no address given",
        otherwise="ordered from a network outside the creditor's country",
    ),
    F(
        "creditor_residence_differs",
        differs("creditor_residence", "creditor_account_country"),
        "flag",
        "corridor",
        "the creditor's account lies in another country than the creditor",
        "Accounts far from their holder hide the trail.",
        "creditor's country not given",
        otherwise="the creditor's account lies in the creditor's country",
    ),
    F(
        "intermediaries",
        Own("intermediaries"),
        "count",
        "corridor",
        "{value} banks between the debtor's and the creditor's",
        "Long chains of correspondents hide the trail.",
    ),
)

_counterparty = (
    F(
        "creditor_payments_24h",
        _IN.count("24h"),
        "payments",
        "fan-in",
        "{value} payments to this creditor in 24 hours",
        "Collectors receive in bursts.",
    ),
    F(
        "creditor_payments_7d",
        _IN.count("7d"),
        "payments",
        "fan-in",
        "{value} payments to this creditor in 7 days",
        "Collectors receive in bursts.",
    ),
    F(
        "creditor_payments_30d",
        _IN.count("30d"),
        "payments",
        "fan-in",
        "{value} payments to this creditor in 30 days",
        "The creditor's own baseline.",
    ),
    F(
        "creditor_amount_24h",
        _IN.total("24h"),
        "EUR",
        "fan-in",
        "{value} received by this creditor in 24 hours",
        "Collectors receive in bursts.",
    ),
    F(
        "creditor_debtors_24h",
        _IN.distinct("24h"),
        "count",
        "fan-in",
        "{value} different debtors paid this creditor in 24 hours",
        "Fan-in: many victims, or many workers, pay one collector.",
    ),
    F(
        "creditor_debtors_30d",
        _IN.distinct("30d"),
        "count",
        "fan-in",
        "{value} different debtors paid this creditor in 30 days",
        "Fan-in against the creditor's own baseline.",
    ),
    F(
        "creditor_new_debtors_24h",
        _IN.distinct_new("24h"),
        "count",
        "fan-in",
        "{value} debtors paid this creditor for the first time in 24 hours",
        "A mule account starts to collect.",
    ),
    F(
        "creditor_countries_7d",
        _FROM.distinct("7d"),
        "count",
        "fan-in",
        "this creditor was paid from {value} countries in 7 days",
        "Collectors draw from many countries.",
    ),
    F(
        "creditor_history_seconds",
        _IN.seconds_known(),
        "seconds",
        "fan-in",
        "the creditor's account is known for {value}",
        "Mule accounts are young.",
        "the creditor's account was never seen before",
    ),
    F(
        "debtor_saturated",
        _OUT.saturated(),
        "flag",
        "velocity",
        "the debtor pays so often that counts over 30 days are at least what they say",
        "Beyond 1,024 recent payments the oldest are no longer counted one by one.",
        otherwise="the debtor pays seldom enough for exact counts",
    ),
    F(
        "creditor_saturated",
        _IN.saturated(),
        "flag",
        "fan-in",
        "the creditor is paid so often that counts over 30 days are at least what they say",
        "Beyond 1,024 recent payments the oldest are no longer counted one by one.",
        otherwise="the creditor is paid seldom enough for exact counts",
    ),
    F(
        "received_24h",
        _PASSED.total("24h"),
        "EUR",
        "pass-through",
        "the debtor received {value} in the 24 hours before",
        "Pass-through: what comes in goes out within hours.",
    ),
    F(
        "passed_on",
        ratio(_AMOUNT, _PASSED.total("24h")),
        "ratio",
        "pass-through",
        "the amount is {value} times what the debtor received in the 24 hours before",
        "Pass-through: what comes in goes out within hours, less a fee.",
        "the debtor received nothing in the 24 hours before",
    ),
    F(
        "received_seconds_ago",
        _PASSED.seconds_since_last(),
        "seconds",
        "pass-through",
        "the debtor was last paid {value} ago",
        "Pass-through: what comes in goes out within hours.",
        "the debtor was never paid before",
    ),
    F(
        "payers_7d",
        _PASSED.distinct("7d"),
        "count",
        "pass-through",
        "{value} different accounts paid the debtor in the 7 days before",
        "A mule collects before it passes on.",
    ),
    F(
        "creditor_onward_24h",
        _ONWARD.count("24h"),
        "payments",
        "pass-through",
        "the creditor itself paid out {value} times in the 24 hours before",
        "Layering: the creditor is only the next link.",
    ),
    F(
        "creditor_onward_payees_7d",
        _ONWARD.distinct("7d"),
        "count",
        "pass-through",
        "the creditor itself paid {value} different accounts in the 7 days before",
        "Layering: scatter after gather.",
    ),
    F(
        "device_debtors_30d",
        _DEVICE.distinct("30d"),
        "count",
        "device",
        "{value} different accounts paid from this device in 30 days",
        "One hand operates many people's accounts.",
        "no device given",
    ),
    F(
        "device_payments_24h",
        _DEVICE.count("24h"),
        "payments",
        "device",
        "{value} payments from this device in 24 hours",
        "One hand operates many people's accounts.",
        "no device given",
    ),
    F(
        "device_history_seconds",
        _DEVICE.seconds_known(),
        "seconds",
        "device",
        "the device is known for {value}",
        "New devices are how a thief comes in.",
        "the device was never seen before",
    ),
    F(
        "ip_debtors_24h",
        _IP.distinct("24h"),
        "count",
        "address",
        "{value} different accounts paid from this address in 24 hours",
        "One hand operates many people's accounts (or an office shares an address).",
        "no address given",
    ),
)


def _known_frauds(subject: str, known: View, paid: View) -> tuple[F, ...]:
    def counted(window: str, text: str) -> F:
        return F(
            f"{subject}_frauds_{window}",
            known.flagged(window),
            "payments",
            "known frauds",
            f"{{value}} payments of this {subject} became known as fraud in the {text} before",
            "What was confirmed before tends to go on.",
        )

    def share(window: str, text: str) -> F:
        return F(
            f"{subject}_known_fraud_share_{window}",
            ratio(known.flagged(window), known.count(window)),
            "share",
            "known frauds",
            f"of what became known of this {subject}'s payments in {text}, {{value}} was fraud",
            "As before, against what else was checked.",
            f"nothing became known of this {subject} in {text}",
        )

    def rate(window: str, text: str) -> F:
        return F(
            f"{subject}_fraud_rate_{window}",
            smoothed_rate(known.flagged(window), paid.count(window), _RATE_PRIOR, _RATE_WEIGHT),
            "share",
            "known frauds",
            f"of this {subject}'s payments of {text} about {{value}} (smoothed) is known fraud",
            "As before, against how much goes through; small counts are drawn to the usual rate.",
        )

    return (
        counted("24h", "24 hours"),
        counted("7d", "7 days"),
        counted("30d", "30 days"),
        share("24h", "24 hours"),
        share("7d", "7 days"),
        rate("7d", "7 days"),
        rate("30d", "30 days"),
    )


_labels = (
    *_known_frauds("creditor", _CREDITOR_LABELS, _IN),
    *_known_frauds("debtor", _DEBTOR_LABELS, _OUT),
    *_known_frauds("device", _DEVICE_LABELS, _DEVICE),
    F(
        "creditor_last_known_is_fraud",
        _CREDITOR_LABELS.last_flag(),
        "flag",
        "known frauds",
        "the last that became known of this creditor was a fraud",
        "What was confirmed before tends to go on.",
        "nothing is known of this creditor",
        otherwise="the last that became known of this creditor was honest",
    ),
    F(
        "creditor_seconds_since_first_fraud_30d",
        _CREDITOR_LABELS.seconds_since_first_flagged(),
        "seconds",
        "known frauds",
        "the first fraud to this creditor within 30 days became known {value} ago",
        "How long a compromise is known says whether it is still going on.",
        "no fraud to this creditor became known in 30 days",
    ),
    F(
        "creditor_seconds_since_fraud",
        _CREDITOR_LABELS.seconds_since_flagged(),
        "seconds",
        "known frauds",
        "a fraud to this creditor became known {value} ago",
        "What was confirmed before tends to go on.",
        "no fraud to this creditor is known",
    ),
    F(
        "corridor_fraud_rate_30d",
        smoothed_rate(_CORRIDOR_LABELS.flagged("30d"), _CORRIDOR.count("30d"), _RATE_PRIOR, 100.0),
        "share",
        "corridor",
        "about {value} (smoothed) of this corridor's payments of 30 days became known as fraud",
        "Base rate of the corridor.",
        "country of an account unknown",
    ),
)

_logins = (
    F(
        "login_failures_24h",
        _LOGINS.flagged("24h"),
        "events",
        "logins before",
        "{value} failed logins of this customer in the 24 hours before",
        "Someone guessed or tried stolen passwords before the payment.",
        "no customer given",
    ),
    F(
        "logins_24h",
        _LOGINS.count("24h"),
        "events",
        "logins before",
        "{value} logins of this customer in the 24 hours before",
        "Someone guessed or tried stolen passwords before the payment.",
        "no customer given",
    ),
    F(
        "login_network_known",
        _LOGINS.known(),
        "flag",
        "logins before",
        "the customer had logged in from this network before",
        "A payment from a network without a login before it is not the customer's habit.",
        "no address given",
        otherwise="the customer had never logged in from this network before",
    ),
    F(
        "login_country_is_new",
        unless(_LOGIN_COUNTRIES.known()),
        "flag",
        "logins before",
        "the customer never logged in from this country's networks before",
        "A taken-over account is used from abroad.",
        "no address given",
        otherwise="the customer logged in from this country's networks before",
    ),
    F(
        "login_countries_7d",
        _LOGIN_COUNTRIES.distinct("7d"),
        "count",
        "logins before",
        "the customer logged in from networks of {value} countries in the 7 days before",
        "Two people in two places use one account.",
        "no customer given",
    ),
    F(
        "login_devices_7d",
        _LOGIN_DEVICES.distinct_new("7d"),
        "count",
        "logins before",
        "the customer logged in from {value} new devices in the 7 days before",
        "A taken-over account is used from a new device.",
        "no customer given",
    ),
    F(
        "seconds_since_device_login",
        _LOGIN_DEVICES.seconds_since_same(),
        "seconds",
        "logins before",
        "the customer last logged in from this device {value} ago",
        "A payment from a device that never logged in is not the customer's habit.",
        "the customer never logged in from this device",
    ),
    F(
        "seconds_since_password_reset",
        _RESETS.seconds_since_last(),
        "seconds",
        "logins before",
        "the customer's password was reset {value} ago",
        "Account takeover begins with a reset.",
        "no password reset known",
    ),
    F(
        "seconds_since_payee_added",
        _PAYEES.seconds_since_last(),
        "seconds",
        "logins before",
        "the customer added a payee {value} ago",
        "A payee is added to be paid at once.",
        "no payee addition known",
    ),
    F(
        "sensitive_changes_24h",
        _SENSITIVE.count("24h"),
        "events",
        "logins before",
        "{value} changes of password, device, payee, limit or mail rule in the 24 hours before",
        "Account takeover prepares itself by changing settings.",
        "no customer given",
    ),
)

_message = (
    F(
        "remittance_length",
        Own("remittance_length"),
        "characters",
        "text",
        "the remittance text has {value}",
        "Mules' payments carry little or standard text.",
        "no remittance text",
    ),
    F(
        "remittance_digits",
        Own("remittance_digits"),
        "characters",
        "text",
        "the remittance text holds {value} that are digits",
        "Invoice numbers speak for a real invoice.",
        "no remittance text",
    ),
    F(
        "channel",
        Own("channel"),
        "code",
        "channel",
        "it came through the channel: {value}",
        "Each channel has its own crimes.",
        "no channel given",
        words=("online", "mobile", "branch", "card", "API", "ATM", "phone", "other"),
    ),
)

PAYMENTS = Catalogue(
    "payments",
    "payment",
    _amount
    + _velocity
    + _pace
    + _novelty
    + _corridor
    + _counterparty
    + _labels
    + _logins
    + _message,
)
