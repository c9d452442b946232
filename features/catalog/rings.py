"""The histories that both catalogues read: what is kept, by which key."""

from __future__ import annotations

from features.definitions import Ring, RingStream, buckets

# Payments, by everyone and everything they touch.
outgoing = Ring(
    "outgoing", "payment", "debtor", value="amount", other="creditor", flag="just_under_threshold"
)
incoming = Ring(
    "incoming", "payment", "creditor", value="amount", other="debtor", flag="just_under_creditors"
)
debtor_corridors = Ring("debtor_corridors", "payment", "debtor", other="creditor_account_country")
debtor_currencies = Ring("debtor_currencies", "payment", "debtor", other="currency")
debtor_channels = Ring("debtor_channels", "payment", "debtor", other="channel")
debtor_devices = Ring("debtor_devices", "payment", "debtor", other="device")
debtor_addresses = Ring("debtor_addresses", "payment", "debtor", other="ip")
debtor_hours = Ring("debtor_hours", "payment", "debtor", other="hour")
debtor_ip_countries = Ring("debtor_ip_countries", "payment", "debtor", other="ip_country")
creditor_corridors = Ring(
    "creditor_corridors", "payment", "creditor", other="debtor_account_country"
)
creditor_names = Ring("creditor_names", "payment", "creditor", other="creditor_name")
device_payments = Ring("device_payments", "payment", "device", value="amount", other="debtor")
ip_payments = Ring("ip_payments", "payment", "ip", value="amount", other="debtor")
customer_payments = Ring(
    "customer_payments", "payment", "customer", value="amount", other="creditor"
)
# Two of each size, so that a busy corridor is read in a few dozen buckets, not in hundreds.
corridor_hours = buckets("corridor_hours", "payment", "corridor", "1h", ("1h", "24h"))
corridor_payments = buckets("corridor_payments", "payment", "corridor", "6h", ("7d", "30d"))
agent_hours = buckets("agent_hours", "payment", "debtor_agent", "1h", ("1h", "24h"))


# What became known of payments, keyed on when it became known. Against an account counts only what
# it was no victim of.
def _known(name: str, stream: RingStream, by: str, flag: str = "label_fraud") -> Ring:
    return Ring(
        name,
        stream,
        by,
        flag=flag,
        weight="label_weight",
        windows=("24h", "7d", "30d"),
        grace="30d",
    )


creditor_labels = _known("creditor_labels", "payment_label", "creditor")
debtor_labels = _known("debtor_labels", "payment_label", "debtor", "label_blame")
device_labels = _known("device_labels", "payment_label", "device")
ip_labels = _known("ip_labels", "payment_label", "ip")
agent_labels = buckets("agent_labels", "payment_label", "creditor_agent", "24h", ("7d", "30d"))
corridor_labels = buckets("corridor_labels", "payment_label", "corridor", "24h", ("7d", "30d"))

# Access events, by user, address, network, device and session.
_SHORT = ("10m", "1h", "24h", "30d")
user_events = Ring(
    "user_events", "access", "user", value="privilege_level", other="action", windows=_SHORT
)
user_logins = Ring(
    "user_logins",
    "access",
    "user",
    other="ip_network",
    flag="is_failed_login",
    where="is_login",
    windows=_SHORT,
)
user_login_countries = Ring(
    "user_login_countries", "access", "user", other="ip_country", where="is_successful_login"
)
user_login_devices = Ring(
    "user_login_devices", "access", "user", other="device", where="is_successful_login"
)
user_login_agents = Ring(
    "user_login_agents", "access", "user", other="user_agent", where="is_successful_login"
)
user_login_networks = Ring(
    "user_login_networks", "access", "user", other="asn", where="is_successful_login"
)
user_login_hours = Ring(
    "user_login_hours", "access", "user", other="part_of_week", where="is_successful_login"
)
user_places = Ring("user_places", "access", "user", other="place", where="is_successful_login")
user_challenges = Ring(
    "user_challenges", "access", "user", flag="is_failure", where="is_mfa_challenge", windows=_SHORT
)
user_factors = Ring("user_factors", "access", "user", value="mfa_strength", where="has_mfa")
user_enrolments = Ring("user_enrolments", "access", "user", where="is_device_enrolment")
user_consents = Ring("user_consents", "access", "user", where="is_consent_grant")
user_remote_access = Ring("user_remote_access", "access", "user", where="is_remote_access")
user_applications = Ring("user_applications", "access", "user", other="application")
user_sessions = Ring("user_sessions", "access", "user", other="session")
user_resets = Ring("user_resets", "access", "user", where="is_password_reset")
user_payees = Ring("user_payees", "access", "user", where="is_payee_added")
user_sensitive = Ring("user_sensitive", "access", "user", other="action", where="is_sensitive")
user_retrievals = Ring(
    "user_retrievals",
    "access",
    "user",
    value="bytes",
    other="resource",
    where="is_retrieval",
    windows=_SHORT,
)
ip_logins = Ring(
    "ip_logins",
    "access",
    "ip",
    other="user",
    flag="is_failed_login",
    where="is_login",
    windows=_SHORT,
)
ip_failures = Ring(
    "ip_failures", "access", "ip", other="user", where="is_failed_login", windows=_SHORT
)
network_logins = Ring(
    "network_logins",
    "access",
    "ip_network",
    other="user",
    flag="is_failed_login",
    where="is_login",
    windows=_SHORT,
)
device_users = Ring("device_users", "access", "device", other="user")
session_addresses = Ring("session_addresses", "access", "session", other="ip")
session_devices = Ring("session_devices", "access", "session", other="device")

ip_access_labels = _known("ip_access_labels", "access_label", "ip")
user_access_labels = _known("user_access_labels", "access_label", "user", "label_blame")
