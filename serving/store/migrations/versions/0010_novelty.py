"""Novelty: how novel each event was and why, cases with novel events, and what these share."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("assessments", sa.Column("novelty", sa.Double(), nullable=True))
    op.add_column("assessments", sa.Column("unusual", sa.Text(), nullable=True))
    op.add_column(
        "cases", sa.Column("novel", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "novel_events",
        sa.Column("sequence", number, autoincrement=False, nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("received_at", number, nullable=False),
        sa.Column("families", sa.Text(), nullable=False),
        sa.Column("debtor_country", sa.Text(), nullable=True),
        sa.Column("creditor_country", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["sequence"], ["events.sequence"], name=op.f("fk_novel_events_sequence")
        ),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_novel_events")),
    )
    op.create_index(
        op.f("ix_novel_events_member_received_at"), "novel_events", ["member", "received_at"]
    )


def downgrade() -> None:
    op.drop_table("novel_events")
    op.drop_column("cases", "novel")
    for name in ("unusual", "novelty"):
        op.drop_column("assessments", name)
