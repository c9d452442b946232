"""Who owns which member's history: advisory locks, fencing numbers and signs of life (PostgreSQL).

A lock keeps two live processes apart and falls with its process. The fencing number, which rises
at each take-over, is looked at within every writing transaction: a process that was frozen, and
wakes up when another has taken over, commits nothing. Times are the server's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from serving.store.schema import instances, owners

_NOW = sa.cast(sa.func.extract("epoch", sa.func.clock_timestamp()) * 1_000_000, sa.BigInteger)
_DAY = 86_400_000_000
_LOCK_NOT_AVAILABLE = "55P03"


@dataclass(frozen=True)
class Owned:
    """A member's last owner, and the fencing number under which it took the member."""

    member: str
    instance: str
    fence: int


@dataclass(frozen=True)
class Holder:
    """The process that owns a member; `silent_for` is in seconds since its last sign of life.

    `address` is where it takes requests, None where nobody said so.
    """

    instance: str
    name: str
    silent_for: float
    address: str | None


def renew(connection: Connection, instance: str, name: str, address: str | None = None) -> None:
    """Give a sign of life, and forget processes that gave none for a day."""
    alive = insert(instances).values(instance=instance, name=name, seen_at=_NOW, address=address)
    connection.execute(
        alive.on_conflict_do_update(index_elements=["instance"], set_={"seen_at": _NOW})
    )
    connection.execute(sa.delete(instances).where(instances.c.seen_at < _NOW - _DAY))


def registered(connection: Connection) -> list[Owned]:
    """Return every member that ever had an owner, with its last one."""
    query = sa.select(owners.c.member, owners.c.instance, owners.c.fence)
    return [Owned(*row) for row in connection.execute(query.order_by(owners.c.member))]


def take(connection: Connection, member: str, instance: str) -> int | None:
    """Become a member's owner; return the new fencing number, None when another holds the lock.

    `connection` keeps the lock until it is closed. A transaction of the former owner that looked
    at its number keeps the member a moment longer; one that looks later sees the new number.
    """
    if not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_key(member)))):
        return None
    mine = insert(owners).values(member=member, fence=1, instance=instance)
    bumped = {"fence": owners.c.fence + 1, "instance": instance}
    query = mine.on_conflict_do_update(index_elements=["member"], set_=bumped)
    try:
        fence: int | None = connection.scalar(query.returning(owners.c.fence))
    except sa.exc.OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        let_go(connection, member)
        return None
    return fence


def let_go(connection: Connection, member: str) -> None:
    """Give a member's lock back."""
    connection.execute(sa.select(sa.func.pg_advisory_unlock(_key(member))))


def still_mine(connection: Connection, instance: str, members: Collection[str]) -> dict[str, int]:
    """Return the fencing numbers of those members that this process owns until the commit.

    Nobody can take one of them over before this transaction has ended.
    """
    query = (
        sa.select(owners.c.member, owners.c.fence)
        .where(owners.c.member.in_(list(members)), owners.c.instance == instance)
        .with_for_update(read=True)
    )
    return {row.member: row.fence for row in connection.execute(query)}


def holder(connection: Connection, member: str) -> Holder | None:
    """Return who owns a member, None for nobody that is known."""
    query = (
        sa.select(
            instances.c.instance,
            instances.c.name,
            (_NOW - instances.c.seen_at) / 1e6,
            instances.c.address,
        )
        .join(owners, owners.c.instance == instances.c.instance)
        .where(owners.c.member == member)
    )
    row = connection.execute(query).first()
    return Holder(row[0], row[1], float(row[2]), row[3]) if row else None


def end(connection: Connection, instance: str) -> None:
    """End every connection of a process, and with them its locks and open transactions."""
    activity = sa.table("pg_stat_activity", sa.column("pid"), sa.column("application_name"))
    connection.execute(
        sa.select(sa.func.pg_terminate_backend(activity.c.pid)).where(
            activity.c.application_name == instance
        )
    ).all()


def leave(connection: Connection, instance: str) -> None:
    """Forget a process that stops."""
    connection.execute(sa.delete(instances).where(instances.c.instance == instance))


def _key(member: str) -> int:
    digest = hashlib.blake2b(b"crossflag owner " + member.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
