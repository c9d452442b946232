"""Review: the flagged events of one subject gather in a case, a person decides, labels follow.

A case is `open`, then `claimed` by one person, then `decided`; release takes it back to open. A
flagged event joins its subject's case that is not yet decided, else opens one. What confirms a
crime, reports it or lets an urgent flag go is proposed by one person and approved by another. The
decision becomes one label for each flagged event, through the same sequencer as any event.
"""

from serving.cases.approving import Approvals
from serving.cases.clocks import Clock, Clocks
from serving.cases.desk import CaseDesk
from serving.cases.links import Links
from serving.cases.queueing import Bulk, SavedView
from serving.cases.recalling import Recall, Recalls
from serving.cases.review import Cases
from serving.cases.views import (
    CONFIRMED,
    DISPOSITIONS,
    REPORTED,
    Approval,
    CaseDetail,
    CaseSummary,
    Corridor,
    CountryNote,
    Desk,
    Disposition,
    EventFinding,
    HistoryEntry,
    Order,
    Party,
    QueuePage,
    State,
    TimelineEntry,
)
from serving.store.queues import Filter

__all__ = [
    "CONFIRMED",
    "DISPOSITIONS",
    "REPORTED",
    "Approval",
    "Approvals",
    "Bulk",
    "CaseDesk",
    "CaseDetail",
    "CaseSummary",
    "Cases",
    "Clock",
    "Clocks",
    "Corridor",
    "CountryNote",
    "Desk",
    "Disposition",
    "EventFinding",
    "Filter",
    "HistoryEntry",
    "Links",
    "Order",
    "Party",
    "QueuePage",
    "Recall",
    "Recalls",
    "SavedView",
    "State",
    "TimelineEntry",
]
