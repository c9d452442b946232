"""The payment message itself: its text and channel."""

from __future__ import annotations

from features.columns.texts import SCRIPT_WORDS
from features.definitions import F, Own

MESSAGE_FEATURES: tuple[F, ...] = (
    F(
        "remittance_length",
        Own("remittance_length"),
        "characters",
        "text",
        "the remittance text has {value}",
        "Mules' payments carry little or standard text.",
        "no remittance text",
    ),
    F(
        "remittance_digits",
        Own("remittance_digits"),
        "characters",
        "text",
        "the remittance text holds {value} that are digits",
        "Invoice numbers speak for a real invoice.",
        "no remittance text",
    ),
    F(
        "channel",
        Own("channel"),
        "code",
        "channel",
        "it came through the channel: {value}",
        "Each channel has its own crimes.",
        "no channel given",
        words=("online", "mobile", "branch", "card", "API", "ATM", "phone", "other"),
    ),
    F(
        "remittance_script",
        Own("remittance_script"),
        "code",
        "text",
        "the remittance text is written in: {value}",
        "Letters of another script that look alike slip past filters.",
        "no remittance text, or no letter in it",
        words=SCRIPT_WORDS,
    ),
)
