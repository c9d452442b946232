"""The service's own log: one line each, for people or as JSON, with the id of the request.

No line holds a value of an event: whoever logs names kinds and counts, and tests plant marked
values to see that it stays so.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

from serving import requests


class _Lines(logging.Formatter):
    """A line as people read it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        request = requests.current.get()
        about = f" [{request.request_id}]" if request is not None else ""
        return f"{record.levelname} {record.name}{about}: {super().format(record)}"


class _Json(logging.Formatter):
    """A line as machines read it: one JSON object, its exception by kind and place alone."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {
            "time": at,
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        request = requests.current.get()
        if request is not None:
            line["request_id"] = request.request_id
            if request.trace_id is not None:
                line["trace_id"] = request.trace_id
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__name__
        # ASCII throughout: half a character (a lone surrogate) must not cost the line.
        return json.dumps(line)


def begin(form: str) -> None:
    """Write the log of this process to standard error, in the form `text` or `json`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Lines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for chatty in ("alembic", "httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
