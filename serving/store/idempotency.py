"""Idempotency keys: what a request that bore one held, for a day."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from serving.store.schema import idempotency_keys

DAY = 86_400_000_000
_KEYS = idempotency_keys.c


def remember(connection: Connection, member: str, key: str, digest: bytes, at: int) -> bool:
    """Note that a key stands for this content from `at` (microseconds) on.

    Returns False when it stands for another. Keys of more than a day ago are forgotten.
    """
    connection.execute(sa.delete(idempotency_keys).where(_KEYS.at < at - DAY))
    query = sa.select(_KEYS.digest).where(_KEYS.member == member, _KEYS.key == key)
    known: bytes | None = connection.scalar(query)
    if known is not None:
        return known == digest
    connection.execute(
        sa.insert(idempotency_keys).values(member=member, key=key, digest=digest, at=at)
    )
    return True
