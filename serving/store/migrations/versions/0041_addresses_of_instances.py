"""Where each process takes requests, so that another can say where to go."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("instances", sa.Column("address", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("instances", "address")
