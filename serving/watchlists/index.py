"""An index of names in memory: a few likely names by their words, then the real matcher.

Words lead to names. A word of the question leads to every word of the index that is like it, in
whatever spelling or script, and those to the names that hold them; the names whose words add up to
enough are compared whole.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from models.names import Kind
from models.names.comparing import best
from models.names.parsing import parse
from models.names.parts import Name, Part
from models.names.spelling import sounded
from serving.watchlists.gathering import gather
from serving.watchlists.vocabulary import Vocabulary

COMPARED = 40
"""Names that one question is compared with, at most."""
_LEAST_RANK = 0.55
_SURPLUS = 0.3
_LEADING = ("name", "number")


@dataclass(frozen=True)
class Likely:
    """A name that is like the asked one: its owner's number, the score, and how it reads."""

    owner: int
    score: float
    name: str


class NameIndex:
    """Names of one kind; `owners` says which record (by number) each name is of."""

    def __init__(self, kind: Kind, names: Sequence[str], owners: Sequence[int]) -> None:
        self._kind = kind
        self._names = list(names)
        self._owners = np.asarray(owners, np.int32)
        self._vocabulary = Vocabulary(kind == "person")
        self._lock = threading.Lock()
        words: list[int] = []
        holders: list[int] = []
        self._totals = np.zeros(len(self._names), np.float32)
        for number, text in enumerate(self._names):
            parsed = parse.__wrapped__(text, kind)
            leading = list(_leading(parsed))
            self._totals[number] = sum(part.weight for part in leading) or 1.0
            held = {self._vocabulary.add(part) for part in (*leading, *_together(leading))}
            words += held
            holders += [number] * len(held)
        self._postings, self._starts = _sorted(words, holders, len(self._vocabulary))
        self._sums = np.zeros(len(self._names), np.float32)
        self._touched = np.zeros(len(self._names), np.int32)
        self._found = np.zeros(len(self._names), np.int32)
        self._ranks = np.zeros(len(self._names), np.float32)

    def __len__(self) -> int:
        return len(self._names)

    @property
    def bytes(self) -> int:
        """Return the memory of the arrays and texts, without the vocabulary's."""
        arrays = (self._postings, self._starts, self._totals, self._sums, self._touched,
                  self._found, self._ranks, self._owners)  # fmt: skip
        return sum(array.nbytes for array in arrays) + sum(map(len, self._names))

    def search(self, text: str, least: float) -> list[Likely]:
        """Return the owners whose best name scores `least` or more, each once, the best first."""
        asked = parse(text, self._kind)
        likely: dict[int, Likely] = {}
        for number in self._candidates(asked):
            name = self._names[number]
            score = best(text, name, self._kind)[0]
            owner = int(self._owners[number])
            if score >= least and (owner not in likely or likely[owner].score < score):
                likely[owner] = Likely(owner, score, name)
        return sorted(likely.values(), key=lambda one: (-one.score, one.owner))

    def _candidates(self, asked: Name) -> list[int]:
        leading = list(_leading(asked))
        told: dict[int, float] = {}
        for part in (*leading, *_together(leading)):
            for word, alike in self._vocabulary.alike(part):
                weight = part.weight * (alike if alike > 0.9 else alike - 0.1)
                told[word] = max(told.get(word, 0.0), weight)
        if not told:
            return []
        total = sum(part.weight for part in leading)
        with self._lock:
            count = gather(
                self._starts, self._postings,
                np.fromiter(told, np.int32, len(told)),
                np.fromiter(told.values(), np.float32, len(told)),
                self._totals, total, _SURPLUS, _LEAST_RANK,
                self._sums, self._touched, self._found, self._ranks,
            )  # fmt: skip
            found, ranks = self._found[:count].copy(), self._ranks[:count].copy()
        if count > COMPARED:
            chosen = np.argpartition(-ranks, COMPARED)[:COMPARED]
            found, ranks = found[chosen], ranks[chosen]
        return [int(number) for number in found[np.argsort(-ranks, kind="stable")]]


def _leading(name: Name) -> Iterator[Part]:
    """Yield the words that may lead to a name: those that name, else whatever there is."""
    leading = [part for part in name.parts if part.role in _LEADING]
    weak = [part for part in name.parts if part.role == "weak"]
    if len(leading) + len(weak) == 0:
        leading = [part for part in name.parts if part.role == "initial"]
    yield from leading
    yield from weak


def _together(parts: Sequence[Part]) -> Iterator[Part]:
    """Yield neighbours written together, since the other side may write them so."""
    for first, second in pairwise(parts):
        if first.role == second.role == "name" and second.place == first.place + 1:
            both = first.latin + second.latin
            yield replace(
                first,
                text=first.text + second.text,
                latin=both,
                sound=sounded(both),
                weight=first.weight + second.weight,
                klass=None,
            )


def _sorted(
    words: Sequence[int], holders: Sequence[int], size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the names of all words, word by word, and where each word's begin."""
    keys = np.asarray(words, np.int32)
    order = np.argsort(keys, kind="stable")
    counts = np.bincount(keys, minlength=size) if len(keys) else np.zeros(size, np.int64)
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    return np.asarray(holders, np.int32)[order], starts
