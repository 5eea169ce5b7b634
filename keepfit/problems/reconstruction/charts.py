"""How strange the test rows were, and what was made of some of them, drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from keepfit.problems.drawing import MAIN, OTHER, draw

_COLUMNS = 20
"""Columns that have a bar, at most."""


def every(metrics: dict[str, Any]) -> list[str]:
    """SVG; none without answers."""
    if not metrics.get("strangeness"):
        return []
    charts = [spread(metrics["strangeness"], metrics.get("strangers", []))]
    if len(metrics["off"]) > 1:
        charts.append(columns(metrics["off"]))
    return [*charts, *(picture(one, number) for number, one in enumerate(metrics.get("pictures", [])))]


def spread(found: list[float], strangers: list[dict[str, Any]]) -> str:
    """Of ordinary rows each tenth should hold as many; planted strangers belong at the right end."""

    def paint(axes: Axes) -> None:
        axes.set_ylabel("test rows")
        axes.hist(found, bins=20, range=(0, 1), color=MAIN)
        for stranger in strangers:
            axes.axvline(stranger["strangeness"][1], color=OTHER, linewidth=1)

    return draw("strangeness", "Strangeness of ordinary rows", "lines: the middle one of planted strangers", paint)


def columns(off: dict[str, float]) -> str:
    """Which columns are hardest to tell from the others."""
    first = sorted(off.items(), key=lambda pair: -pair[1])[:_COLUMNS][::-1]

    def paint(axes: Axes) -> None:
        axes.barh([name for name, _ in first], [100 * share for _, share in first], color=MAIN)
        axes.tick_params(axis="y", labelsize=6)

    return draw("off", "What is off in ordinary rows, by columns", "per cent", paint)


def picture(one: dict[str, Any], number: int) -> str:
    """A test row's picture, mended, and where it is off."""
    seen, mended = (np.array(one[name], np.uint8) for name in ("seen", "mended"))
    where = np.repeat((255 * (1 - np.array(one["where"])))[..., None], 3, axis=2).astype(np.uint8)
    gap = np.full((len(seen), max(1, seen.shape[1] // 12), 3), 255, np.uint8)
    strip = np.concatenate([_coloured(seen), gap, _coloured(mended), gap, where], axis=1)

    def paint(axes: Axes) -> None:
        axes.imshow(strip, interpolation="nearest")
        axes.set_xticks([])
        axes.set_yticks([])
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)

    title = f"{one['column']}: strangeness {one['strangeness']:.3f}"
    return draw(f"picture{number}", title, "as it is · mended · where it is off", paint, (3.7, 1.6))


def _coloured(picture: np.ndarray) -> np.ndarray:
    """[h, w, 1 or 3] → [h, w, 3]."""
    return np.repeat(picture, 3, axis=2) if picture.shape[2] == 1 else picture
