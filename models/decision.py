"""Score and rules to advice. Pure: the back-test and the service decide by the same function.

Crossflag advises, it never blocks: `clear` asks for nothing, `review` for a person's look, `urgent`
for one now. Thresholds follow from how many events the reviewers can look at a day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from models.errors import BadThresholds

Advice = Literal["clear", "review", "urgent"]
_RANK: dict[Advice, int] = {"clear": 0, "review": 1, "urgent": 2}


@dataclass(frozen=True)
class Thresholds:
    """Probabilities (0 to 1) from which an event is for review, or urgent.

    `reviews_per_day` is the capacity they were set for, in events a day. Raises `BadThresholds`
    unless 0 <= review <= urgent <= 1 and the capacity is not negative.
    """

    review: float
    urgent: float
    reviews_per_day: float

    def __post_init__(self) -> None:
        if not 0 <= self.review <= self.urgent <= 1:
            raise BadThresholds(
                f"thresholds review={self.review!r}, urgent={self.urgent!r}: "
                f"give 0 <= review <= urgent <= 1"
            )
        if not self.reviews_per_day >= 0:
            raise BadThresholds(f"reviews_per_day={self.reviews_per_day!r}: give 0 or more")

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Thresholds:
        """Read what `to_dict` returned; raises `BadThresholds` when it is something else."""
        try:
            return cls(*(float(data[key]) for key in ("review", "urgent", "reviews_per_day")))
        except (KeyError, TypeError, ValueError) as error:
            raise BadThresholds(f"thresholds cannot be read ({error!r})") from error

    def to_dict(self) -> dict[str, float]:
        """Return the thresholds as JSON-able values."""
        return asdict(self)


@dataclass(frozen=True)
class RuleHit:
    """A rule or watchlist that an event met: its name, the least advice it asks for, and why."""

    name: str
    advice: Advice
    text: str


@dataclass(frozen=True)
class Decision:
    """The advice on one event and what led to it, in words, the strongest first."""

    advice: Advice
    because: tuple[str, ...]


def decide(
    probability: float, thresholds: Thresholds, rule_hits: Sequence[RuleHit] = ()
) -> Decision:
    """Return the advice for a calibrated probability; a rule may raise it, never lower it.

    Raises `BadThresholds` if the probability is not between 0 and 1.

    >>> decide(0.93, Thresholds(review=0.4, urgent=0.9, reviews_per_day=50)).advice
    'urgent'
    """
    if not 0 <= probability <= 1:
        raise BadThresholds(f"probability={probability!r}: give a number between 0 and 1")
    by_score: Advice = "clear"
    because = f"probability {probability:.6f} is below the review threshold {thresholds.review:.6f}"
    if probability >= thresholds.urgent:
        by_score = "urgent"
        because = (
            f"probability {probability:.6f} reaches the urgent threshold {thresholds.urgent:.6f}"
        )
    elif probability >= thresholds.review:
        by_score = "review"
        because = (
            f"probability {probability:.6f} reaches the review threshold {thresholds.review:.6f}"
        )
    claims = [(by_score, because), *((hit.advice, f"{hit.name}: {hit.text}") for hit in rule_hits)]
    claims.sort(key=lambda claim: -_RANK[claim[0]])
    return Decision(claims[0][0], tuple(text for _, text in claims))
