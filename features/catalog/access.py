"""Features of an access event: failures, spraying, novelty, travel, sessions, volume, payments."""

from __future__ import annotations

from features.catalog import rings
from features.definitions import (
    Catalogue,
    F,
    Own,
    product,
    ratio,
    smoothed_rate,
    speed,
    unless,
)

_EVENTS = rings.user_events.read("access", "user", "action", includes_event=True)
_LOGINS = rings.user_logins.read("access", "user", "ip_network")
_COUNTRIES = rings.user_login_countries.read("access", "user", "ip_country")
_DEVICES = rings.user_login_devices.read("access", "user", "device")
_AGENTS = rings.user_login_agents.read("access", "user", "user_agent")
_NETWORKS = rings.user_login_networks.read("access", "user", "asn")
_HOURS = rings.user_login_hours.read("access", "user", "hour")
_PLACES = rings.user_places.read("access", "user", "place")
_CHALLENGES = rings.user_challenges.read("access", "user")
_RESETS = rings.user_resets.read("access", "user")
_SENSITIVE = rings.user_sensitive.read("access", "user", "action")
_RETRIEVALS = rings.user_retrievals.read("access", "user", "resource", "bytes")
_IP = rings.ip_logins.read("access", "ip", "user")
_IP_FAILURES = rings.ip_failures.read("access", "ip", "user")
_NETWORK = rings.network_logins.read("access", "ip_network", "user")
_DEVICE_USERS = rings.device_users.read("access", "device", "user", includes_event=True)
_SESSION_IPS = rings.session_addresses.read("access", "session", "ip", includes_event=True)
_SESSION_DEVICES = rings.session_devices.read("access", "session", "device", includes_event=True)
_PAYMENTS = rings.customer_payments.read("access", "user")
_IP_LABELS = rings.ip_access_labels.read("access", "ip")
_USER_LABELS = rings.user_access_labels.read("access", "user")

_FAILURES = "The password is being guessed, or stolen ones are being tried (ATT&CK T1110)."
_SPRAYING = "Few passwords are tried on many users from one place (ATT&CK T1110.003)."
_TAKEOVER = "Valid credentials in another's hands come from elsewhere (ATT&CK T1078)."
_SESSION = "A stolen session is used from another place (ATT&CK T1539)."
_NO_ADDRESS = "no address given"
_NO_DEVICE = "no device given"
_NO_SESSION = "no session given"

_what = (
    F(
        "action",
        Own("action"),
        "code",
        "action",
        "the action has code {value} (0 login, 1 MFA, 2 password reset, 3 device enrolment, "
        "4 payee added, 5 limit change, 6 mail rule, 7 consent grant, 8 API call, 9 download)",
        "Each action has its own risk.",
    ),
    F("failed", Own("is_failure"), "flag", "failures", "it failed: {value}", _FAILURES),
    F(
        "privilege",
        Own("privilege"),
        "code",
        "action",
        "rights of code {value} were used (0 user, 1 administrator, 2 service)",
        "Rights decide what a thief can reach.",
        "no rights given",
    ),
    F(
        "mfa_method",
        Own("mfa"),
        "code",
        "action",
        "second factor of code {value} (0 none, 1 SMS, 2 TOTP, 3 push, 4 hardware key)",
        "A weak or absent second factor lets a stolen password in.",
        "no second factor given",
    ),
    F(
        "hour",
        Own("hour"),
        "hour",
        "habit",
        "it was {value} local time at the address",
        "Thieves work at other hours than the user.",
    ),
    F(
        "weekday",
        Own("weekday"),
        "day",
        "habit",
        "it was a {value}",
        "Offices are empty on weekends.",
    ),
    F(
        "user_agent_length",
        Own("user_agent_length"),
        "characters",
        "client",
        "the client describes itself in {value}",
        "Scripts describe themselves in a word, or not at all.",
        "no user agent given",
    ),
    F(
        "bytes",
        Own("bytes"),
        "count",
        "volume",
        "{value} bytes were sent",
        "Bulk retrieval (ATT&CK T1530).",
        "no volume given",
    ),
)

