"""What was said of one event, kept unchanged: advice, probability, reasons and their grounds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.counterfactual import Counterfactual
from models.explain import Reason
from models.unusual import Unusual

__all__ = ["SHARED", "Assessment", "Counterfactual", "Reason", "Unusual"]

SHARED = "agreement:"
"""What the name of a shared history begins with."""


@dataclass(frozen=True)
class Assessment:
    """The immutable answer to one event; every number is as it was at the moment of decision."""

    assessment_id: str
    member: str
    stream: str
    event_id: str
    advice: str
    """clear, review or urgent."""
    because: tuple[str, ...]
    """What set the advice, such as the threshold that was passed."""
    probability: float
    """Calibrated probability of fraud, 0 to 1, rounded to six decimals."""
    reasons: tuple[Reason, ...]
    """At most five, strongest first; empty for events that are not flagged."""
    model_name: str
    model_version: str
    feature_set: str
    reference_version: str
    thresholds: dict[str, Any]
    """The thresholds that were applied."""
    case_id: str | None
    """The case that this event opened or joined."""
    late: bool
    """True when the event was too old to enter the history."""
    amount_reference: int | None
    """EUR cents; None for an access event or without an exchange rate."""
    received_at: datetime
    pool: str
    """Whose history it rests on: `member:NAME`, or `agreement:REFERENCE` under one in force."""
    counterfactual: Counterfactual | None = None
    """What would have left it clear; None when nothing that was tried would, or it was clear."""
    novelty: float | None = None
    """Share of training events that are less novel; None where the model has no detector."""
    unusual: tuple[Unusual, ...] = ()
    """At most three, largest first; empty for events that are not novel."""

    review_propensity: float | None = None
    """The chance with which it was to be reviewed, where it was: 1 when it was flagged, the lot's
    share when it was left clear and drawn."""

    @property
    def drawn(self) -> bool:
        """True when it was left clear, and drawn by lot to be looked at nevertheless."""
        return not self.flagged and self.review_propensity is not None

    watchlist_hits: tuple[dict[str, Any], ...] = ()
    """Records of watchlists that it met, each with its list, version, score and what met it."""

    @property
    def agreement(self) -> str | None:
        """The sharing agreement whose members' history it rests on, None for the member's own."""
        return self.pool.removeprefix(SHARED) if self.pool.startswith(SHARED) else None

    @property
    def flagged(self) -> bool:
        """True when a person should look at it."""
        return self.advice != "clear"

    @property
    def novel(self) -> bool:
        """True when the quota of novelty took it, whatever its probability."""
        return bool(self.unusual)

    @property
    def first_reason(self) -> str | None:
        """The words that stand for it in the queue: of what raised its advice, the strongest."""
        if self.novel and self.probability < self.thresholds["review"]:
            return self.unusual[0].text
        return self.reasons[0].text if self.reasons else None

    def document(self, duplicate: bool = False) -> dict[str, Any]:
        """Return what its member gets to see of it; `duplicate` says that it is told again."""
        return {
            "assessment_id": self.assessment_id,
            "stream": self.stream,
            "event_id": self.event_id,
            "advice": self.advice,
            "because": self.because,
            "probability": self.probability,
            "reasons": self.reasons,
            "counterfactual": self.counterfactual,
            "novelty": self.novelty,
            "unusual": self.unusual,
            "watchlist_hits": self.watchlist_hits,
            "model": {"name": self.model_name, "version": self.model_version},
            "feature_set": self.feature_set,
            "reference": self.reference_version,
            "case_id": self.case_id,
            "pool": self.pool,
            "late": self.late,
            "duplicate": duplicate,
            "amount_reference": self.amount_reference,
            "received_at": self.received_at,
        }
