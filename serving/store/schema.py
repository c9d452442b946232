"""The tables. Times are integer microseconds since 1970 UTC, money is integer EUR cents."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKeyConstraint, Index, PrimaryKeyConstraint, Table

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
# SQLite's row number is an INTEGER; elsewhere the log outgrows 32 bits.
Long = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, *, optional: bool = False) -> Column[str]:
    return Column(name, sa.Text, nullable=optional)


def _number(name: str, *, optional: bool = False) -> Column[int]:
    return Column(name, Long, nullable=optional)


events = Table(
    "events",
    metadata,
    Column("sequence", Long, primary_key=True, autoincrement=False),
    _text("member"),
    _text("stream"),
    _text("event_id"),
    _number("received_at"),
    _number("event_time"),
    _text("subject", optional=True),
    _text("counterparty", optional=True),
    _text("uetr", optional=True),
    _text("end_to_end_id", optional=True),
    Column("body", sa.LargeBinary, nullable=False),
    Column("body_hash", sa.LargeBinary(32), nullable=False),
    Index("uq_events_member_stream_event_id", "member", "stream", "event_id", unique=True),
    Index("ix_events_member_subject_event_time", "member", "subject", "event_time"),
    Index("ix_events_member_counterparty_event_time", "member", "counterparty", "event_time"),
    *(
        Index(
            f"ix_events_member_{name}",
            "member",
            name,
            sqlite_where=sa.text(f"{name} IS NOT NULL"),
            postgresql_where=sa.text(f"{name} IS NOT NULL"),
        )
        for name in ("uetr", "end_to_end_id")
    ),
)

assessments = Table(
    "assessments",
    metadata,
    Column("sequence", Long, primary_key=True, autoincrement=False),
    _text("assessment_id"),
    _text("member"),
    _text("stream"),
    _text("event_id"),
    _number("received_at"),
    _text("advice"),
    _text("because"),
    Column("probability", sa.Double, nullable=False),
    Column("margin", sa.Double, nullable=False),
    _text("reasons"),
    Column("features", sa.LargeBinary, nullable=False),
    Column("contributions", sa.LargeBinary),
    _text("model_name"),
    _text("model_version"),
    _text("feature_set"),
    _text("reference_version"),
    _text("thresholds"),
    _text("case_id", optional=True),
    Column("late", sa.Boolean, nullable=False),
    _number("amount_reference", optional=True),
    _text("pool"),
    _number("pool_position", optional=True),
    _number("pool_entries", optional=True),
    _text("counterfactual", optional=True),
    _text("watchlist_hits", optional=True),
    Column("review_propensity", sa.Double),
    Column("novelty", sa.Double),
    _text("unusual", optional=True),
    ForeignKeyConstraint(["sequence"], ["events.sequence"]),
    Index("uq_assessments_assessment_id", "assessment_id", unique=True),
)

# What a challenger would have said; nobody was told.
shadow_scores = Table(
    "shadow_scores",
    metadata,
    Column("sequence", Long, autoincrement=False),
    _text("model_version"),
    _text("member"),
    _text("stream"),
    Column("margin", sa.Double, nullable=False),
    Column("probability", sa.Double, nullable=False),
    _text("advice"),
    PrimaryKeyConstraint("sequence", "model_version"),
    ForeignKeyConstraint(["sequence"], ["assessments.sequence"]),
    Index("ix_shadow_scores_stream_model_version_sequence", "stream", "model_version", "sequence"),
)

# Novel events once more, by what they have in common; no subject, no amount.
novel_events = Table(
    "novel_events",
    metadata,
    Column("sequence", Long, primary_key=True, autoincrement=False),
    _text("member"),
    _text("stream"),
    _number("received_at"),
    _text("families"),
    _text("debtor_country", optional=True),
    _text("creditor_country", optional=True),
    ForeignKeyConstraint(["sequence"], ["events.sequence"]),
    Index("ix_novel_events_member_received_at", "member", "received_at"),
)

# What the numbers of a feature vector stand for, by the version that assessments name.
feature_sets = Table(
    "feature_sets",
    metadata,
    Column("version", sa.Text, primary_key=True),
    _text("stream"),
    _text("features"),
)

cases = Table(
    "cases",
    metadata,
    _text("member"),
    _number("number"),
    _text("subject"),
    _text("subject_name", optional=True),
    _text("state"),
    _text("advice"),
    Column("probability", sa.Double, nullable=False),
    Column("margin", sa.Double, nullable=False),
    _number("expected_loss"),
    _number("events"),
    _text("streams"),
    _number("largest_loss"),
    _text("debtor_country", optional=True),
    _text("creditor_country", optional=True),
    _text("first_reason", optional=True),
    _number("opened_at"),
    _number("updated_at"),
    _text("claimed_by", optional=True),
    _number("claimed_at", optional=True),
    _text("decided_by", optional=True),
    _number("decided_at", optional=True),
    _text("disposition", optional=True),
    _text("decision_reason", optional=True),
    Column("source", sa.Text, nullable=False, server_default="flag"),
    Column("novel", sa.Boolean, nullable=False, server_default=sa.false()),
    Column("rank", Long, nullable=False, server_default="0"),
    Column("amount", Long, nullable=False, server_default="0"),
    _text("suspicion", optional=True),
    _text("model_version", optional=True),
    _text("typology", optional=True),
    _number("claim_expires_at", optional=True),
    PrimaryKeyConstraint("member", "number"),
    Index("ix_cases_queue", "member", "state", "expected_loss", "opened_at"),
    Index("ix_cases_rank", "member", "state", "rank", "number"),
    Index("ix_cases_age", "member", "state", "opened_at", "number"),
    Index("ix_cases_member_updated_at", "member", "updated_at"),
    Index("ix_cases_member_subject", "member", "subject"),
    Index(
        "uq_cases_undecided",
        "member",
        "subject",
        "source",
        unique=True,
        sqlite_where=sa.text("state != 'decided'"),
        postgresql_where=sa.text("state != 'decided'"),
    ),
)

case_events = Table(
    "case_events",
    metadata,
    _text("member"),
    _number("number"),
    _number("sequence"),
    PrimaryKeyConstraint("member", "number", "sequence"),
    ForeignKeyConstraint(["member", "number"], ["cases.member", "cases.number"]),
    ForeignKeyConstraint(["sequence"], ["assessments.sequence"]),
)

case_history = Table(
    "case_history",
    metadata,
    Column("entry", Long, primary_key=True, autoincrement=True),
    _text("member"),
    _number("number"),
    _number("at"),
    _text("actor"),
    _text("action"),
    _text("text"),
    ForeignKeyConstraint(["member", "number"], ["cases.member", "cases.number"]),
    Index("ix_case_history_member_number", "member", "number"),
)

# What cases have in common, and what they are found by.
case_entities = Table(
    "case_entities",
    metadata,
    _text("member"),
    _number("number"),
    _text("kind"),
    _text("value"),
    _text("shown"),
    PrimaryKeyConstraint("member", "number", "kind", "value"),
    ForeignKeyConstraint(["member", "number"], ["cases.member", "cases.number"]),
    Index("ix_case_entities_value", "member", "value", "kind", "number"),
)

saved_views = Table(
    "saved_views",
    metadata,
    _text("member"),
    _text("user_name"),
    _text("name"),
    _text("query"),
    PrimaryKeyConstraint("member", "user_name", "name"),
)

# What a case's desk holds beside its line of the queue: sleep, unit, merging, time spent.
case_desks = Table(
    "case_desks",
    metadata,
    _text("member"),
    _number("number"),
    _number("snoozed_until", optional=True),
    _text("snooze_reason", optional=True),
    _text("unit", optional=True),
    _number("merged_into", optional=True),
    Column("protective", sa.Boolean, nullable=False, server_default=sa.false()),
    Column("seconds_spent", Long, nullable=False, server_default="0"),
    PrimaryKeyConstraint("member", "number"),
    ForeignKeyConstraint(["member", "number"], ["cases.member", "cases.number"]),
)

# What one person proposed of a case and a second one approves, or looks at afterwards.
approvals = Table(
    "approvals",
    metadata,
    _text("member"),
    _number("approval"),
    _number("number"),
    _text("kind"),
    _text("content"),
    _text("proposed_by"),
    _number("proposed_at"),
    _text("state"),
    _text("closed_by", optional=True),
    _number("closed_at", optional=True),
    _text("why", optional=True),
    PrimaryKeyConstraint("member", "approval"),
    ForeignKeyConstraint(["member", "number"], ["cases.member", "cases.number"]),
    Index("ix_approvals_member_state", "member", "state"),
    Index(
        "uq_approvals_pending",
        "member",
        "number",
        unique=True,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    ),
)

# What a decision said of each event of its case.
case_findings = Table(
    "case_findings",
    metadata,
    _text("member"),
    _number("number"),
    _number("sequence"),
    Column("positive", sa.Boolean, nullable=False),
    _text("subject_role"),
    PrimaryKeyConstraint("member", "number", "sequence"),
    ForeignKeyConstraint(["member", "number"], ["cases.member", "cases.number"]),
)

# The money of a confirmed fraud: what was asked of whom, and what became of it.
recalls = Table(
    "recalls",
    metadata,
    _text("member"),
    _number("number"),
    _number("sequence"),
    _text("state"),
    _number("amount", optional=True),
    _number("requested_at"),
    _text("requested_by"),
    _number("closed_at", optional=True),
    _text("closed_by", optional=True),
    PrimaryKeyConstraint("member", "number", "sequence"),
    ForeignKeyConstraint(["member", "number"], ["cases.member", "cases.number"]),
    ForeignKeyConstraint(["sequence"], ["events.sequence"]),
)

# Duties with a statutory time limit that were done.
clock_stops = Table(
    "clock_stops",
    metadata,
    _text("member"),
    _number("number"),
    _text("clock"),
    _number("at"),
    _text("actor"),
    PrimaryKeyConstraint("member", "number", "clock"),
    ForeignKeyConstraint(["member", "number"], ["cases.member", "cases.number"]),
)

labels = Table(
    "labels",
    metadata,
    Column("sequence", Long, primary_key=True, autoincrement=False),
    _text("member"),
    _text("label_id"),
    _text("stream"),
    _text("event_id"),
    Column("is_fraud", sa.Boolean, nullable=False),
    Column("established", sa.Boolean, nullable=False, server_default=sa.true()),
    Column("blames", sa.Boolean, nullable=False, server_default=sa.false()),
    ForeignKeyConstraint(["sequence"], ["events.sequence"]),
    Index("ix_labels_member_stream_event_id", "member", "stream", "event_id"),
    Index("uq_labels_member_label_id", "member", "label_id", unique=True),
)

payment_statuses = Table(
    "payment_statuses",
    metadata,
    Column("sequence", Long, primary_key=True, autoincrement=False),
    _text("member"),
    _number("payment"),
    _text("status"),
    ForeignKeyConstraint(["sequence"], ["events.sequence"]),
    ForeignKeyConstraint(["payment"], ["events.sequence"]),
    Index("ix_payment_statuses_payment", "payment"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("prefix", sa.Text, primary_key=True),
    Column("secret_hash", sa.LargeBinary(32), nullable=False),
    _text("name"),
    _text("member"),
    _text("country"),
    _text("scopes"),
    _number("created_at"),
    _number("expires_at", optional=True),
    _number("revoked_at", optional=True),
    _text("pepper", optional=True),
    _number("last_used_at", optional=True),
    _text("replaced_by", optional=True),
)

users = Table(
    "users",
    metadata,
    Column("user_name", sa.Text, primary_key=True),
    _text("display_name", optional=True),
    _text("member"),
    _text("country"),
    _text("role"),
    _text("password_hash"),
    _number("created_at"),
    _number("disabled_at", optional=True),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", sa.LargeBinary(32), primary_key=True),
    _text("user_name"),
    _text("csrf_token"),
    _number("created_at"),
    _number("expires_at"),
    ForeignKeyConstraint(["user_name"], ["users.user_name"]),
)

audit = Table(
    "audit",
    metadata,
    Column("entry", Long, primary_key=True, autoincrement=True),
    _number("at"),
    _text("actor"),
    _text("member", optional=True),
    _text("action"),
    _text("target"),
    _text("detail"),
)

# The answers themselves are the events'; a key only says which content it stands for.
idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    _text("member"),
    _text("key"),
    Column("digest", sa.LargeBinary(32), nullable=False),
    _number("at"),
    PrimaryKeyConstraint("member", "key"),
    Index("ix_idempotency_keys_at", "at"),
)

# The two tables of ownership stay empty on SQLite, where the lock of the file does their work.
instances = Table(
    "instances",
    metadata,
    Column("instance", sa.Text, primary_key=True),
    _text("name"),
    _number("seen_at"),
    _text("address", optional=True),
)

owners = Table(
    "owners",
    metadata,
    Column("member", sa.Text, primary_key=True),
    _number("fence"),
    _text("instance"),
    Index("ix_owners_instance", "instance"),
)

# PostgreSQL only: several processes number the log, each its own members' entries.
log_numbers = sa.Sequence("log_numbers", metadata=metadata)

watchlists = Table(
    "watchlists",
    metadata,
    Column("name", sa.Text, primary_key=True),
    _text("title"),
    _text("owner_country"),
    _text("purpose"),
    _text("handling"),
    _text("audience"),
    _number("version"),
)

watchlist_versions = Table(
    "watchlist_versions",
    metadata,
    _text("name"),
    _number("version"),
    _number("imported_at"),
    _text("actor"),
    _text("source"),
    _text("digest"),
    _number("records"),
    _number("added"),
    _number("changed"),
    _number("withdrawn"),
    _number("refused"),
    PrimaryKeyConstraint("name", "version"),
)

# A record that changes gets a new row; the old one says until which version it was in force.
watchlist_records = Table(
    "watchlist_records",
    metadata,
    _text("name"),
    _text("entity_id"),
    _number("first_version"),
    _number("last_version", optional=True),
    Column("digest", sa.LargeBinary(32), nullable=False),
    _text("schema"),
    _text("caption"),
    Column("body", sa.LargeBinary, nullable=False),
    PrimaryKeyConstraint("name", "entity_id", "first_version"),
)

# The secret is what signatures are made with, and so cannot be a hash.
webhooks = Table(
    "webhooks",
    metadata,
    Column("webhook_id", sa.Text, primary_key=True),
    _text("member"),
    _text("url"),
    _text("secret"),
    _text("kinds"),
    _number("created_at"),
    _number("disabled_at", optional=True),
)

# The outbox: a row is written in the commit of what it tells, and then carried out.
webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("delivery", Long, primary_key=True, autoincrement=True),
    _text("webhook_id"),
    _text("message_id"),
    _text("member"),
    _text("kind"),
    Column("body", sa.LargeBinary, nullable=False),
    _number("created_at"),
    _text("state"),
    _number("attempts"),
    _number("next_at"),
    ForeignKeyConstraint(["webhook_id"], ["webhooks.webhook_id"]),
    Index("uq_webhook_deliveries_webhook_id_message_id", "webhook_id", "message_id", unique=True),
    Index(
        "ix_webhook_deliveries_next_at",
        "next_at",
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    ),
)

webhook_attempts = Table(
    "webhook_attempts",
    metadata,
    Column("entry", Long, primary_key=True, autoincrement=True),
    _number("delivery"),
    _number("at"),
    _number("status", optional=True),
    _text("error", optional=True),
    _number("milliseconds"),
    ForeignKeyConstraint(["delivery"], ["webhook_deliveries.delivery"]),
    Index("ix_webhook_attempts_delivery", "delivery"),
)

# A customer who met a record of a list: once each, whatever number of events met it.
watchlist_alerts = Table(
    "watchlist_alerts",
    metadata,
    _text("member"),
    _number("number"),
    _text("subject"),
    _text("list_name"),
    _text("entity_id"),
    _number("version"),
    _text("caption"),
    _text("topics"),
    _text("field"),
    Column("score", sa.Double, nullable=False),
    _text("source"),
    _number("sequence"),
    _number("raised_at"),
    _text("state"),
    _text("judged_by", optional=True),
    _number("judged_at", optional=True),
    _text("reason", optional=True),
    _number("until", optional=True),
    PrimaryKeyConstraint("member", "number"),
    Index("uq_watchlist_alerts_about", "member", "subject", "list_name", "entity_id", unique=True),
)

watchlist_rescreens = Table(
    "watchlist_rescreens",
    metadata,
    Column("name", sa.Text, primary_key=True),
    _number("version"),
    _number("after"),
)
