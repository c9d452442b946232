"""Who owns which member, and the numbers of the log where several processes write it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "instances",
        sa.Column("instance", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seen_at", number, nullable=False),
        sa.PrimaryKeyConstraint("instance", name=op.f("pk_instances")),
    )
    op.create_table(
        "owners",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("fence", number, nullable=False),
        sa.Column("instance", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("member", name=op.f("pk_owners")),
    )
    op.create_index("ix_owners_instance", "owners", ["instance"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE SEQUENCE log_numbers")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP SEQUENCE log_numbers")
    op.drop_table("owners")
    op.drop_table("instances")
