"""What a payment reads of each history, and the expressions that several families share."""

from __future__ import annotations

from features.catalog import rings
from features.definitions import Own

OUT = rings.outgoing.read("payment", "debtor", "creditor", "amount", includes_event=True)
IN = rings.incoming.read("payment", "creditor", "debtor", "amount", includes_event=True)
PASSED = rings.incoming.read("payment", "debtor")
ONWARD = rings.outgoing.read("payment", "creditor")
CORRIDORS = rings.debtor_corridors.read("payment", "debtor", "creditor_account_country")
CURRENCIES = rings.debtor_currencies.read("payment", "debtor", "currency")
CHANNELS = rings.debtor_channels.read("payment", "debtor", "channel")
DEVICES = rings.debtor_devices.read("payment", "debtor", "device")
HOURS = rings.debtor_hours.read("payment", "debtor", "hour")
IP_COUNTRIES = rings.debtor_ip_countries.read("payment", "debtor", "ip_country")
FROM = rings.creditor_corridors.read(
    "payment", "creditor", "debtor_account_country", includes_event=True
)
NAMES = rings.creditor_names.read("payment", "creditor", "creditor_name")
DEVICE = rings.device_payments.read("payment", "device", "debtor", "amount", includes_event=True)
IP = rings.ip_payments.read("payment", "ip", "debtor", "amount", includes_event=True)
CORRIDOR_NOW = rings.corridor_hours.read("payment", "corridor")
CORRIDOR = rings.corridor_payments.read("payment", "corridor", value="amount")
AGENT = rings.agent_hours.read("payment", "debtor_agent")
CREDITOR_LABELS = rings.creditor_labels.read("payment", "creditor")
DEBTOR_LABELS = rings.debtor_labels.read("payment", "debtor")
DEVICE_LABELS = rings.device_labels.read("payment", "device")
IP_LABELS = rings.ip_labels.read("payment", "ip")
AGENT_LABELS = rings.agent_labels.read("payment", "creditor_agent")
CORRIDOR_LABELS = rings.corridor_labels.read("payment", "corridor")
LOGINS = rings.user_logins.read("payment", "customer", "ip_network")
LOGIN_COUNTRIES = rings.user_login_countries.read("payment", "customer", "ip_country")
LOGIN_HOME = rings.user_login_countries.read("payment", "customer", "debtor_account_country")
LOGIN_DEVICES = rings.user_login_devices.read("payment", "customer", "device")
RESETS = rings.user_resets.read("payment", "customer")
PAYEES = rings.user_payees.read("payment", "customer")
SENSITIVE = rings.user_sensitive.read("payment", "customer")
REMOTE = rings.user_remote_access.read("payment", "customer")

AMOUNT = Own("amount")
RATE_PRIOR = 0.01
RATE_WEIGHT = 20.0
