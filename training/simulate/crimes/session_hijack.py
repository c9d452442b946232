"""Session hijack with bulk download.

A signed-in session's cookie or token is stolen, by malware or by a proxy between user and service,
and used from elsewhere: no password is typed and no second factor asked for. The thief calls the
interface quickly and downloads as much as it gives: statements, customer lists, archives. A
telephone that leaves the house changes its address within a session too, and a bookkeeper
downloads much at the month's end.

Marks in the data: one session identifier with two addresses, two devices or user agents, often two
countries; bursts of `api_call` and `download`; volume far above the user's own; no login before it.

Source: MITRE ATT&CK T1539 *Steal Web Session Cookie*, T1550.004 *Web Session Cookie* and T1213
*Data from Information Repositories*; OWASP, *Session hijacking attack*; ENISA, *Threat Landscape*
(2024).
"""

from __future__ import annotations

from training.simulate import acts, networks
from training.simulate.acts import Session
from training.simulate.crimes.scene import Scene, crime, hours
from training.simulate.people import Customer
from training.simulate.records import Device

_RESOURCES = ("payment archive", "statement", "customer list", "ledger", "transactions")


@crime(per_thousand=12)
def commit(scene: Scene) -> None:
    """Steal one session and download."""
    chance = scene.chance
    moment = scene.moment(margin=1)
    victim: Customer = scene.firm(moment) if chance.happens(0.6) else scene.person(moment)
    moment = scene.at_hour(victim.country.code, moment, 8, 20)
    own = acts.sign_in(scene.diary, chance, victim, moment)
    device, _, address = scene.kit()
    quiet = chance.happens(0.35)
    if chance.happens(0.5):
        device = Device(own.device.device_id, device.user_agent, own.device.application, False)
    if quiet:
        # A proxy between user and service shows the user's own client, from a home nearby.
        device, address = own.device, networks.residential_proxy(victim.country.code, chance)
    stolen = Session(
        own.user_id, own.session_id, address, device, own.clock + hours(chance, 0.05, 9)
    )
    mark = scene.mark("victim")
    for _ in range(chance.whole(2, 4) if quiet else chance.whole(4, 16)):
        bulk = chance.happens(0.5)
        acts.note(
            scene.diary,
            stolen,
            "download" if bulk else "api_call",
            chance.around(90 if quiet else 6, 0.8),
            mark=mark,
            bytes=int(chance.around(2_500_000 if bulk else 120_000, 1.0)),
            resource=chance.pick(_RESOURCES),
        )
