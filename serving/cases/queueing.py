"""The queue's use cases: look, take the next, act on several, keep views of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from features.errors import CrossflagError, Problem
from serving.auth import Principal
from serving.cases import cursors
from serving.cases.acting import number_of
from serving.cases.acts import Acts
from serving.cases.deciding import text_problems
from serving.cases.detail import summary_of
from serving.cases.views import CaseSummary, Order, QueuePage
from serving.clock import now
from serving.errors import Invalid
from serving.sequencer import Turn
from serving.store import queues
from serving.store import views as views_table
from serving.store.cases import CaseRow
from serving.store.database import View
from serving.store.queues import Filter, Sums

LARGEST_PAGE = 200
MOST_VIEWS = 30
_LONGEST_NAME, _LONGEST_QUERY = 60, 1_000
BULK = ("claim", "release")
"""What may be done to several cases at once; an outcome is decided case by case."""


@dataclass(frozen=True)
class SavedView:
    """A view of the queue under a name; `query` is the query of its address."""

    name: str
    query: str


@dataclass(frozen=True)
class Bulk:
    """What became of an act on several cases: done, and refused with the reason."""

    action: str
    done: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]


_UNDECIDED = Filter()


class Queueing(Acts):
    """The use cases of the queue, bound to the principal's own member."""

    async def queue(
        self,
        principal: Principal,
        *,
        asked: Filter = _UNDECIDED,
        order: Order = "priority",
        cursor: str | None = None,
        limit: int = 50,
    ) -> QueuePage:
        """Return cases by expected loss times urgency, by expected loss, or the oldest first.

        Raises `errors.Invalid` for a cursor that does not come from the same selection.
        """
        principal.require("read")
        limit = max(1, min(limit, LARGEST_PAGE))
        mark = cursors.selection(principal, asked, order)
        after = cursors.read(cursor, mark) if cursor is not None else None
        at = now()

        def look(connection: View) -> tuple[list[CaseRow], Sums]:
            member = principal.member
            rows = queues.page(
                connection, member, asked, self.limits, at, order=order, after=after,
                limit=limit + 1,
            )  # fmt: skip
            return rows, queues.sums(connection, member, asked, self.limits, at)

        rows, sums = await self._database.reads(look)
        following = (
            cursors.write(queues.position(rows[limit - 1], order), mark)
            if len(rows) > limit
            else None
        )
        return QueuePage(
            cases=tuple(summary_of(row, self.limits) for row in rows[:limit]),
            next_cursor=following,
            total=sums.cases,
            total_is_least=sums.more,
            urgent=sums.urgent,
            expected_loss=sums.expected_loss,
        )

    async def some(self, principal: Principal, case_ids: Sequence[str]) -> list[CaseSummary]:
        """Return some cases in the queue's order; those that are not there are left out."""
        principal.require("read")
        numbers = [number_of(case_id) for case_id in case_ids[:LARGEST_PAGE]]
        rows = await self._database.reads(queues.of_numbers, principal.member, numbers)
        return [summary_of(row, self.limits) for row in rows]

    async def choices(self, principal: Principal) -> dict[str, list[str]]:
        """Return what the filters can be set to: model versions and suspicions of newer cases."""
        principal.require("read")

        def look(connection: View) -> dict[str, list[str]]:
            columns = ("suspicion", "model_version")
            return {one: queues.choices(connection, principal.member, one) for one in columns}

        return await self._database.reads(look)

    async def take_next(
        self,
        principal: Principal,
        asked: Filter = _UNDECIDED,
    ) -> CaseSummary | None:
        """Claim the first case of a selection that nobody holds; None when there is none.

        Two people who take at once get two cases: choosing and claiming are one transaction.
        """
        principal.require("review")

        def task(turn: Turn) -> CaseRow | None:
            turn.unit.flush()
            at = turn.stamps.next()
            row = queues.next_free(turn.unit.connection, principal.member, asked, self.limits, at)
            return None if row is None else self._claimed(turn, principal, row, at)

        row = await self._sequencer.submit(task, member=principal.member)
        return None if row is None else summary_of(row, self.limits)

    async def bulk(self, principal: Principal, action: str, case_ids: Sequence[str]) -> Bulk:
        """Claim or release several cases, each by itself; `errors.Invalid` for another act."""
        if action not in BULK:
            fix = f"use one of {', '.join(BULK)}; an outcome is decided case by case"
            raise Invalid([Problem("action", action[:40], "not for several cases", fix)])
        act = {"claim": self.claim, "release": self.release}[action]
        done: list[str] = []
        refused: list[tuple[str, str]] = []
        for case_id in dict.fromkeys(case_ids[:LARGEST_PAGE]):
            try:
                await act(principal, case_id)
                done.append(case_id)
            except CrossflagError as error:
                refused.append((case_id, str(error)))
        return Bulk(action, tuple(done), tuple(refused))

    async def changed(self, member: str, since: int, case_id: str = "") -> int:
        """Return how many of a member's cases changed after a time, or whether one did (1 or 0)."""
        number = number_of(case_id) if case_id else None
        return await self._database.reads(queues.changed, member, since, number)

    async def views(self, principal: Principal) -> list[SavedView]:
        """Return the principal's saved views, by name."""
        principal.require("read")
        rows = await self._database.reads(views_table.of_user, principal.member, principal.name)
        return [SavedView(*row) for row in rows]

    async def save_view(self, principal: Principal, name: str, query: str) -> None:
        """Keep a view under a name; `errors.Invalid` for a name or query that cannot be kept."""
        principal.require("read")
        problems = text_problems("name", name)
        if len(name) > _LONGEST_NAME:
            fix = f"use at most {_LONGEST_NAME} characters"
            problems.append(Problem("name", name[:80], "too long", fix))
        if len(query) > _LONGEST_QUERY:
            problems.append(Problem("query", query[:80], "too long", "choose fewer filters"))
        held = await self.views(principal)
        if len(held) >= MOST_VIEWS and name not in [one.name for one in held]:
            fix = "drop a view that you no longer use"
            problems.append(Problem("name", name[:80], f"there are {MOST_VIEWS} already", fix))
        if problems:
            raise Invalid(problems)

        def task(turn: Turn) -> None:
            views_table.save(
                turn.unit.connection, principal.member, principal.name, name.strip(), query
            )

        await self._sequencer.submit(task)

    async def forget_view(self, principal: Principal, name: str) -> None:
        """Drop one of the principal's views."""
        principal.require("read")

        def task(turn: Turn) -> None:
            views_table.forget(turn.unit.connection, principal.member, principal.name, name)

        await self._sequencer.submit(task)