_failures = (
    F(
        "user_failures_10m",
        _LOGINS.flagged("10m"),
        "events",
        "failures",
        "{value} failed logins of this user in the 10 minutes before",
        _FAILURES,
    ),
    F(
        "user_failures_1h",
        _LOGINS.flagged("1h"),
        "events",
        "failures",
        "{value} failed logins of this user in the hour before",
        _FAILURES,
    ),
    F(
        "user_failures_24h",
        _LOGINS.flagged("24h"),
        "events",
        "failures",
        "{value} failed logins of this user in the 24 hours before",
        _FAILURES,
    ),
    F(
        "user_failure_share_30d",
        ratio(_LOGINS.flagged("30d"), _LOGINS.count("30d")),
        "share",
        "failures",
        "{value} of this user's logins of 30 days failed",
        "The user's own baseline of mistyping.",
    ),
    F(
        "user_seconds_since_failure",
        _LOGINS.seconds_since_flagged(),
        "seconds",
        "failures",
        "this user's last failed login was {value} ago",
        _FAILURES,
        "no failed login known",
    ),
    F(
        "user_login_networks_1h",
        _LOGINS.distinct("1h"),
        "count",
        "failures",
        "logins of this user came from {value} networks in the hour before",
        "Credential stuffing spreads over many addresses (ATT&CK T1110.004).",
    ),
    F(
        "user_login_networks_24h",
        _LOGINS.distinct("24h"),
        "count",
        "failures",
        "logins of this user came from {value} networks in the 24 hours before",
        "Credential stuffing spreads over many addresses (ATT&CK T1110.004).",
    ),
    F(
        "user_challenges_1h",
        _CHALLENGES.count("1h"),
        "events",
        "failures",
        "{value} second-factor challenges of this user in the hour before",
        "Challenges are sent until the user gives in (ATT&CK T1621).",
    ),
    F(
        "user_challenge_failures_24h",
        _CHALLENGES.flagged("24h"),
        "events",
        "failures",
        "{value} second-factor challenges of this user failed in the 24 hours before",
        "Challenges are sent until the user gives in (ATT&CK T1621).",
    ),
)

_spraying = (
    F(
        "ip_logins_1h",
        _IP.count("1h"),
        "events",
        "spraying",
        "{value} logins from this address in the hour before",
        _SPRAYING,
        _NO_ADDRESS,
    ),
    F(
        "ip_failures_10m",
        _IP.flagged("10m"),
        "events",
        "spraying",
        "{value} failed logins from this address in the 10 minutes before",
        _FAILURES,
        _NO_ADDRESS,
    ),
    F(
        "ip_failures_1h",
        _IP.flagged("1h"),
        "events",
        "spraying",
        "{value} failed logins from this address in the hour before",
        _FAILURES,
        _NO_ADDRESS,
    ),
    F(
        "ip_failures_24h",
        _IP.flagged("24h"),
        "events",
        "spraying",
        "{value} failed logins from this address in the 24 hours before",
        _FAILURES,
        _NO_ADDRESS,
    ),
    F(
        "ip_failure_share_24h",
        ratio(_IP.flagged("24h"), _IP.count("24h")),
        "share",
        "spraying",
        "{value} of the logins from this address in the 24 hours before failed",
        _SPRAYING,
        "no login from this address in 24 hours",
    ),
    F(
        "ip_failed_users_1h",
        _IP_FAILURES.distinct("1h"),
        "count",
        "spraying",
        "logins of {value} different users failed from this address in the hour before",
        _SPRAYING,
        _NO_ADDRESS,
    ),
    F(
        "ip_failed_users_24h",
        _IP_FAILURES.distinct("24h"),
        "count",
        "spraying",
        "logins of {value} different users failed from this address in the 24 hours before",
        _SPRAYING,
        _NO_ADDRESS,
    ),
    F(
        "ip_users_24h",
        _IP.distinct("24h"),
        "count",
        "spraying",
        "{value} different users tried to log in from this address in the 24 hours before",
        _SPRAYING,
        _NO_ADDRESS,
    ),
    F(
        "ip_users_30d",
        _IP.distinct("30d"),
        "count",
        "spraying",
        "{value} different users tried to log in from this address in the 30 days before",
        "An office or a carrier shares one address among many users.",
        _NO_ADDRESS,
    ),
    F(
        "network_failed_1h",
        _NETWORK.flagged("1h"),
        "events",
        "spraying",
        "{value} failed logins from this network in the hour before",
        _SPRAYING,
        _NO_ADDRESS,
    ),
    F(
        "network_users_24h",
        _NETWORK.distinct("24h"),
        "count",
        "spraying",
        "{value} different users tried to log in from this network in the 24 hours before",
        _SPRAYING,
        _NO_ADDRESS,
    ),
    F(
        "ip_saturated",
        _IP.saturated(),
        "flag",
        "spraying",
        "this address is so busy that counts over 30 days are at least what they say: {value}",
        "Beyond 1,024 recent logins the oldest are no longer counted one by one.",
        _NO_ADDRESS,
    ),
    F(
        "ip_history_seconds",
        _IP.seconds_known(),
        "seconds",
        "address",
        "this address is known for {value}",
        _TAKEOVER,
        "the address was never seen before",
    ),
)

