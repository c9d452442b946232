"""Desks of cases, approvals, findings by event, recalls, statutory clocks and blind samples."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0055"
branch_labels = None
depends_on = None

_LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TABLES = (
    "clock_stops",
    "recalls",
    "case_findings",
    "approvals",
    "case_desks",
)


def _text(name: str, optional: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=optional)


def _number(name: str, optional: bool = False) -> sa.Column[int]:
    return sa.Column(name, _LONG, nullable=optional)


def _of_case(table: str, *columns: sa.Column[Any], key: tuple[str, ...] = ()) -> None:
    op.create_table(
        table,
        _text("member"),
        _number("number"),
        *columns,
        sa.PrimaryKeyConstraint("member", *(key or ("number",)), name=f"pk_{table}"),
        sa.ForeignKeyConstraint(
            ["member", "number"],
            ["cases.member", "cases.number"],
            name=f"fk_{table}_member_number",
        ),
    )


def upgrade() -> None:
    _of_case(
        "case_desks",
        _number("snoozed_until", True),
        _text("snooze_reason", True),
        _text("unit", True),
        _number("merged_into", True),
        sa.Column("protective", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("seconds_spent", _LONG, nullable=False, server_default="0"),
    )
    _of_case(
        "approvals",
        _number("approval"),
        _text("kind"),
        _text("content"),
        _text("proposed_by"),
        _number("proposed_at"),
        _text("state"),
        _text("closed_by", True),
        _number("closed_at", True),
        _text("why", True),
        key=("approval",),
    )
    op.create_index("ix_approvals_member_state", "approvals", ["member", "state"])
    op.create_index(
        "uq_approvals_pending",
        "approvals",
        ["member", "number"],
        unique=True,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    _of_case(
        "case_findings",
        _number("sequence"),
        sa.Column("positive", sa.Boolean(), nullable=False),
        _text("subject_role"),
        key=("number", "sequence"),
    )
    op.create_table(
        "recalls",
        _text("member"),
        _number("number"),
        _number("sequence"),
        _text("state"),
        _number("amount", True),
        _number("requested_at"),
        _text("requested_by"),
        _number("closed_at", True),
        _text("closed_by", True),
        sa.PrimaryKeyConstraint("member", "number", "sequence", name="pk_recalls"),
        sa.ForeignKeyConstraint(
            ["member", "number"],
            ["cases.member", "cases.number"],
            name="fk_recalls_member_number",
        ),
        sa.ForeignKeyConstraint(["sequence"], ["events.sequence"], name="fk_recalls_sequence"),
    )
    _of_case("clock_stops", _text("clock"), _number("at"), _text("actor"), key=("number", "clock"))


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table)
