"""The figures that people decide by, as rich tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from training.metrics.alerts import Reviewed
    from training.metrics.bootstrap import Interval
    from training.metrics.decision import Decision

NOT_KNOWN = "-"


def decision_tables(decision: Decision) -> list[Table]:
    """Return what reviews find, at the threshold and at each capacity, with intervals."""
    table = Table(
        title="What reviews find (95 % intervals over redrawn subjects)",
        caption=_caption(decision),
    )
    table.add_column("reviews a day")
    columns = ("precision", "recall", "value found", "false per true", "net value, EUR")
    for name in columns:
        table.add_column(name, justify="right")
    threshold = decision.at_threshold
    table.add_row(f"{threshold.alerts_per_day:.1f} at the threshold", *_cells(threshold))
    for capacity, found in decision.at_capacity.items():
        few = found.alerts_per_day < float(capacity)
        note = f" ({found.alerts_per_day:.0f} there are)" if few else ""
        table.add_row(f"{capacity}{note}", *_cells(found))
    return [table]


def _cells(found: Reviewed) -> list[str]:
    return [
        *(in_words(one, 2) for one in (found.precision, found.recall, found.value_detection)),
        in_words(found.false_per_true, 1),
        in_words(found.net_value, 0),
    ]


def in_words(figure: Interval, digits: int) -> str:
    """Write a figure with its interval, as in "0.66 (0.51 to 0.78)"; a dash where it is unknown."""
    if figure.value is None:
        return NOT_KNOWN
    value = f"{figure.value:,.{digits}f}"
    if figure.low is None or figure.high is None:
        return value
    return f"{value} ({figure.low:,.{digits}f} to {figure.high:,.{digits}f})"


def _caption(decision: Decision) -> str:
    parts = [f"average precision {in_words(decision.average_precision, 3)}"]
    without = decision.without_countries
    if without is not None:
        parts.append(f"without country features {in_words(without.average_precision, 3)}")
    detect = decision.time_to_detect
    if detect.cases:
        parts.append(
            f"{detect.at_first_event} of {detect.cases} cases flagged at their first fraud, "
            f"{detect.found} in all"
        )
    if decision.disparity is not None:
        uneven = decision.disparity
        parts.append(
            f"most false flags in {uneven.group}: {in_words(uneven.ratio, 1)} times the usual"
        )
    return "; ".join(parts)
