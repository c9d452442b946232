"""Exit by virtual assets.

Proceeds arrive on the account of a mule or of a victim's own making, are paid to an exchange within
hours, and leave it again as a stable coin or as bitcoin to a wallet of somebody who is not named.
The transfer should carry the names of both ends (the "travel rule"); here they are missing or only
half given, because the wallet is said to be the customer's own. Several mules end in one wallet.
People who buy a little each month and keep the keys themselves look alike.

Marks in the data: money in, then to an exchange within hours, first time; a transfer with scheme
WALLET in USDC or BTC soon after, without name of creditor or ultimate creditor; one wallet paid by
several customers; accounts that woke for this.

Source: FATF, *Virtual Assets: Red Flag Indicators of Money Laundering and Terrorist Financing*
(2020); FATF, *Countering Ransomware Financing* (2023); FATF Recommendations 15 and 16.
"""

from __future__ import annotations

from features.events import SubjectRole
from training.simulate import accounts, acts, people
from training.simulate.crimes.scene import Scene, crime, hours

_GANG_SIZE = 3


@crime(per_thousand=6)
def commit(scene: Scene) -> None:
    """Turn one customer's money into virtual assets and move them out."""
    chance = scene.chance
    moment = scene.moment(margin=4)
    holder = scene.person(moment)
    role: SubjectRole = "unwitting_mule" if chance.happens(0.5) else "complicit"
    moment = scene.at_hour(holder.country.code, moment, 8, 21)
    euros = holder.wage * chance.around(0.5, 0.5)
    if chance.happens(0.65):
        euros = 0.0
        for _ in range(chance.whole(1, 3)):
            part = chance.around(900, 0.7)
            places = (holder.country.code, "DE", "FR", "GB", *holder.country.families_in)
            payer = people.outsider(chance, chance.pick(places))
            scene.pay_in(payer, holder.party, part, moment, "victim", text="investment")
            euros += part * chance.between(0.9, 0.98)
            moment += hours(chance, 0.1, 5)
    exchange = people.exchange(chance.whole(0, 3))
    session = acts.sign_in(scene.diary, chance, holder, moment + hours(chance, 0.2, 8))
    if chance.happens(0.6):
        acts.note(scene.diary, session, "payee_added", chance.between(20, 200))
    for _ in range(chance.whole(1, 2)):
        paid = scene.pay(
            holder, exchange, euros / 2, session, role, text=chance.pick(("top up", None))
        )
        paid.ultimate_creditor = holder.party
    gang = scene.number // _GANG_SIZE
    own = accounts.wallet(f"{holder.customer_id} custody", holder.party.name, exchange.agent)
    clock = session.clock + hours(chance, 0.2, 20)
    for number in range(chance.whole(1, 3)):
        currency = chance.pick(("USDC", "USDC", "BTC"))
        out = acts.receive(
            scene.diary,
            own,
            accounts.wallet(f"{scene.typology} {gang} {number % 2}", ""),
            acts.minor_units(euros * chance.between(0.3, 0.6), currency),
            currency,
            clock,
            channel=chance.pick(("mobile", "online", "api")),
            customer_id=holder.customer_id,
            mark=scene.mark(role),
        )
        if chance.happens(0.3):
            out.ultimate_debtor = holder.party
        if chance.happens(0.15):
            out.ultimate_creditor = holder.party
        clock += hours(chance, 0.1, 10)
