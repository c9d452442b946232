"""Events drawn by lot for review, the chance of review, and their cases apart from accusations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("assessments", sa.Column("review_propensity", sa.Double(), nullable=True))
    source = sa.Column("source", sa.Text(), nullable=False, server_default="flag")
    op.add_column("cases", source)
    op.drop_index("uq_cases_undecided", table_name="cases")
    op.create_index(
        "uq_cases_undecided",
        "cases",
        ["member", "subject", "source"],
        unique=True,
        sqlite_where=sa.text("state != 'decided'"),
        postgresql_where=sa.text("state != 'decided'"),
    )


def downgrade() -> None:
    # Of a subject's two undecided cases only the one that somebody was flagged for can stay.
    op.execute("UPDATE cases SET state = 'decided' WHERE source <> 'flag'")
    op.drop_index("uq_cases_undecided", table_name="cases")
    op.create_index(
        "uq_cases_undecided",
        "cases",
        ["member", "subject"],
        unique=True,
        sqlite_where=sa.text("state != 'decided'"),
        postgresql_where=sa.text("state != 'decided'"),
    )
    op.drop_column("cases", "source")
    op.drop_column("assessments", "review_propensity")
