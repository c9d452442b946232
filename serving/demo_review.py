"""The demo's reviewers: cases of each crime in each state, so that the console opens onto a day's
work that is half done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import httpx

from features.events import Label

_PER_CRIME = 4
"""Cases of each crime that are worked on: one is confirmed, one claimed, one noted, one left."""
_HONEST = 6
_LOOKED_AT = 200
_CONFIRMED = (
    "The customer did not make these payments; the device and the payee are new, and the bank "
    "of the creditor confirms further complaints."
)
_HONEST_REASON = "Called the customer: a purchase that was planned, with an invoice."
_NOTES = (
    "The login came from a network that this customer never used. Please look at the device too.",
    "Asked the branch for the opening papers of the creditor's account.",
)


def truths(labels: Iterable[Label]) -> dict[tuple[str, str], str]:
    """Return the crime of each event that is one, by stream and event id, as the world made it."""
    return {
        (one.stream, one.event_id): one.typology for one in labels if one.is_fraud and one.typology
    }


def work(client: httpx.Client, crimes: Mapping[tuple[str, str], str]) -> Counter[str]:
    """Claim, note and decide some cases through the API; return how many cases were left how."""
    left: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for case_id in _waiting(client):
        detail = client.get(f"/v1/cases/{case_id}").json()
        found = Counter(
            crimes.get((one["stream"], one["event_id"]), "")
            for one in detail["timeline"]
            if one["in_case"]
        )
        found.pop("", None)
        crime = found.most_common(1)[0][0] if found else ""
        turn = seen[crime]
        seen[crime] += 1
        if turn >= (_PER_CRIME if crime else _HONEST):
            continue
        left[_act(client, case_id, crime, turn)] += 1
    return left


def _waiting(client: httpx.Client) -> list[str]:
    """Return the first cases of the queue; read whole, since what is decided leaves it."""
    asked = {"order": "priority", "limit": str(_LOOKED_AT)}
    return [one["case_id"] for one in client.get("/v1/cases", params=asked).json()["cases"]]


def _act(client: httpx.Client, case_id: str, crime: str, turn: int) -> str:
    place = f"/v1/cases/{case_id}"
    if turn == 3:
        return "open"
    if turn == 2:
        client.post(f"{place}/notes", json={"text": _NOTES[len(crime) % len(_NOTES)]})
        return "open"
    client.post(f"{place}/claim")
    if turn == 1 and crime:
        client.post(f"{place}/notes", json={"text": _NOTES[0]})
        return "claimed"
    decision = (
        {"disposition": "fraud_confirmed", "reason": _CONFIRMED, "typology": crime}
        if crime
        else {"disposition": "false_positive", "reason": _HONEST_REASON}
    )
    answer = client.post(f"{place}/decision", json=decision)
    return str(answer.json().get("state", "claimed"))
