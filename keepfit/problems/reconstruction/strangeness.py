"""From how far a row is off to how strange it is: by which share of ordinary rows is less so.

Conformal prediction (Vovk, Gammerman and Shafer 2005): the rows by which it is told were not learned from, so a new
ordinary row is stranger than a share p of them with probability 1 - p. B rows, D figures of a row.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from keepfit.problems.objective import Reach

GRID = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995, 0.999)
"""Shares between which strangeness goes on the straight line."""
_USUAL = 0.95
"""The share of rows that lie within one unit of a figure's middle."""
_LEAST = 1e-9

Figures = NDArray[np.float64]


def reach(figures: Figures) -> Reach:
    """What `strangeness` needs, from such figures [D, N] of ordinary rows that were not learned from."""
    middle = np.median(figures, axis=1)
    low, high = np.quantile(figures, [1 - _USUAL, _USUAL], axis=1)
    units = {"below": np.maximum(middle - low, _LEAST), "above": np.maximum(high - middle, _LEAST)}
    found = {"rows": float(figures.shape[1])}
    for place, value in enumerate(middle):
        found[f"middle_{place}"] = float(value)
        found |= {f"{side}_{place}": float(unit[place]) for side, unit in units.items()}
    scores = _farthest(torch.from_numpy(figures.T.copy()), found).numpy()
    # Beyond the last row's share nothing is known: from there strangeness nears 1 without reaching it.
    shares = [share for share in GRID if share < figures.shape[1] / (figures.shape[1] + 1)]
    points = np.quantile(scores, shares, method="weibull")
    points[0] = scores.min()
    shares.append(figures.shape[1] / (figures.shape[1] + 1))
    for place, (score, share) in enumerate(zip([*points, scores.max()], shares, strict=True)):
        found |= {f"score_{place}": float(score), f"share_{place}": share}
    return {**found, "points": float(len(shares))}


def strangeness(figures: Tensor, known: Reach) -> Tensor:
    """float64 [B, D] → from 0 to 1 [B, 1]."""
    scores = _farthest(figures, known)[:, None]
    count = int(known["points"])
    x, y = ([known[f"{name}_{place}"] for place in range(count)] for name in ("score", "share"))
    found = torch.zeros_like(scores)
    for place in range(count - 1):
        width = max(x[place + 1] - x[place], _LEAST)
        found = found + (y[place + 1] - y[place]) * ((scores - x[place]) / width).clamp(0, 1)
    beyond = (scores - x[-1]).clamp_min(0) / max(x[-1] - x[0], _LEAST)
    return found + (1 - y[-1]) * beyond / (1 + beyond)


def _farthest(figures: Tensor, known: Reach) -> Tensor:
    """[B, D] → the largest of them, each in its own unit about its own middle [B].

    Costs and distances are strange where they are large, and looks on both sides, but for these two no row lies far
    below: a low cost is that of a plain row, and a stranger by its looks.
    """
    every = []
    for place in range(figures.shape[1]):
        off = figures[:, place] - known[f"middle_{place}"]
        above = off / known[f"above_{place}"]
        every.append(above if place < ONE_SIDED else torch.maximum(above, -off / known[f"below_{place}"]))
    return torch.stack(every, 1).amax(1)


ONE_SIDED = 2
"""The first figures, which are strange where they are large alone."""
