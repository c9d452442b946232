"""Quality samples: by lot, a few events that the model left clear are looked at as well.

Reviewed labels are no fair sample when only flagged events are reviewed. An event below the
threshold that was drawn with a known chance stands for all like it, and is the only way to learn
what the model misses. Whether an event is drawn follows from a keyed hash of its identity: the same
event always, and nobody without the key can choose identifiers that are never drawn.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

SOURCE = "random_review"
"""What the labels and cases of drawn events name as their source."""
KEY_FILE = "random-review.key"
_KEY_BYTES = 32
_RANGE = 2**64


class Lot:
    """Draws a share (0 to 1) of events; none with a share of 0."""

    def __init__(self, share: float, key: bytes) -> None:
        self.share = share
        self._key = key
        self._below = int(share * _RANGE)

    @classmethod
    def kept_in(cls, home: Path, share: float) -> Lot:
        """Return a lot with the home's own key, which is made when there is none."""
        if share <= 0:
            return cls(0.0, b"")
        path = home / KEY_FILE
        if not path.exists():
            home.mkdir(parents=True, exist_ok=True)
            incoming = home / f".{KEY_FILE}.{secrets.token_hex(4)}"
            incoming.touch(mode=0o600)
            incoming.write_bytes(secrets.token_bytes(_KEY_BYTES))
            try:
                # Two services of one home: the first key stays.
                os.link(incoming, path)
            except FileExistsError:
                pass
            finally:
                incoming.unlink()
        return cls(share, path.read_bytes())

    def draws(self, member: str, stream: str, event_id: str) -> bool:
        """Tell whether an event is drawn."""
        if self._below == 0:
            return False
        identity = "\x1f".join((member, stream, event_id)).encode()
        digest = hashlib.blake2b(identity, key=self._key, digest_size=8).digest()
        return int.from_bytes(digest, "big") < self._below
