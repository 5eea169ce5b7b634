"""A series standardised, and for a dense network: convolutions over its steps, pooled.

B rows, T steps, C channels, F filters, d units a column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from keepfit.features.sequence import Entry
from keepfit.features.shared.masked import pooled

COLUMNS = 8
"""Vectors of d units that one series becomes."""
_FILTERS, _WIDTHS = 48, (7, 5)


class Steps(nn.Module):
    """Numbers less the mean of the train rows' steps, over their deviation, a channel; and which steps are there."""

    mean: Tensor
    std: Tensor

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(entry.mean))
        self.register_buffer("std", torch.tensor(entry.std))
        self.width = entry.channels

    def forward(self, series: Tensor) -> tuple[Tensor, Tensor]:
        """[B, T, C], NaN behind the end → [B, T, C], 0 there; and 1 or 0 [B, T, 1]."""
        there = ~series[..., :1].isnan()
        # Beyond 1e4 deviations nothing is learned, and squares must be numbers.
        scaled = ((series - self.mean) / self.std).clamp(-1e4, 1e4)
        return scaled.where(there, 0.0), there.float()


class SeriesFilters(nn.Module):
    """Two convolutions, pooled and mixed."""

    def __init__(self, entry: Entry, units: int) -> None:
        super().__init__()
        self.columns, self.units = COLUMNS, units
        self.steps = Steps(entry)
        self.filters = nn.ModuleList(
            nn.Conv1d(inputs, _FILTERS, width, padding=width // 2)
            for inputs, width in zip((entry.channels, _FILTERS), _WIDTHS, strict=True)
        )
        self.mix = nn.Linear(2 * _FILTERS, COLUMNS * units)

    def forward(self, series: Tensor) -> Tensor:
        """[B, T, C] → [B, 8, d]."""
        scaled, there = (one.transpose(1, 2) for one in self.steps(series))
        for one in self.filters:
            scaled = F.relu(one(scaled)) * there
        mixed: Tensor = self.mix(pooled(scaled, there))
        return mixed.view(-1, COLUMNS, self.units)


def amounts(_entry: Entry, _rows: int) -> dict[str, float]:
    """A twentieth of either."""
    return {"noise": 0.05, "scale": 0.05}


def augment(amounts: Mapping[str, float]) -> Callable[[Tensor], Tensor]:
    """A change of series [B, T, C], each in its own way: a little noise, a little more or less."""
    return partial(_changed, noise=amounts.get("noise", 0.0), scale=amounts.get("scale", 0.0))


def _changed(series: Tensor, noise: float, scale: float) -> Tensor:
    known = series.nan_to_num(0.0)
    spread = known.std((0, 1), keepdim=True)
    factor = 1 + scale * torch.randn(len(series), 1, 1, device=series.device)
    return series * factor + noise * spread * torch.randn_like(known)


def steps(entry: Entry) -> nn.Module:
    """[B, T, C] → [B, T, C], and which steps are there [B, T, 1]."""
    return Steps(entry)


def encoder(entries: Sequence[Entry], bins: int, units: int) -> nn.Module:  # noqa: ARG001
    """[B, T, C] → [B, 8, d]."""
    return SeriesFilters(entries[0], units)
