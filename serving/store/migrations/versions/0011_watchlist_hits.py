"""Which records of watchlists an event met."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("assessments", sa.Column("watchlist_hits", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("assessments", "watchlist_hits")
