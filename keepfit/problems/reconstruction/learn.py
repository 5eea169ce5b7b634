"""Minus the evidence lower bound is minimised, and a row is strange where it costs more than others.

B rows, M ensemble members, K numbers a row: see `keepfit.problems.described`. A network has one member.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from keepfit.problems.described import layout_of
from keepfit.problems.objective import Objective, Reach
from keepfit.problems.reconstruction import Settings, Target
from keepfit.problems.reconstruction.strangeness import reach, strangeness
from keepfit.problems.reconstruction.strangers import told

__all__ = ["answers", "objective", "told"]

MOST = 100.0
"""Nats a cell, beyond which a row is not told to be any worse."""


class Bound(Objective):
    """Nats a row."""

    def __init__(self, target: Target) -> None:
        self.target, self.layout = target, layout_of(target)

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:  # noqa: ARG002
        """[B, 1, K] → summed over the rows."""
        return outputs[..., 0].float().sum()

    def score(self, outputs: Tensor, labels: Tensor) -> Tensor:  # noqa: ARG002
        """[B, 1, K] → nats, summed."""
        return outputs[..., 0].double().sum()[None]

    def judged(self, sums: Sequence[float], rows: int) -> dict[str, float]:
        """Nats a row; and the bound, a cell."""
        return {"loss": sums[0] / rows, "elbo": -sums[0] / rows / self.layout.cells}

    def misses(self, outputs: Tensor, _labels: Tensor) -> Tensor:
        """[B, 1, K] → [1 + D, B]."""
        found = figures(outputs, self.target)
        return torch.cat([found[:, :1], found], 1).T

    def reach(self, distances: Tensor) -> Reach:
        """What strangeness needs."""
        return reach(distances.numpy())


def objective(_settings: Settings, target: Target, _smoothing: float) -> Objective:
    """The one there is."""
    return Bound(target)


def figures(outputs: Tensor, target: Target) -> Tensor:
    """[B, 1, K] → what strangeness is told by, float64 [B, D]: the cost, how far all cells are off, and the looks."""
    cost, _, looks, _, off, _ = layout_of(target).split(outputs.double().mean(1))
    return torch.cat([cost, off.sum(1, keepdim=True), looks], 1)


def answers(outputs: Tensor, target: Target, known: Reach) -> Tensor:
    """[B, 1, K] → float64 [B, A]: strangeness, the bound and the rate, a cell; the code; each cell's share of what is
    off; each cell mended."""
    layout = layout_of(target)
    cost, rate, _, code, off, mended = layout.split(outputs.double().mean(1))
    share = off / off.sum(1, keepdim=True).clamp_min(1e-12)
    a_cell = (-cost / layout.cells).clamp(-MOST, MOST), (rate / layout.cells).clamp_max(MOST)
    return torch.cat([strangeness(figures(outputs, target), known), *a_cell, code, share, mended], 1)
