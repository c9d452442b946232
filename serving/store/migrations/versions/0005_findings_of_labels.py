"""What each label establishes: nothing for a suspicion, and nothing against a victim's account."""

from __future__ import annotations

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_labels = sa.table("labels", sa.column("sequence"), sa.column("is_fraud"), sa.column("blames"))
_events = sa.table("events", sa.column("sequence"), sa.column("body", sa.LargeBinary))
_PER_STATEMENT = 500


def upgrade() -> None:
    # Until now every label established what it said.
    for name, default in (("established", sa.true()), ("blames", sa.false())):
        op.add_column(
            "labels", sa.Column(name, sa.Boolean(), nullable=False, server_default=default)
        )
    _fill()


def downgrade() -> None:
    for name in ("blames", "established"):
        op.drop_column("labels", name)


def _fill() -> None:
    connection = op.get_bind()
    query = (
        sa.select(_labels.c.sequence, _events.c.body)
        .join_from(_labels, _events, _labels.c.sequence == _events.c.sequence)
        .where(_labels.c.is_fraud)
    )
    blaming = [
        sequence
        for sequence, body in connection.execute(query).fetchall()
        if orjson.loads(body).get("subject_role") != "victim"
    ]
    for start in range(0, len(blaming), _PER_STATEMENT):
        part = blaming[start : start + _PER_STATEMENT]
        change = sa.update(_labels).where(_labels.c.sequence.in_(part))
        connection.execute(change.values(blames=sa.true()))
