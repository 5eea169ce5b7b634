"""Losses and scores over the epochs, drawn."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from keepfit.metrics.naming import JUDGED, SHARES, metric_name
from keepfit.problems.drawing import MAIN, SOFT, draw, line, mark, percent


def training(history: list[dict[str, Any]], best: int, loss: str) -> list[str]:
    """The losses, and the validation rows' other figures, over the epochs, as SVG; the epoch kept is marked.

    `loss` is what the loss is called.
    """
    epochs = [entry["epoch"] for entry in history]

    def losses(axes: Axes) -> None:
        for name, key, colour in (("train", "train_loss", SOFT), ("validation", "validation_loss", MAIN)):
            line(axes, epochs, [entry[key] for entry in history], name, colour)
        mark(axes, best, history, "validation_loss")

    named = [name for name in history[0] if name.startswith(JUDGED) and name != f"{JUDGED}loss"]
    return [draw("loss", loss, "epoch", losses), *(_score(name, history, best) for name in named)]


def _score(name: str, history: list[dict[str, Any]], best: int) -> str:
    metric = name.removeprefix(JUDGED)

    def paint(axes: Axes) -> None:
        line(axes, [entry["epoch"] for entry in history], [entry[name] for entry in history], "", MAIN)
        if metric in SHARES:
            axes.yaxis.set_major_formatter(FuncFormatter(percent))
        mark(axes, best, history, name)

    return draw(metric, f"Validation {metric_name(metric)}", "epoch", paint)
