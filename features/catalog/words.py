"""Words that several families of both catalogues use."""

from __future__ import annotations

NETWORK_WORDS = (
    "a corporate VPN",
    "a carrier's shared addresses",
    "a roaming telephone",
    "a hosting centre",
    "an anonymiser",
)
"""What `features.reference.NETWORK_KINDS` stand for, in the same order."""
