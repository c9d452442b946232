"""Which role of an event gives which of its features.

A feature whose statistics all come from one role is written where that role is read. What joins
several roles is put aside there (`carried`) and finished when all roles are through.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from features import layout
from features.compiled import compiled, inlined
from features.kernel import operate
from features.layout import MISSING
from features.program import Program
from features.roles import BY_KEY, IN_SLICE, Plan

Array = np.ndarray[Any, Any]
OWN, OPERATION, OUTPUT, CARRIED, BROUGHT = range(5)
PLACE, REGISTER = range(2)


class Shares(NamedTuple):
    """A share is what one role, or the rest of one stream, computes of an event's features.

    `starts[listing, share]` says where a share's part of each listing begins: `own` columns that
    its operations use, `operations` with their `numbers`, `outputs` and `carried` as (place,
    register), and `brought`, the same for what other shares carried. Shares stand in the order of
    the plan's roles, those of the rest of each stream behind.
    """

    own: Array
    operations: Array
    numbers: Array
    outputs: Array
    carried: Array
    brought: Array
    starts: Array

    def has_work(self, share: int) -> bool:
        """Tell whether a share writes anything."""
        return bool(
            np.any(
                self.starts[OUTPUT : CARRIED + 1, share + 1]
                > self.starts[OUTPUT : CARRIED + 1, share]
            )
        )


def shares_of(plan: Plan, program: Program) -> tuple[Shares, dict[int, int]]:
    """Return the shares, and how many registers of each wanted stream are carried."""
    sharing = _Sharing(plan, program)
    carried = {stream: sharing.add(stream) for stream in plan.outputs}
    return sharing.shares(), carried


class _Sharing:
    """Gathers each share's listings, stream after stream."""

    def __init__(self, plan: Plan, program: Program) -> None:
        self.plan, self.tables = plan, program.tables
        count = len(plan.roles) + self.tables.starts.shape[1] - 1
        self.own: list[list[int]] = [[] for _ in range(count)]
        self.operations: list[list[int]] = [[] for _ in range(count)]
        self.outputs: list[list[tuple[int, int]]] = [[] for _ in range(count)]
        self.carried: list[list[tuple[int, int]]] = [[] for _ in range(count)]
        self.brought: list[list[tuple[int, int]]] = [[] for _ in range(count)]

    def add(self, stream: int) -> int:
        """Share out a stream's operations and features; return how many registers are carried."""
        rest = len(self.plan.roles) + stream
        own = set(self._part(self.tables.own, layout.START_OWN, stream).tolist())
        # Which share fills a register; an own column is there for everyone.
        home = {
            int(register): role.number
            for role in self.plan.roles
            if role.stream == stream and role.kind in (BY_KEY, IN_SLICE) and role.reads
            for register in role.registers
        }
        first = int(self.tables.starts[layout.START_OP, stream])
        operations = self._part(self.tables.operations, layout.START_OP, stream)
        for number, operation in enumerate(operations.tolist(), start=first):
            given = [operation[place] for place in (layout.OP_A, layout.OP_B, layout.OP_C)]
            homes = {home[register] for register in given if register in home}
            share = homes.pop() if len(homes) == 1 else rest
            self._need(given, share, own, home)
            self.operations[share].append(number)
            home[operation[layout.OP_REGISTER]] = share
        outputs = self._part(self.tables.outputs, layout.START_OUT, stream)
        for place, register in enumerate(outputs.tolist()):
            share = home.get(register, rest)
            self._need([register], share, own, home)
            self.outputs[share].append((place, register))
        return len(self.brought[rest])

    def _part(self, listing: Array, start: int, stream: int) -> Array:
        begin, end = self.tables.starts[start, stream : stream + 2]
        return listing[begin:end]

    def _need(
        self, registers: Sequence[int], share: int, own: set[int], home: Mapping[int, int]
    ) -> None:
        """Have registers at hand in a share: own columns, and what another share carries there."""
        for register in registers:
            if register in own and register not in self.own[share]:
                self.own[share].append(register)
            elif home.get(register, share) != share:
                pair = (len(self.brought[share]), register)
                if register not in {known for _, known in self.brought[share]}:
                    self.brought[share].append(pair)
                    self.carried[home[register]].append(pair)

    def shares(self) -> Shares:
        """Return everything as arrays."""
        numbers = [number for share in self.operations for number in share]
        listings = (self.own, self.operations, self.outputs, self.carried, self.brought)
        return Shares(
            np.array([column for share in self.own for column in share], np.int64),
            self.tables.operations[numbers],
            self.tables.numbers[numbers],
            _pairs(self.outputs),
            _pairs(self.carried),
            _pairs(self.brought),
            np.array([np.cumsum([0, *map(len, listing)]) for listing in listings], np.int64),
        )


def _pairs(listing: list[list[tuple[int, int]]]) -> Array:
    return np.array([pair for share in listing for pair in share], np.int64).reshape(-1, 2)


@inlined
def finish(shares: Shares, share: int, row: Any, registers: Any, out: Any, carry: Any) -> None:
    """Write a share's features to `out` and what others need of it to `carry`."""
    starts = shares.starts
    for number in range(starts[BROUGHT, share], starts[BROUGHT, share + 1]):
        registers[shares.brought[number, REGISTER]] = carry[shares.brought[number, PLACE]]
    for number in range(starts[OWN, share], starts[OWN, share + 1]):
        column = shares.own[number]
        registers[column] = np.nan if row[column] == MISSING else float(row[column])
    for number in range(starts[OPERATION, share], starts[OPERATION, share + 1]):
        op = shares.operations[number]
        registers[op[layout.OP_REGISTER]] = operate(op, shares.numbers[number], row, registers)
    for number in range(starts[OUTPUT, share], starts[OUTPUT, share + 1]):
        out[shares.outputs[number, PLACE]] = registers[shares.outputs[number, REGISTER]]
    for number in range(starts[CARRIED, share], starts[CARRIED, share + 1]):
        carry[shares.carried[number, PLACE]] = registers[shares.carried[number, REGISTER]]


@compiled
def finish_rest(
    shares: Any, share: int, matrix: Any, registers: Any, out: Any, carry: Any, begin: int, end: int
) -> None:
    """Write the features of some events that join several roles, from what these carried."""
    for event in range(begin, end):
        finish(shares, share, matrix[event], registers, out[event], carry[event])
