"""Views of the queue that people have saved."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from serving.store.schema import saved_views

_VIEW = saved_views.c


def of_user(connection: Connection, member: str, user: str) -> list[tuple[str, str]]:
    """Return the (name, query) of a user's views, by name."""
    query = (
        sa.select(_VIEW.name, _VIEW.query)
        .where(_VIEW.member == member, _VIEW.user_name == user)
        .order_by(_VIEW.name)
    )
    return [(name, asked) for name, asked in connection.execute(query)]


def save(connection: Connection, member: str, user: str, name: str, query: str) -> None:
    """Keep a view; one of the same name is replaced."""
    forget(connection, member, user, name)
    connection.execute(
        sa.insert(saved_views).values(member=member, user_name=user, name=name, query=query)
    )


def forget(connection: Connection, member: str, user: str, name: str) -> None:
    """Drop a view."""
    connection.execute(
        sa.delete(saved_views).where(
            _VIEW.member == member, _VIEW.user_name == user, _VIEW.name == name
        )
    )
