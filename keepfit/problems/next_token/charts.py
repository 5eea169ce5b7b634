"""How surprising each test text was, drawn."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

from keepfit.problems.drawing import MAIN, draw


def every(metrics: dict[str, Any]) -> list[str]:
    """One chart as SVG; none without texts."""
    return [spread(metrics["texts"])] if metrics.get("texts") else []


def spread(texts: list[float]) -> str:
    """How many texts cost how much."""

    def paint(axes: Axes) -> None:
        axes.set_ylabel("texts")
        axes.hist(texts, bins=min(30, max(5, len(texts) // 5)), color=MAIN)

    return draw("surprise", "Nats a character of each text", "nats a character", paint)
