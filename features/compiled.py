"""Compiles the kernel's functions, and keeps them for as long as none of their sources changes.

numba's own cache looks at one file at a time: a function that was compiled into another file's
would stay as it was. So the place of the cache carries a digest of all sources.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from numba import config, njit

_HERE = Path(__file__).parent
_SOURCES = ("layout", "prefetching", "measures", "recording", "walks", "kernel", "shares")


def _digest() -> str:
    found = hashlib.sha256()
    for name in _SOURCES:
        found.update((_HERE / f"{name}.py").read_bytes())
    return found.hexdigest()[:12]


config.CACHE_DIR = str(Path(config.CACHE_DIR or _HERE / "__pycache__") / f"kernel-{_digest()}")
# The kernel allocates nothing, so numba need not count references, and what one call does for one
# event is laid into its caller: counting and passing arrays took most of the time.
compiled: Any = njit(cache=True, nogil=True, _nrt=False)
inlined: Any = njit(inline="always", _nrt=False)
