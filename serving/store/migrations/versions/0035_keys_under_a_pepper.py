"""Which pepper a key's hash is keyed with, when it was last used, and what replaced it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("pepper", sa.Text(), nullable=True))
    last_used = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("api_keys", sa.Column("last_used_at", last_used, nullable=True))
    op.add_column("api_keys", sa.Column("replaced_by", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("api_keys") as keys:
        for name in ("replaced_by", "last_used_at", "pepper"):
            keys.drop_column(name)
