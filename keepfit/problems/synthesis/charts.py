"""New rows, drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from keepfit.problems.drawing import MAIN, OTHER, draw


def every(metrics: dict[str, Any]) -> list[str]:
    """SVG; none without answers."""
    found = [nearest(metrics["nearest"])] if metrics.get("nearest") else []
    return found + [pictures(one, number) for number, one in enumerate(metrics.get("samples", []))]


def nearest(distances: dict[str, list[float]]) -> str:
    """How far new rows, and test rows, lie from the nearest train row."""
    edges = np.histogram_bin_edges(np.concatenate([*distances.values()]), 30).tolist()

    def paint(axes: Axes) -> None:
        axes.set_ylabel("rows")
        axes.hist(distances["test"], edges, color=OTHER, alpha=0.6, label="test rows")
        axes.hist(distances["made"], edges, color=MAIN, alpha=0.6, label="new rows")
        axes.legend(frameon=False)

    return draw("nearest", "How near the nearest train row is", "distance; copies lie at 0", paint)


def pictures(one: dict[str, Any], number: int) -> str:
    """Some that are there above, new ones below."""
    rows = [_strip([np.array(some, np.uint8) for some in one[name]]) for name in ("real", "made")]
    gap = np.full((max(1, rows[0].shape[0] // 6), rows[0].shape[1], 3), 255, np.uint8)

    def paint(axes: Axes) -> None:
        axes.imshow(np.concatenate([rows[0], gap, rows[1]]), interpolation="nearest")
        axes.set_xticks([])
        axes.set_yticks([])
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)

    title = one["given"] or one["column"]
    return draw(f"made{number}", title, "above: test rows; below: new ones", paint, (3.7, 1.7))


def _strip(several: list[np.ndarray]) -> np.ndarray:
    """Pictures [h, w, 1 or 3] side by side."""
    coloured = [np.repeat(one, 3, axis=2) if one.shape[2] == 1 else one for one in several]
    gap = np.full((coloured[0].shape[0], max(1, coloured[0].shape[1] // 8), 3), 255, np.uint8)
    return np.concatenate([part for one in coloured for part in (one, gap)][:-1], axis=1)
