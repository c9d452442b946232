"""A name taken apart, whichever kind it is of; and the readings of a name with brackets."""

from __future__ import annotations

import re
from functools import lru_cache

from models.names.organisations import organisation
from models.names.parts import Kind, Name
from models.names.persons import person
from models.names.spelling import latin, tidy

_BRACKETS = re.compile(r"\s*[(\[{]\s*([^)\]}]*)[)\]}]\s*")


def readings(text: str) -> tuple[str, ...]:
    """Return a name without what it has in brackets, and that as readings of their own.

    >>> readings("Butembo Airlines (BAL)")
    ('Butembo Airlines', 'BAL')
    """
    inner = [found.strip() for found in _BRACKETS.findall(text)]
    outer = _BRACKETS.sub(" ", text).strip()
    kept = [one for one in (outer, *inner) if len(latin(tidy(one).replace(" ", ""))) > 1]
    return tuple(dict.fromkeys(kept)) or (text,)


@lru_cache(maxsize=100_000)
def parse(text: str, kind: Kind) -> Name:
    """Take a name apart. Whatever the text, a name comes back; it may have no part."""
    return person(text) if kind == "person" else organisation(text)
