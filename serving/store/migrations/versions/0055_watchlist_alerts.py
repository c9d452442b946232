"""Alerts of watchlists, and how far rescreening has come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    texts = ("subject", "list_name", "entity_id", "caption", "topics", "field")
    op.create_table(
        "watchlist_alerts",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("number", number, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts[:3]),
        sa.Column("version", number, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts[3:6]),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("sequence", number, nullable=False),
        sa.Column("raised_at", number, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("judged_by", sa.Text(), nullable=True),
        sa.Column("judged_at", number, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("until", number, nullable=True),
        sa.PrimaryKeyConstraint("member", "number", name=op.f("pk_watchlist_alerts")),
    )
    op.create_index(
        "uq_watchlist_alerts_about",
        "watchlist_alerts",
        ["member", "subject", "list_name", "entity_id"],
        unique=True,
    )
    op.create_table(
        "watchlist_rescreens",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", number, nullable=False),
        sa.Column("after", number, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_watchlist_rescreens")),
    )


def downgrade() -> None:
    op.drop_table("watchlist_rescreens")
    op.drop_table("watchlist_alerts")
