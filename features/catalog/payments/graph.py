"""Circles, gatherings and shared devices: what the graph of accounts says of a payment."""

from __future__ import annotations

from features.catalog import rings
from features.definitions import F, Walk

_FLOW = Walk.flow(rings.outgoing, rings.incoming, "7d")
_SHARED = Walk.shared(
    devices=(rings.debtor_devices, rings.device_payments),
    addresses=(rings.debtor_addresses, rings.ip_payments),
    known=(rings.debtor_labels, rings.creditor_labels),
    window="30d",
)
_ALIKE = rings.incoming.read("payment", "debtor", value="amount")

GRAPH_FEATURES = (
    F(
        "received_alike_24h",
        _ALIKE.alike("24h"),
        "payments",
        "pass-through",
        "{value} payments of about this amount reached the debtor in the 24 hours before",
        "A mule passes on what came in, less a commission, within hours.",
    ),
    F(
        "circle_payments_7d",
        _FLOW.circle(),
        "payments",
        "graph",
        "{value} payments within 7 days make a circle that this one closes (0: there is none)",
        "Money that comes back to where it started was moved to look like trade or wealth.",
    ),
    F(
        "gathered_payers_7d",
        _FLOW.gathered(),
        "count",
        "graph",
        "{value} others paid by one who paid the debtor passed it to this creditor in 7 days",
        "Scatter and gather: one sum is spread over mules and collected again.",
    ),
    F(
        "linked_accounts_30d",
        _SHARED.accounts(),
        "count",
        "graph",
        "{value} other accounts within two shared devices or addresses of 30 days",
        "One hand operates many people's accounts.",
    ),
    F(
        "hops_to_known_fraud_30d",
        _SHARED.hops(),
        "count",
        "graph",
        "{value} shared devices or addresses lie between here and a fraud known within 30 days",
        "Criminals change accounts sooner than devices; a victim's account leads to nobody.",
        "no fraud of 30 days is known within two shared devices or addresses",
        version=2,
    ),
    F(
        "walk_cut_short",
        _SHARED.spent(),
        "flag",
        "graph",
        "an address here is shared by too many accounts to mean a link, or a walk was cut short",
        "Shared by very many is an office, a school or a carrier, or a farm of accounts.",
        otherwise="all shared devices and addresses were followed",
        version=2,
    ),
    F(
        "flow_cut_short",
        _FLOW.spent(),
        "flag",
        "graph",
        "so many payments lead here that only the newest were followed",
        "A hub: a shop, a payroll account, or a collector.",
        otherwise="all payments that lead here were followed",
    ),
)
