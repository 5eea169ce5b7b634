"""What a network that makes rows gives of one, and what is told of those it makes.

A row's numbers [B, 1, 1 + 2 C]: what the network thinks of the row; the row's own cells; the cells of a new row that is
given the same. In training [B, 1, 1], the cost of the row, of networks that learn by one. B rows, C cells.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from keepfit.problems.objective import Objective, Reach
from keepfit.problems.synthesis import Settings, Target
from keepfit.problems.synthesis.copies import told

__all__ = ["answers", "objective", "told"]


MOST, FARTHEST = 100.0, 1e6
"""Nats a cell or the rival's logit; deviations of a cell."""


class Made(Objective):
    """What a row costs."""

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:  # noqa: ARG002
        """[B, 1, 1] → summed over the rows."""
        return outputs[..., 0].float().sum()

    def score(self, outputs: Tensor, labels: Tensor) -> Tensor:  # noqa: ARG002
        """[B, 1, 1 + 2 C], of which the first is what the row is worth → its costs, summed."""
        return -outputs[..., 0].double().sum()[None]

    def judged(self, sums: Sequence[float], rows: int) -> dict[str, float]:
        """The mean cost."""
        return {"loss": sums[0] / rows}


def objective(_settings: Settings, _target: Target, _smoothing: float) -> Objective:
    """The one there is."""
    return Made()


def answers(outputs: Tensor, _target: Target, _reach: Reach) -> Tensor:
    """[B, 1, 1 + 2 C] → the same, float64 [B, 1 + 2 C]; no row is told to be worse than by MOST."""
    worth, cells = outputs.double().mean(1).tensor_split([1], 1)
    return torch.cat([worth.clamp(-MOST, MOST), cells.clamp(-FARTHEST, FARTHEST)], 1)
