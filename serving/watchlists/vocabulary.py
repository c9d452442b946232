"""The words of all names of an index, and which of them are like a word that is asked."""

from __future__ import annotations

from collections.abc import Iterator

from models.names.parts import Part
from models.names.romanising import may_be_korean, wade_giles
from models.names.similarity import similarity
from models.names.spelling import consonants, korean
from models.names.words import person_words

LEAST = 0.6
"""Words less alike than this bring no name forward."""
NAME_LEAST = 0.8
"""Score from which a name of an event is a hit; higher than the matcher's own threshold, since an
event's names are asked of tens of thousands."""
_REMEMBERED = 200_000
_PREFIXES = ("abdul", "al", "el", "ul")


class Vocabulary:
    """Every word once; `add` returns its number, `alike` the numbers of those like a word."""

    def __init__(self, person: bool) -> None:
        self._person = person
        self._numbers: dict[tuple[str, str], int] = {}
        self._parts: list[Part] = []
        self._keys: dict[str, list[int]] = {}
        self._remembered: dict[tuple[str, str], list[tuple[int, float]]] = {}

    def __len__(self) -> int:
        return len(self._parts)

    def add(self, part: Part) -> int:
        """Return the number of a word, a new one when it was not there."""
        identity = (part.latin, part.text if part.script == "han" else part.script)
        number = self._numbers.get(identity)
        if number is None:
            number = self._numbers[identity] = len(self._parts)
            self._parts.append(part)
            for key in self._kept(part):
                self._keys.setdefault(key, []).append(number)
        return number

    def alike(self, part: Part) -> list[tuple[int, float]]:
        """Return the words like one, each with how alike (`LEAST` to 1)."""
        identity = (part.latin, part.text if part.script == "han" else part.script)
        found = self._remembered.get(identity)
        if found is None:
            numbers = {n for key in self._asked(part) for n in self._keys.get(key, ())}
            found = [
                (number, alike)
                for number in sorted(numbers)
                if (alike := similarity(part, self._parts[number], self._person)) >= LEAST
            ]
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            self._remembered[identity] = found
        return found

    def _kept(self, part: Part) -> Iterator[str]:
        yield from self._shared(part)
        bones = consonants(part.latin)
        yield ("x" if part.script == "abjad" else "l") + bones
        if self._person:
            yield ("h" if part.script == "hangul" else "k") + korean(part.latin)

    def _asked(self, part: Part) -> Iterator[str]:
        yield from self._shared(part)
        bones = consonants(part.latin)
        yield ("l" if part.script == "abjad" else "x") + bones
        if self._person and part.script == "hangul":
            yield "k" + korean(part.latin)
        elif self._person:
            yield "h" + korean(part.latin)

    def _shared(self, part: Part) -> Iterator[str]:
        """Yield the keys under which a word is both kept and asked.

        Two words one edit apart share a word that is one letter shorter.
        """
        for spelled in {part.sound, part.latin}:
            yield "s" + spelled
            if len(spelled) > 3 and part.script != "abjad":
                for at in range(len(spelled)):
                    yield "s" + spelled[:at] + spelled[at + 1 :]
        bones = consonants(part.latin)
        if len(bones) > 2:
            yield "b" + bones + part.latin[:1]
        if part.klass:
            yield "c" + part.klass
        if self._person:
            yield from _of_persons(part)


def _of_persons(part: Part) -> Iterator[str]:
    yield "s" + wade_giles(part.latin)
    if may_be_korean(part.latin):
        yield "m" + korean(part.latin)
    for group in person_words().same.get(part.latin, ()):
        yield f"g{group}"
    for prefix in _PREFIXES:
        bare = part.latin[len(prefix) :]
        if len(bare) > 3 and part.latin.startswith(prefix):
            yield "s" + bare
            break
