"""Which model serves: proposals, approvals, promotions and the pointer, beside the bundles.

```
<models_dir>/<stream>/
    <version>/             a bundle, never changed
    <version>.documents/   its report, card, gates and validation pack
    promotions.jsonl       one line for each act, only ever added to; see models.promotions
    champion.json          the record in force; the service follows it
    proposal.json          what waits for a second person
    challenger.json        what is scored beside the champion; see models.challenger
```

A bundle is copied under a hidden name and renamed when complete, the record is on disk before the
pointer moves, and the pointer is replaced in one step: a crash anywhere leaves the old champion or
the new one. MLflow's alias only mirrors this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from models import promotions
from models.bundle import Bundle
from models.errors import PromotionRefused
from models.promotions import (
    CHALLENGER,
    CHAMPION,
    PROPOSAL,
    Person,
    Promotion,
    history,
    in_force,
    locked,
    point,
    record,
    require_words,
)

__all__ = ["Promotion", "approve", "champion", "history", "promote", "propose", "reject"]
Gates = Sequence[Mapping[str, Any]]


def promote(
    models_dir: Path,
    bundle_dir: Path,
    by: str | Person,
    why: str,
    *,
    gates: Gates = (),
    override: str = "",
    documents: Sequence[Path] = (),
) -> Promotion:
    """Make the bundle in `bundle_dir` its stream's champion and return the record.

    Promoting the champion again changes nothing and returns the record in force. Raises `BadBundle`
    when the bundle is damaged, `PromotionRefused` when `by` or `why` is empty, or a gate failed and
    `override` gives no reason.
    """
    person = _person(by, why)
    bundle = Bundle.load(bundle_dir)
    _check(gates, override)
    with locked(models_dir / bundle.stream) as room:
        current = in_force(room, CHAMPION)
        if current is not None and current.version == bundle.version:
            Bundle.load(room / current.version)
            return current
        promotions.keep(bundle_dir, room, bundle, documents)
        return _put_in_force(
            room,
            bundle,
            current,
            person,
            why,
            approvers=(person.name.strip(),),
            gates=tuple(map(dict, gates)),
            override=override.strip(),
        )


def propose(
    models_dir: Path,
    bundle_dir: Path,
    by: str | Person,
    why: str,
    *,
    gates: Gates = (),
    documents: Sequence[Path] = (),
) -> Promotion:
    """Lay the bundle before a second person, in place of what was proposed before.

    Raises `BadBundle` when it is damaged, and `PromotionRefused` when it serves already, `by` or
    `why` is empty, or a gate failed: nobody may wave that through.
    """
    person = _person(by, why)
    bundle = Bundle.load(bundle_dir)
    _check(gates, "")
    with locked(models_dir / bundle.stream) as room:
        current = in_force(room, CHAMPION)
        if current is not None and current.version == bundle.version:
            raise PromotionRefused(f"{bundle.name} {bundle.version} is the champion already")
        promotions.keep(bundle_dir, room, bundle, documents)
        previous = None if current is None else current.version
        act = record(room, bundle, previous, "propose", person, why, gates=tuple(map(dict, gates)))
        point(room, PROPOSAL, act)
        return act


def approve(
    models_dir: Path, stream: str, by: str | Person, why: str, version: str | None = None
) -> Promotion:
    """Put what was proposed in force as a second person; return the record with both names.

    Raises `PromotionRefused` when nothing waits, it is another version than the one given, `by`
    proposed it, or the champion is no longer the one that the gates compared it with.
    """
    person = _person(by, why)
    with locked(models_dir / stream) as room:
        proposed, bundle = _waiting(room, version)
        if _same(person.name, proposed.by):
            raise PromotionRefused(
                f"{proposed.by} proposed {proposed.name} {proposed.version}; another person must "
                f"approve it"
            )
        current = in_force(room, CHAMPION)
        now = None if current is None else current.version
        if now != proposed.previous:
            raise PromotionRefused(
                f"{proposed.name} {proposed.version} was compared with {proposed.previous}, and "
                f"the champion is now {now}; propose it again"
            )
        act = _put_in_force(
            room,
            bundle,
            current,
            person,
            why,
            approvers=(proposed.by, person.name.strip()),
            gates=proposed.gates,
        )
        return act


def reject(
    models_dir: Path, stream: str, by: str | Person, why: str, version: str | None = None
) -> Promotion:
    """Turn down what was proposed, or take it back; raises `PromotionRefused` as `approve` does."""
    person = _person(by, why)
    with locked(models_dir / stream) as room:
        proposed, bundle = _waiting(room, version)
        act = record(room, bundle, proposed.previous, "reject", person, why)
        promotions.clear(room, PROPOSAL)
        return act


def rollback(models_dir: Path, stream: str, by: str | Person, why: str) -> Promotion:
    """Make the version that the champion had replaced champion again; return the record.

    A second rollback goes one further back. Raises `PromotionRefused` when there is no earlier one.
    """
    person = _person(by, why)
    with locked(models_dir / stream) as room:
        current = in_force(room, CHAMPION)
        if current is None:
            raise PromotionRefused(f"stream {stream} has no champion to roll back; promote one")
        made = [
            act
            for act in promotions.records(room)
            if act.action == "promote" and act.version == current.version
        ]
        earlier = made[-1].previous if made else None
        if earlier is None:
            raise PromotionRefused(
                f"{current.name} {current.version} replaced no earlier champion; promote another"
            )
        bundle = Bundle.load(room / earlier)
        act = record(room, bundle, current.version, "rollback", person, why)
        point(room, CHAMPION, act)
        return act


def champion(models_dir: Path, stream: str) -> Path | None:
    """Return the directory of the stream's champion, None when nothing was promoted yet."""
    room = models_dir / stream
    current = in_force(room, CHAMPION)
    return None if current is None else room / current.version


