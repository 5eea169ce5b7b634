"""Convolutions over the steps of one series: three layers, each step seen by 13 around it, then all steps pooled.

The fully convolutional network of Wang, Yan and Oates (2017, arXiv:1611.06455), with the maximum beside the mean.
B rows, T steps, C channels, F filters, K outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from keepfit.data.batch import Inputs
from keepfit.data.transform import Transform
from keepfit.features.named import Axes, head
from keepfit.features.sequence import Entry
from keepfit.features.sequence.net import Steps
from keepfit.features.shared.masked import Masked, pooled
from keepfit.models.step_defaults import batch_size, course

_WIDTHS = (7, 5, 3)


def defaults(transform: Transform, rows: int) -> dict[str, Any]:
    """Every hyperparameter, from the number of train rows."""
    return {"width": 64, "dropout": 0.2, "lr": 3e-3, **course(transform, rows, batch_size(rows), most=100)}


class SeriesCNN(nn.Module):
    """Three convolutions with batch norm, mean and maximum over the steps, one dense layer."""

    def __init__(self, entry: Entry, outputs: int, width: int, dropout: float) -> None:
        super().__init__()
        widths = (entry.channels, width, 2 * width, width)
        self.name = entry.tensor
        self.steps = Steps(entry)
        self.filters = nn.ModuleList(
            nn.Conv1d(widths[n], widths[n + 1], kernel, padding=kernel // 2, bias=False)
            for n, kernel in enumerate(_WIDTHS)
        )
        self.norms = nn.ModuleList(Masked(filters) for filters in widths[1:])
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(2 * width, outputs)

    def forward(self, inputs: Inputs) -> Tensor:
        """`sequence` [B, T, C], NaN behind the end → [B, 1, K]."""
        maps, there = (one.transpose(1, 2) for one in self.steps(inputs[self.name]))
        for one, norm in zip(self.filters, self.norms, strict=True):
            maps = F.relu(norm(one(maps), there)) * there
        found: Tensor = self.head(self.dropout(pooled(maps, there)))
        return found[:, None]

    def named(self, outputs: Sequence[str]) -> dict[str, Axes]:
        """By output."""
        return head(outputs)
