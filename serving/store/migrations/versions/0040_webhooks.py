"""Webhooks: where members are told, what waits to be told, and each attempt at it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "webhooks",
        sa.Column("webhook_id", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("kinds", sa.Text(), nullable=False),
        sa.Column("created_at", number, nullable=False),
        sa.Column("disabled_at", number, nullable=True),
        sa.PrimaryKeyConstraint("webhook_id", name=op.f("pk_webhooks")),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("delivery", number, autoincrement=True, nullable=False),
        sa.Column("webhook_id", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", number, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", number, nullable=False),
        sa.Column("next_at", number, nullable=False),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhooks.webhook_id"], name=op.f("fk_webhook_deliveries_webhook_id")
        ),
        sa.PrimaryKeyConstraint("delivery", name=op.f("pk_webhook_deliveries")),
    )
    op.create_index(
        "uq_webhook_deliveries_webhook_id_message_id",
        "webhook_deliveries",
        ["webhook_id", "message_id"],
        unique=True,
    )
    op.create_index(
        "ix_webhook_deliveries_next_at",
        "webhook_deliveries",
        ["next_at"],
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "webhook_attempts",
        sa.Column("entry", number, autoincrement=True, nullable=False),
        sa.Column("delivery", number, nullable=False),
        sa.Column("at", number, nullable=False),
        sa.Column("status", number, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("milliseconds", number, nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery"], ["webhook_deliveries.delivery"], name=op.f("fk_webhook_attempts_delivery")
        ),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_webhook_attempts")),
    )
    op.create_index("ix_webhook_attempts_delivery", "webhook_attempts", ["delivery"])


def downgrade() -> None:
    for table in ("webhook_attempts", "webhook_deliveries", "webhooks"):
        op.drop_table(table)
