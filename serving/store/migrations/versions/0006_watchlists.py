"""Watchlists, their versions and their records."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

    def texts(*names: str) -> list[sa.Column[str]]:
        return [sa.Column(name, sa.Text(), nullable=False) for name in names]

    def numbers(*names: str) -> list[sa.Column[int]]:
        return [sa.Column(name, number, nullable=False) for name in names]

    op.create_table(
        "watchlists",
        *texts("name", "title", "owner_country", "purpose", "handling", "audience"),
        *numbers("version"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_watchlists")),
    )
    op.create_table(
        "watchlist_versions",
        *texts("name"),
        *numbers("version", "imported_at"),
        *texts("actor", "source", "digest"),
        *numbers("records", "added", "changed", "withdrawn", "refused"),
        sa.PrimaryKeyConstraint("name", "version", name=op.f("pk_watchlist_versions")),
    )
    op.create_table(
        "watchlist_records",
        *texts("name", "entity_id"),
        *numbers("first_version"),
        sa.Column("last_version", number, nullable=True),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        *texts("schema", "caption"),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(
            "name", "entity_id", "first_version", name=op.f("pk_watchlist_records")
        ),
    )


def downgrade() -> None:
    for name in ("watchlist_records", "watchlist_versions", "watchlists"):
        op.drop_table(name)