_novelty = (
    F(
        "country_is_new",
        unless(_COUNTRIES.known()),
        "flag",
        "address",
        "the user never logged in from this country's networks before: {value}",
        _TAKEOVER,
        _NO_ADDRESS,
    ),
    F(
        "country_changed",
        unless(_COUNTRIES.last_same()),
        "flag",
        "address",
        "the registration country changed since the user's last login: {value}",
        _TAKEOVER,
        "no earlier login, or no address",
    ),
    F(
        "countries_24h",
        _COUNTRIES.distinct("24h"),
        "count",
        "address",
        "the user logged in from networks of {value} countries in the 24 hours before",
        _TAKEOVER,
    ),
    F(
        "seconds_since_country_change",
        product(unless(_COUNTRIES.last_same()), _COUNTRIES.seconds_since_last()),
        "seconds",
        "address",
        "the registration country changed within {value} (0 seconds: it did not)",
        "Nobody is in two countries at once.",
        "no earlier login, or no address",
    ),
    F(
        "travel_speed",
        speed(_PLACES),
        "km/h",
        "travel",
        "from the place of the last login to this one at {value}",
        "Nobody travels faster than an airliner (or a VPN was used).",
        "no place known for the address or for an earlier login",
    ),
    F(
        "network_is_new",
        unless(_NETWORKS.known()),
        "flag",
        "address",
        "the user never logged in through this autonomous system before: {value}",
        _TAKEOVER,
        "no autonomous system known",
    ),
    F(
        "subnet_is_new",
        unless(_LOGINS.known()),
        "flag",
        "address",
        "the user never tried to log in from this network before: {value}",
        _TAKEOVER,
        _NO_ADDRESS,
    ),
    F(
        "device_is_new",
        unless(_DEVICES.known()),
        "flag",
        "device",
        "the user never logged in from this device before: {value}",
        _TAKEOVER,
        _NO_DEVICE,
    ),
    F(
        "user_agent_is_new",
        unless(_AGENTS.known()),
        "flag",
        "client",
        "the user never logged in with this client before: {value}",
        _TAKEOVER,
        "no user agent given",
    ),
    F(
        "devices_7d",
        _DEVICES.distinct("7d"),
        "count",
        "device",
        "the user logged in from {value} devices in the 7 days before",
        _TAKEOVER,
    ),
    F(
        "unusual_hour",
        ratio(_HOURS.same("30d"), _HOURS.count("30d")),
        "share",
        "habit",
        "{value} of the user's logins of 30 days fell in this hour of the day",
        "Logins at hours at which the user never works.",
    ),
    F(
        "user_seconds_since_login",
        _DEVICES.seconds_since_last(),
        "seconds",
        "habit",
        "the user's last login was {value} ago",
        "A dormant account wakes.",
        "no earlier login",
    ),
    F(
        "user_history_seconds",
        _EVENTS.seconds_known(),
        "seconds",
        "habit",
        "the user is known for {value}",
        "Young accounts are opened to be misused.",
    ),
    F(
        "device_users_30d",
        _DEVICE_USERS.distinct("30d"),
        "count",
        "device",
        "{value} different users acted from this device in 30 days",
        "One hand operates many people's accounts.",
        _NO_DEVICE,
    ),
    F(
        "device_users_24h",
        _DEVICE_USERS.distinct("24h"),
        "count",
        "device",
        "{value} different users acted from this device in 24 hours",
        "One hand operates many people's accounts.",
        _NO_DEVICE,
    ),
)

_session = (
    F(
        "session_addresses",
        _SESSION_IPS.distinct("24h"),
        "count",
        "session",
        "the session was used from {value} addresses in 24 hours",
        _SESSION,
        _NO_SESSION,
    ),
    F(
        "session_address_changed",
        unless(_SESSION_IPS.last_same()),
        "flag",
        "session",
        "the session's address changed since its last use: {value}",
        _SESSION,
        "first use of the session, or none given",
    ),
    F(
        "session_devices",
        _SESSION_DEVICES.distinct("24h"),
        "count",
        "session",
        "the session was used from {value} devices in 24 hours",
        _SESSION,
        _NO_SESSION,
    ),
    F(
        "session_device_changed",
        unless(_SESSION_DEVICES.last_same()),
        "flag",
        "session",
        "the session's device changed since its last use: {value}",
        _SESSION,
        "first use of the session, or none given",
    ),
)

