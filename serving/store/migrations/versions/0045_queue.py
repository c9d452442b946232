"""The queue's order and filters, what cases have in common, claims that end, saved views."""

from __future__ import annotations

import json
import math

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0035"
branch_labels = None
depends_on = None

_DAY = 86_400_000_000
_COLUMNS = ("rank", "amount", "suspicion", "model_version", "typology", "claim_expires_at")


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    for name in ("rank", "amount"):
        op.add_column("cases", sa.Column(name, number, nullable=False, server_default="0"))
    for name in ("suspicion", "model_version", "typology"):
        op.add_column("cases", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("cases", sa.Column("claim_expires_at", number, nullable=True))
    op.create_table(
        "case_entities",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("number", number, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member", "number"],
            ["cases.member", "cases.number"],
            name=op.f("fk_case_entities_member"),
        ),
        sa.PrimaryKeyConstraint("member", "number", "kind", "value", name=op.f("pk_case_entities")),
    )
    op.create_index(
        "ix_case_entities_value", "case_entities", ["member", "value", "kind", "number"]
    )
    op.create_table(
        "saved_views",
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("member", "user_name", "name", name=op.f("pk_saved_views")),
    )
    _fill()
    op.create_index("ix_cases_rank", "cases", ["member", "state", "rank", "number"])
    op.create_index("ix_cases_age", "cases", ["member", "state", "opened_at", "number"])
    op.create_index("ix_cases_member_updated_at", "cases", ["member", "updated_at"])
    op.create_index("ix_cases_member_subject", "cases", ["member", "subject"])


def _fill() -> None:
    """Rank and describe the cases that are there; what they have in common is read from events."""
    from serving.entities import entities_of

    bind = op.get_bind()
    cases = bind.execute(
        sa.text("SELECT member, number, advice, expected_loss, opened_at FROM cases")
    ).all()
    told = sa.text(
        "SELECT a.stream, e.body, a.reasons, a.model_version, a.amount_reference "
        "FROM case_events c JOIN events e ON e.sequence = c.sequence "
        "JOIN assessments a ON a.sequence = c.sequence "
        "WHERE c.member = :member AND c.number = :number ORDER BY a.margin DESC"
    )
    change = sa.text(
        "UPDATE cases SET rank = :rank, amount = :amount, suspicion = :suspicion, "
        "model_version = :model_version WHERE member = :member AND number = :number"
    )
    add = sa.text(
        "INSERT INTO case_entities (member, number, kind, value, shown) "
        "VALUES (:member, :number, :kind, :value, :shown)"
    )
    for member, number, advice, loss, opened_at in cases:
        rows = bind.execute(told, {"member": member, "number": number}).all()
        reasons = json.loads(rows[0].reasons) if rows else []
        weight = 4 if advice == "urgent" else 1
        bind.execute(
            change,
            {
                "member": member,
                "number": number,
                "rank": round(_DAY * math.log2(max(loss, 1) * weight)) - opened_at,
                "amount": sum(row.amount_reference or 0 for row in rows),
                "suspicion": reasons[0].get("group") if reasons else None,
                "model_version": rows[0].model_version if rows else None,
            },
        )
        found = {
            (one.kind, one.value): one.shown
            for row in rows
            for one in entities_of(row.stream, json.loads(row.body))
        }
        for (kind, value), shown in found.items():
            given = {"member": member, "number": number, "kind": kind, "value": value}
            bind.execute(add, {**given, "shown": shown})


def downgrade() -> None:
    op.drop_index("ix_cases_member_subject", "cases")
    op.drop_index("ix_cases_member_updated_at", "cases")
    op.drop_index("ix_cases_age", "cases")
    op.drop_index("ix_cases_rank", "cases")
    op.drop_table("saved_views")
    op.drop_table("case_entities")
    with op.batch_alter_table("cases") as batch:
        for name in reversed(_COLUMNS):
            batch.drop_column(name)