def proposal(models_dir: Path, stream: str) -> Promotion | None:
    """Return what waits for a second person, None when nothing does."""
    return _proposal(models_dir / stream)


def _proposal(room: Path) -> Promotion | None:
    proposed, current = in_force(room, PROPOSAL), in_force(room, CHAMPION)
    # A crash may have come between the champion's pointer and the end of the proposal.
    done = proposed is None or (current is not None and current.version == proposed.version)
    return None if done else proposed


def _waiting(room: Path, version: str | None) -> tuple[Promotion, Bundle]:
    proposed = _proposal(room)
    if proposed is None:
        raise PromotionRefused(f"no {room.name} model waits for approval; propose one first")
    if version is not None and version != proposed.version:
        raise PromotionRefused(
            f"version={version!r}: what waits for approval is {proposed.version}; look at it first"
        )
    return proposed, Bundle.load(room / proposed.version)


def _put_in_force(
    room: Path,
    bundle: Bundle,
    current: Promotion | None,
    person: Person,
    why: str,
    **more: Any,
) -> Promotion:
    previous = None if current is None else current.version
    act = record(room, bundle, previous, "promote", person, why, **more)
    point(room, CHAMPION, act)
    for pointer in (PROPOSAL, CHALLENGER):
        # What has become champion waits for nobody and challenges nobody.
        named = in_force(room, pointer)
        if named is not None and named.version == bundle.version:
            promotions.clear(room, pointer)
    return act


def _person(by: str | Person, why: str) -> Person:
    person = by if isinstance(by, Person) else Person(by)
    require_words(person.name, why)
    return person


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def _check(gates: Gates, override: str) -> None:
    failed = [str(gate["name"]) for gate in gates if not gate["passed"]]
    if failed and not override.strip():
        raise PromotionRefused(
            f"the gates {', '.join(failed)} are not passed; train a better model, or change the "
            f"recipe's [gates] and say why in its description"
        )
