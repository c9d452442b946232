"""Whose history each assessment rests on, and what its feature vector's numbers stand for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "feature_sets",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("features", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_feature_sets")),
    )
    # Without agreements, as before them, each member's scores rested on its own history.
    pool = sa.Column("pool", sa.Text(), nullable=False, server_default="member:")
    op.add_column("assessments", pool)
    for name in ("pool_position", "pool_entries"):
        op.add_column("assessments", sa.Column(name, number, nullable=True))
    op.execute("UPDATE assessments SET pool = 'member:' || member")


def downgrade() -> None:
    for name in ("pool_entries", "pool_position", "pool"):
        op.drop_column("assessments", name)
    op.drop_table("feature_sets")