_volume = (
    F(
        "user_events_10m",
        _EVENTS.count("10m"),
        "events",
        "volume",
        "{value} actions of this user in 10 minutes",
        "A script acts faster than a person.",
    ),
    F(
        "user_events_1h",
        _EVENTS.count("1h"),
        "events",
        "volume",
        "{value} actions of this user in 1 hour",
        "A script acts faster than a person.",
    ),
    F(
        "user_events_30d",
        _EVENTS.count("30d"),
        "events",
        "volume",
        "{value} actions of this user in 30 days",
        "The user's own baseline.",
    ),
    F(
        "user_actions_24h",
        _EVENTS.distinct("24h"),
        "count",
        "volume",
        "the user did {value} different kinds of action in 24 hours",
        "A thief looks around.",
    ),
    F(
        "action_share_30d",
        ratio(_EVENTS.same("30d"), _EVENTS.count("30d")),
        "share",
        "habit",
        "{value} of the user's actions of 30 days were of this kind",
        "An action that the user hardly ever takes.",
    ),
    F(
        "retrievals_1h",
        _RETRIEVALS.count("1h"),
        "events",
        "volume",
        "{value} downloads or API calls of this user in the hour before",
        "Bulk retrieval (ATT&CK T1530).",
    ),
    F(
        "retrieved_bytes_24h",
        _RETRIEVALS.total("24h"),
        "count",
        "volume",
        "{value} bytes retrieved by this user in the 24 hours before",
        "Bulk retrieval (ATT&CK T1530).",
    ),
    F(
        "bytes_to_mean",
        ratio(Own("bytes"), _RETRIEVALS.mean()),
        "ratio",
        "volume",
        "the volume is {value} times the user's average",
        "Bulk retrieval (ATT&CK T1530).",
    ),
    F(
        "retrieval_burst",
        ratio(_RETRIEVALS.count("24h"), _RETRIEVALS.count("30d")),
        "share",
        "volume",
        "{value} of the user's downloads and API calls of 30 days fall in 24 hours",
        "Bulk retrieval (ATT&CK T1530).",
    ),
)

_changes = (
    F(
        "sensitive_changes_24h",
        _SENSITIVE.count("24h"),
        "events",
        "changes",
        "{value} changes of password, device, payee, limit or mail rule in the 24 hours before",
        "A thief makes an account his own (ATT&CK T1098, T1114.003).",
    ),
    F(
        "seconds_since_password_reset",
        _RESETS.seconds_since_last(),
        "seconds",
        "changes",
        "the user's password was reset {value} ago",
        "Account takeover begins with a reset.",
        "no password reset known",
    ),
    F(
        "seconds_since_same_change",
        _SENSITIVE.seconds_since_same(),
        "seconds",
        "changes",
        "the user last did such a change {value} ago",
        "A change that the user never made before.",
        "no such change known",
    ),
)

_across = (
    F(
        "payments_24h",
        _PAYMENTS.count("24h"),
        "payments",
        "payments before",
        "{value} payments of this user in the 24 hours before",
        "What the money did explains what the login was for.",
    ),
    F(
        "paid_24h",
        _PAYMENTS.total("24h"),
        "EUR",
        "payments before",
        "{value} paid by this user in the 24 hours before",
        "What the money did explains what the login was for.",
    ),
    F(
        "new_payees_24h",
        _PAYMENTS.distinct_new("24h"),
        "count",
        "payments before",
        "{value} new payees of this user in the 24 hours before",
        "What the money did explains what the login was for.",
    ),
    F(
        "ip_frauds_30d",
        _IP_LABELS.flagged("30d"),
        "events",
        "known frauds",
        "{value} events from this address became known as crime in the 30 days before",
        "What was confirmed before tends to go on.",
        _NO_ADDRESS,
    ),
    F(
        "ip_fraud_rate_30d",
        smoothed_rate(_IP_LABELS.flagged("30d"), _IP.count("30d"), 0.01, 20.0),
        "share",
        "known frauds",
        "of this address's logins of 30 days about {value} (smoothed) became known as crime",
        "What was confirmed before tends to go on.",
        _NO_ADDRESS,
    ),
    F(
        "user_frauds_30d",
        _USER_LABELS.flagged("30d"),
        "events",
        "known frauds",
        "{value} events of this user became known as crime in the 30 days before",
        "What was confirmed before tends to go on.",
    ),
)

ACCESS = Catalogue(
    "access",
    "access",
    _what + _failures + _spraying + _novelty + _session + _volume + _changes + _across,
)
