"""Review: the flagged events of one subject gather in a case, a person decides, labels follow.

A case is `open`, then `claimed` by one person, then `decided`; release takes it back to open. A
flagged event joins its subject's case that is not yet decided, else opens one. The decision
becomes one label for each flagged event of the case, through the same sequencer as any event.
"""

from serving.cases.links import Links
from serving.cases.queueing import Bulk, SavedView
from serving.cases.review import Cases
from serving.cases.views import (
    DISPOSITIONS,
    CaseDetail,
    CaseSummary,
    Corridor,
    CountryNote,
    Disposition,
    HistoryEntry,
    Order,
    Party,
    QueuePage,
    State,
    TimelineEntry,
)
from serving.store.queues import Filter

__all__ = [
    "DISPOSITIONS",
    "Bulk",
    "CaseDetail",
    "CaseSummary",
    "Cases",
    "Corridor",
    "CountryNote",
    "Disposition",
    "Filter",
    "HistoryEntry",
    "Links",
    "Order",
    "Party",
    "QueuePage",
    "SavedView",
    "State",
    "TimelineEntry",
]
