"""Rows of the log go to the driver as they are: a statement is put together once for each table.

SQLAlchemy looks at every value of every row again; for the two tables that each event is written
to, that cost more than the database did (decision 52).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Table

Row = dict[str, Any]
_prepared: dict[tuple[str, str], tuple[str, Callable[[Row], Any]]] = {}


def insert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Add rows to a table; all have the same names, and values as the driver takes them."""
    key = (connection.dialect.name, table.name)
    if key not in _prepared:
        _prepared[key] = _prepare(connection, table, rows[0])
    text, taken = _prepared[key]
    connection.exec_driver_sql(text, [taken(row) for row in rows])


def _prepare(connection: Connection, table: Table, row: Row) -> tuple[str, Callable[[Row], Any]]:
    names = [column.name for column in table.columns if column.name in row]
    compiled: Any = sa.insert(table).compile(dialect=connection.dialect, column_keys=names)
    if compiled.positional:
        return str(compiled), itemgetter(*compiled.positiontup)
    return str(compiled), dict
