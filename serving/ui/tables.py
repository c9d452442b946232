"""The tables of a case as files: comma-separated, UTF-8, one for each picture of the page."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from serving.cases import CaseDetail, Links
from serving.ui import timeline_view

NAMES = ("timeline", "reasons", "parties", "corridors", "related", "named")
Table = Iterable[Sequence[object]]
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def text_of(rows: Table) -> str:
    """Return rows as CSV; a text that a spreadsheet would run as a formula gets a quote before."""
    written = io.StringIO()
    csv.writer(written).writerows([[_cell(value) for value in row] for row in rows])
    return written.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return "" if value is None else value


def timeline(case: CaseDetail) -> Table:
    """Yield the subject's events in time."""
    yield ("number", "time", "event_id", "what", "amount", "with", "account_or_address",
           "debtor_country", "creditor_country", "probability", "labelled_fraud")  # fmt: skip
    for row in timeline_view.rows(case):
        entry = row.entry
        probability = entry.assessment.probability if entry.assessment else None
        yield (row.number, entry.time.isoformat(), entry.event_id, row.what, row.amount,
               row.with_whom, row.with_whom_account, *(row.corridor or (None, None)),
               probability, entry.label)  # fmt: skip


def reasons(case: CaseDetail) -> Table:
    """Yield the reasons of each flagged event, strongest first."""
    yield "event_id", "reason", "feature", "value", "usual", "contribution", "speaks_for"
    for entry in case.timeline:
        if entry.in_case and entry.assessment:
            for one in entry.assessment.reasons:
                yield (entry.event_id, one.text, one.feature, one.value, one.usual,
                       one.contribution, one.group)  # fmt: skip


def parties(case: CaseDetail) -> Table:
    """Yield the accounts of the flagged payments."""
    yield "name", "account", "bank", "country", "part", "payments", "total_eur"
    for one in case.parties:
        yield (one.name, one.account, one.agent, one.country, one.role, one.payments,
               one.total / 100)  # fmt: skip


def corridors(case: CaseDetail) -> Table:
    """Yield the pairs of countries between which the flagged payments go."""
    yield "debtor_country", "creditor_country", "payments", "total_eur"
    for one in case.corridors:
        yield one.debtor_country, one.creditor_country, one.payments, one.total / 100


def related(links: Links) -> Table:
    """Yield the cases that name the same, with what they share."""
    yield "case", "subject", "finding", "kind", "shared"
    for one in links.related:
        for thing in one.shared:
            yield one.case.case_id, one.case.subject, one.finding, thing.kind, thing.shown


def named(links: Links) -> Table:
    """Yield what the case names, and what came of other cases that name it."""
    yield "kind", "what", "other_cases", "confirmed", "honest"
    for one in links.named:
        yield one.entity.kind, one.entity.shown, one.cases, one.confirmed, one.honest
