"""Payment statuses, and the references by which a payment is found for one."""

from __future__ import annotations

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NAMES = ("uetr", "end_to_end_id")
_AT_ONCE = 5_000


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    for name in _NAMES:
        op.add_column("events", sa.Column(name, sa.Text(), nullable=True))
    _fill()
    for name in _NAMES:
        given = sa.text(f"{name} IS NOT NULL")
        op.create_index(
            f"ix_events_member_{name}",
            "events",
            ["member", name],
            unique=False,
            sqlite_where=given,
            postgresql_where=given,
        )
    op.create_table(
        "payment_statuses",
        sa.Column("sequence", number, autoincrement=False, nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("payment", number, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["payment"], ["events.sequence"], name=op.f("fk_payment_statuses_payment")
        ),
        sa.ForeignKeyConstraint(
            ["sequence"], ["events.sequence"], name=op.f("fk_payment_statuses_sequence")
        ),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_payment_statuses")),
    )
    op.create_index("ix_payment_statuses_payment", "payment_statuses", ["payment"], unique=False)


def downgrade() -> None:
    op.drop_table("payment_statuses")
    for name in _NAMES:
        op.drop_index(f"ix_events_member_{name}", table_name="events")
        op.drop_column("events", name)


def _fill() -> None:
    """Take the references of the payments that the log holds already from their bodies."""
    events = sa.table(
        "events",
        sa.column("sequence"),
        sa.column("stream"),
        sa.column("body"),
        *map(sa.column, _NAMES),
    )
    connection, last = op.get_bind(), -1
    update = (
        sa.update(events)
        .where(events.c.sequence == sa.bindparam("place"))
        .values({name: sa.bindparam(name) for name in _NAMES})
    )
    page = (
        sa.select(events.c.sequence, events.c.body)
        .where(events.c.stream == "payment", events.c.sequence > sa.bindparam("last"))
        .order_by(events.c.sequence)
        .limit(_AT_ONCE)
    )
    while rows := connection.execute(page, {"last": last}).all():
        last = rows[-1][0]
        bodies = [(place, orjson.loads(body)) for place, body in rows]
        found = [
            {"place": place, **{name: body.get(name) for name in _NAMES}}
            for place, body in bodies
            if any(name in body for name in _NAMES)
        ]
        if found:
            connection.execute(update, found)
