"""What lies behind the end of shorter rows has no say. B rows, F filters, T steps."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Masked(nn.Module):
    """Batch norm over the steps that are there alone (Ioffe and Szegedy 2015), so that padding changes no row."""

    mean: Tensor
    variance: Tensor

    def __init__(self, filters: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(filters, 1)), nn.Parameter(torch.zeros(filters, 1))
        self.register_buffer("mean", torch.zeros(filters, 1))
        self.register_buffer("variance", torch.ones(filters, 1))

    def forward(self, maps: Tensor, there: Tensor) -> Tensor:
        """[B, F, T], [B, 1, T] → [B, F, T]."""
        if self.training:
            count = there.sum().clamp_min(1)
            mean = (maps * there).sum((0, 2)).unsqueeze(1) / count
            maps = maps - mean
            variance = (maps.square() * there).sum((0, 2)).unsqueeze(1) / count
            with torch.no_grad():
                self.mean.lerp_(mean, 0.1)
                self.variance.lerp_(variance, 0.1)
        else:
            maps, variance = maps - self.mean, self.variance
        return maps * ((variance + 1e-5).rsqrt() * self.weight) + self.bias


def pooled(maps: Tensor, there: Tensor) -> Tensor:
    """[B, F, T] and [B, 1, T] → mean and maximum over the steps that are there [B, 2 F]; 0 where none is."""
    mean = (maps * there).sum(2) / there.sum(2).clamp_min(1)
    most = maps.masked_fill(there == 0, -1e9).amax(2)
    return torch.cat([mean, most.where(there.sum(2) > 0, 0.0)], 1)
