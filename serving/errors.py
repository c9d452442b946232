"""Everything the service refuses, each with its HTTP status (RFC 9457 problem details).

```
CrossflagError
└── ServiceError
    ├── Invalid         422  wrong fields, each with value, problem and fix
    ├── Malformed       400  a body that cannot be read at all
    ├── Unauthorized    401  no key, a wrong or expired one, a wrong password
    ├── Forbidden       403  the key or role lacks the scope
    ├── NotFound        404  nothing of that name among the caller's own
    ├── Conflict        409  what is stored contradicts it; a case somebody else holds
    ├── InFlight        409  the same event is being worked on; retry later
    ├── Reused          422  an identifier or idempotency key that came with another body
    ├── TooLarge        413  the body or batch is over its limit
    ├── Misdirected     421  another service takes this member's events; says which
    ├── TooMany         429  too many failed sign-ins, or a quota of requests used up (rates.Spent)
    ├── Unavailable     503  no champion, queue full, commit failed, starting; retry later
    ├── Internal        500  this request met a fault of the service's own
    └── StoreError      500  the database cannot be opened or is in use
```
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from features.errors import CrossflagError, Problem

_PERSONAL = re.compile(
    r"(.*_)?(name|account|address|text|user_id|customer_id|device_id|session_id|agent|uetr"
    r"|end_to_end_id|resource|password)|attributes.*|properties.*",
    re.I,
)


def shown(problem: Problem) -> str:
    """Return a wrong value as an answer may show it: what tells of a person only by its length.

    Answers end up in the logs of those who sent the event.
    """
    field = re.split(r"[./]", problem.field)
    if problem.value and any(_PERSONAL.fullmatch(part) for part in field):
        return f"({len(problem.value)} characters, not repeated here)"
    return problem.value


class ServiceError(CrossflagError):
    """A refusal with an HTTP status; its text is one sentence that a caller can act on."""

    status: ClassVar[int] = 500
    kind: ClassVar[str] = "internal"
    title: ClassVar[str] = "The service failed"
    retry_after: int | None = None
    problems: tuple[Problem, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return the problem details document."""
        document: dict[str, Any] = {
            "type": f"urn:crossflag:problem:{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": str(self),
        }
        if self.problems:
            document["errors"] = [
                {
                    "field": one.field,
                    "value": shown(one),
                    "problem": one.problem,
                    "fix": one.fix,
                }
                for one in self.problems
            ]
        return document


class Invalid(ServiceError):
    """Fields that are wrong; `problems` names every one at once."""

    status, kind, title = 422, "invalid", "Some fields are wrong"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{one.field}: {one.problem}" for one in self.problems))


class Malformed(ServiceError):
    """A body that cannot be read at all."""

    status, kind, title = 400, "malformed", "The request cannot be read"


class Unauthorized(ServiceError):
    """No valid key, session or password."""

    status, kind, title = 401, "unauthorized", "Who is calling is not known"


class Forbidden(ServiceError):
    """The caller is known but may not do this."""

    status, kind, title = 403, "forbidden", "This is not allowed"


class NotFound(ServiceError):
    """Nothing of that name among the caller's own."""

    status, kind, title = 404, "not-found", "There is no such thing"


class Conflict(ServiceError):
    """The request contradicts what is already stored."""

    status, kind, title = 409, "conflict", "This contradicts what is stored"


class InFlight(ServiceError):
    """The same event was sent a moment ago and has no answer yet; `retry_after` seconds to wait."""

    status, kind, title = 409, "in-flight", "This event is being worked on"

    def __init__(self, what: str, retry_after: int = 1) -> None:
        self.retry_after = retry_after
        super().__init__(f"{what} is being worked on; send it again for its answer")


class Reused(ServiceError):
    """An identifier that must name one content came with another."""

    status, kind, title = 422, "reused", "This identifier was used for something else"


class TooLarge(ServiceError):
    """The body or the batch is over its limit."""

    status, kind, title = 413, "too-large", "The request is too large"


class Misdirected(ServiceError):
    """Another service takes this member's events; `owner` is its address."""

    status, kind, title = 421, "misdirected", "Another service takes this member's events"

    def __init__(self, text: str, owner: str) -> None:
        self.owner = owner
        super().__init__(text)

    def document(self) -> dict[str, Any]:
        """Return the problem details document, with the owner's address."""
        return super().document() | {"owner": self.owner}


class TooMany(ServiceError):
    """Too many attempts; `retry_after` seconds to wait."""

    status, kind, title = 429, "too-many", "Too many attempts"

    def __init__(self, text: str, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(text)


class Unavailable(ServiceError):
    """The service cannot answer now; `retry_after` seconds to wait."""

    status, kind, title = 503, "unavailable", "The service cannot answer now"

    def __init__(self, text: str, retry_after: int = 1) -> None:
        self.retry_after = retry_after
        super().__init__(text)


class Internal(ServiceError):
    """A fault of the service's own; the log names its kind, the answer does not."""


class StoreError(ServiceError):
    """The database cannot be opened, is newer than this program, or is in use."""

    kind, title = "store", "The store cannot be used"
