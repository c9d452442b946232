"""The three plots of a training run, each an SVG file that stands alone: MLflow shows them.

They are drawn as the report's are, and take their colours from its style sheet.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import escape

from training.report import charts, words
from training.report.charts import Picture, Table
from training.report.svg import TOP, Chart, Scale

if TYPE_CHECKING:
    from training.metrics import Floats, Outcomes
    from training.metrics.decision import Decision

SHOWN_FEATURES = 20
STYLE = Path(__file__).parent / "templates" / "report.css"
_HEAD, _ROW, _MARGIN = 34, 22, 12


def plots(
    folder: Path,
    outcomes: Outcomes,
    scores: dict[str, Floats],
    decision: Decision,
    importance: dict[str, float],
) -> list[Path]:
    """Write pr_curve.svg, calibration.svg and importance.svg and return their paths.

    `scores` holds each model's scores of the test events, `decision` the figures of ours, and
    `importance` the share of the total gain by feature.
    """
    drawn = {
        "pr_curve.svg": charts.precision_recall(outcomes, scores),
        "calibration.svg": charts.reliability(decision),
        "importance.svg": _importance(importance),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in drawn.items():
        (folder / name).write_text(alone(picture), encoding="utf-8")
    return [folder / name for name in drawn]


def alone(picture: Picture) -> str:
    """Return a picture as an SVG document, with its title above and what its lines are below."""
    inside = picture.svg
    box = inside.split('viewBox="', 1)[1].split('"', 1)[0]
    _, _, width, height = (float(part) for part in box.split())
    whole = _HEAD + height + _ROW * len(picture.legend) + _MARGIN
    lines = [f'<text class="note" x="{_MARGIN}" y="22">{escape(picture.title)}</text>']
    for place, (style, name) in enumerate(picture.legend):
        down = _HEAD + height + _ROW * place + 8
        lines.append(f'<path class="{style}" d="M {_MARGIN} {down:g} h 40"/>')
        lines.append(f'<text x="{_MARGIN + 50}" y="{down + 4:g}">{escape(name)}</text>')
    # A child selector's sign is a mark of XML.
    style = escape(STYLE.read_text(encoding="utf-8"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {whole:g}" '
        f'width="{width:g}" height="{whole:g}"><style>{style}</style>'
        f'<rect width="100%" height="100%" style="fill: var(--card)"/>{"".join(lines)}'
        f'<svg y="{_HEAD}" width="{width:g}" height="{height:g}"{inside.removeprefix("<svg")}</svg>'
    )


def _importance(importance: dict[str, float]) -> Picture:
    top = sorted(importance.items(), key=lambda item: (-item[1], item[0]))[:SHOWN_FEATURES]
    most = top[0][1] if top else 1.0
    chart = Chart(
        "What the model looks at most",
        "Share of the total gain by feature.",
        Scale(0, most),
        Scale(0, max(len(top), 1)),
        width=840,
        height=TOP + _ROW * max(len(top), 1) + 44,
        left=330,
    )
    ticks = [most * part / 4 for part in range(5)]
    chart.axes([(one, words.percent(one, 1)) for one in ticks], [], "share of the total gain")
    for place, (name, share) in enumerate(top):
        level = len(top) - place - 0.5
        _, down = chart.at((0, level))
        chart.text((320, down + 4), name, "tick end")
        chart.bar((0, level - 0.32), (share, level + 0.32), "bar")
    return Picture(
        "What the model looks at most",
        "Share of the total gain.",
        chart.svg(),
        Table(("feature", "share of the gain"), [(name, words.percent(one)) for name, one in top]),
    )
