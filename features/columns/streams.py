"""The columns of every stream's rows, in order."""

from __future__ import annotations

from features.columns.access import ACCESS_COLUMNS
from features.columns.kinds import Column
from features.columns.payment import PAYMENT_COLUMNS

LABEL_COLUMNS = ("label_fraud", "label_weight", "label_blame")
"""Columns that a label's row has behind those of its event; its `time` is when it became known.

`label_blame` is `label_fraud` where the event's subject was not the victim: what may count against
an account."""

COLUMNS: dict[str, tuple[Column, ...]] = {"payment": PAYMENT_COLUMNS, "access": ACCESS_COLUMNS}
NAMES: dict[str, tuple[str, ...]] = {
    stream: tuple(column.name for column in columns) for stream, columns in COLUMNS.items()
}
