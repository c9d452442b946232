"""What the challengers would have said of each event."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "shadow_scores",
        sa.Column("sequence", number, autoincrement=False, nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("margin", sa.Double(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.Column("advice", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sequence"], ["assessments.sequence"], name=op.f("fk_shadow_scores_sequence")
        ),
        sa.PrimaryKeyConstraint("sequence", "model_version", name=op.f("pk_shadow_scores")),
    )
    op.create_index(
        "ix_shadow_scores_stream_model_version_sequence",
        "shadow_scores",
        ["stream", "model_version", "sequence"],
    )


def downgrade() -> None:
    op.drop_table("shadow_scores")
