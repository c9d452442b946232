"""Password spraying.

Instead of many passwords for one user, a few common passwords are tried on very many users, so that
no account locks. The tries come from one address or one network, one to three for each user, at
the pace of a machine or spread over days; some user names do not exist. One or two in a hundred
succeed, and are kept for later. Some tools clear their cookies after each try, so that every try
seems to come from another device. An office in which everybody mistypes on Monday morning, and a
program whose password has expired, look alike at first.

Marks in the data: one address or network tries many users, few tries each, nearly all fail; one
user agent; now and then a success from that same address.

Source: MITRE ATT&CK T1110.003 *Password Spraying*; CISA alert TA18-086A, *Brute Force Attacks
Conducted by Cyber Actors* (2018).
"""

from __future__ import annotations

from training.simulate import acts, devices, networks
from training.simulate.acts import Session
from training.simulate.calendars import MINUTE
from training.simulate.crimes.scene import Scene, crime
from training.simulate.people import Customer
from training.simulate.records import Device

_UNKNOWN_USERS = 0.12
_SUCCESS = 0.03


@crime(per_thousand=5.5)
def commit(scene: Scene) -> None:
    """Try a few passwords on many users."""
    chance = scene.chance
    moment = scene.moment(margin=5)
    slow = chance.happens(0.4)
    block = chance.whole(0, 7)
    everybody: list[Customer] = [*scene.population.persons, *scene.population.firms]
    targets = chance.some(everybody, chance.whole(25, 45))
    addresses = [networks.hosting(chance, block) for _ in range(6 if slow else chance.whole(1, 2))]
    if chance.happens(0.25):
        addresses = [networks.vpn(chance)]
    tool = devices.script(chance) if chance.happens(0.3) else devices.computer(chance)
    disguised = chance.happens(0.5)
    mark = scene.mark("victim")
    tries = 2 if chance.happens(0.3) else 1
    for _ in range(tries):
        for target in targets:
            moment += int((chance.around(55, 0.8) if slow else chance.around(0.35, 0.8)) * MINUTE)
            user = target.customer_id
            if chance.happens(_UNKNOWN_USERS):
                user = f"C{chance.whole(500_000, 899_999)}"
            shown = devices.computer(chance).device_id if disguised else tool.device_id
            client = Device(shown, tool.user_agent, "web_bank", False)
            address = chance.pick(addresses)
            session = Session(user, chance.hexadecimal(16), address, client, moment)
            hit = user == target.customer_id and chance.happens(_SUCCESS)
            acts.note(scene.diary, session, "login", 0, "success" if hit else "failure", mark)
            if hit and chance.happens(0.5):
                acts.note(
                    scene.diary,
                    session,
                    "api_call",
                    chance.between(2, 60),
                    mark=mark,
                    resource="profile",
                    bytes=int(chance.around(40_000, 0.6)),
                )
