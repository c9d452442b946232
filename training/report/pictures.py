"""The three plots of a training run, as PNG files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training.metrics import Floats

if TYPE_CHECKING:
    import numpy.typing as npt

SHOWN_FEATURES = 20
BINS = 10


def plots(
    folder: Path,
    target: npt.NDArray[np.bool_],
    scores: dict[str, Floats],
    probability: Floats,
    importance: dict[str, float],
) -> list[Path]:
    """Write pr_curve.png, calibration.png and importance.png and return their paths.

    `scores` holds each model's scores of the test events, `importance` the total gain by feature.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {
        "pr_curve.png": _pr_curve(target, scores),
        "calibration.png": _calibration(target, probability),
        "importance.png": _importance(importance),
    }
    for name, figure in drawn.items():
        # A fixed creator keeps the bytes the same from run to run.
        figure.savefig(folder / name, dpi=100, metadata={"Software": None})
    return [folder / name for name in drawn]


def _figure() -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 5), layout="constrained")
    return figure, figure.subplots()


def _pr_curve(target: Any, scores: dict[str, Floats]) -> Any:
    from sklearn.metrics import average_precision_score, precision_recall_curve

    figure, axes = _figure()
    for name, score in scores.items():
        precision, recall, _ = precision_recall_curve(target, score)
        area = average_precision_score(target, score)
        axes.step(recall, precision, where="post", label=f"{name.replace('_', ' ')} ({area:.3f})")
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    axes.set_title("Precision and recall on the test slice (average precision)")
    axes.legend()
    return figure


def _calibration(target: Any, probability: Floats) -> Any:
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, BINS * 2) if len(part)]
    figure, axes = _figure()
    axes.plot(
        [max(float(probability[part].mean()), 1e-6) for part in parts],
        [max(float(np.mean(target[part])), 1e-6) for part in parts],
        marker="o",
        label="equal parts of the test slice",
    )
    axes.plot([1e-6, 1], [1e-6, 1], linestyle="--", color="grey", label="perfect")
    axes.set(xscale="log", yscale="log", xlabel="mean probability", ylabel="share of fraud")
    axes.set_title("Calibration on the test slice")
    axes.legend()
    return figure


def _importance(importance: dict[str, float]) -> Any:
    top = sorted(importance.items(), key=lambda item: (-item[1], item[0]))[:SHOWN_FEATURES]
    figure, axes = _figure()
    axes.barh([name for name, _ in top][::-1], [gain for _, gain in top][::-1])
    axes.set(xlabel="share of the total gain")
    axes.set_title("What the model looks at most")
    return figure
