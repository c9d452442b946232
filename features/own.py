"""Features of the event alone: those that need no history, for data without parties.

A file whose rows name no account or user, or that holds no time, still gives these; what would
need the missing parts is left out, and named, like any feature without inputs.
"""

from __future__ import annotations

from functools import cache

from features.catalog import CATALOGUES
from features.compiling import compile_program
from features.definitions import Catalogue, Expression, Operation, Own
from features.program import Program

_OF_PARTIES = frozenset(
    {
        "debtor",
        "creditor",
        "customer",
        "user",
        "creditor_scheme",
        "creditor_script",
        "unnamed_parties",
    }
)
_OF_TIME = frozenset(
    {
        "time",
        "clock",
        "utc_offset",
        "hour",
        "weekday",
        "today",
        "is_rest_day",
        "known_today",
        "is_holiday",
        "rest_days_ahead",
        "days_since_payday",
        "after_cutoff",
        "part_of_week",
        "client_age_days",
    }
)


@cache
def own_program(stream: str, timed: bool) -> Program:
    """Return the program of a stream's features that the event alone gives.

    Without `timed` the events' times are made up, and nothing may be read from them.
    """
    left_out = _OF_PARTIES if timed else _OF_PARTIES | _OF_TIME
    whole = CATALOGUES[stream]
    kept = tuple(
        feature
        for feature in whole.features
        if (columns := _columns(feature.expression)) is not None and not columns & left_out
    )
    return compile_program({stream: Catalogue(f"{whole.name}-own", whole.stream, kept)})


def _columns(expression: Expression) -> frozenset[str] | None:
    """Return the columns that an expression reads of its own event, None when it reads history."""
    if isinstance(expression, Own):
        return frozenset({expression.column})
    if not isinstance(expression, Operation):
        return None
    found: set[str] = set()
    for operand in expression.operands:
        columns = _columns(operand)
        if columns is None:
            return None
        found |= columns
    return frozenset(found)
