"""Convolutions over a recording as a picture of bands and moments, then all moments pooled.

B rows, T samples, M bands, N moments, F filters, K outputs.

In training a stretch of bands and one of moments are blanked, each row's own (SpecAugment, Park et al. 2019,
arXiv:1904.08779): what is said or heard must not rest on a single one.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from keepfit.data.batch import Inputs
from keepfit.data.transform import Transform
from keepfit.features.audio import Entry
from keepfit.features.audio.net import LogMel
from keepfit.features.named import Axes, head
from keepfit.features.shared.masked import Masked, pooled
from keepfit.models.step_defaults import course

_STEPS = 1200
"""Steps of training that a small set takes."""
_HALVED = ((1, 1), (2, 2), (2, 1), (1, 1))
"""By how much bands and moments are pooled in each layer; the first one steps by two of both."""
_BLANKED, _TIMES = 0.15, 2
"""Share of the bands, and of a recording's moments, that is blanked at most; how often."""


def defaults(transform: Transform, rows: int) -> dict[str, Any]:
    """Every hyperparameter, from the number of train rows."""
    batch = 16 if rows < 1000 else 32 if rows < 10_000 else 64
    return {"width": 32, "dropout": 0.3, "lr": 4e-3, **course(transform, rows, batch, steps=_STEPS)}


class Spectrogram(nn.Module):
    """Four convolutions with batch norm, mean and maximum over the moments, one dense layer."""

    def __init__(self, entry: Entry, outputs: int, width: int, dropout: float) -> None:
        super().__init__()
        widths = (1, width // 2, width, 2 * width, 2 * width)
        self.name = entry.tensor
        self.front = LogMel(entry)
        first = nn.Conv2d(1, widths[1], 5, stride=2, padding=2, bias=False)
        rest = (nn.Conv2d(i, o, 3, padding=1, bias=False) for i, o in pairwise(widths[1:]))
        self.filters = nn.ModuleList([first, *rest])
        self.norms = nn.ModuleList(Masked(filters) for filters in widths[1:])
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(2 * widths[-1] * (self.front.bands // 8), outputs)

    def forward(self, inputs: Inputs) -> Tensor:
        """`audio` int16 [B, T], PAD behind the end → [B, 1, K]."""
        bands, there = self.front(inputs[self.name])
        maps = (blanked(bands, there) if self.training else bands)[:, None]
        there = there[:, :, ::2]
        for one, norm, halved in zip(self.filters, self.norms, _HALVED, strict=True):
            # Pooled before it is normalised, which so costs a quarter. What lies behind the end is 0 before each layer,
            # and so a row's own alone.
            maps = F.max_pool2d(one(maps), halved)
            there = F.max_pool1d(there, halved[1])
            maps = F.relu(_normed(norm, maps, there)) * there[:, None]
        found: Tensor = self.head(self.dropout(pooled(maps.flatten(1, 2), there)))
        return found[:, None]

    def named(self, outputs: Sequence[str]) -> dict[str, Axes]:
        """By output."""
        return head(outputs)


def _normed(norm: nn.Module, maps: Tensor, there: Tensor) -> Tensor:
    """[B, F, M, N], [B, 1, N] → [B, F, M, N], all bands by one norm."""
    flat: Tensor = norm(maps.flatten(2), there.repeat(1, 1, maps.shape[2]))
    return flat.view_as(maps)


def blanked(bands: Tensor, there: Tensor) -> Tensor:
    """[B, M, N], [B, 1, N] → the same with stretches at 0, the mean of the train rows."""
    count, moments = bands.shape[1:]
    lengths = there.sum((1, 2))
    for _ in range(_TIMES):
        bands = bands * _kept(torch.full_like(lengths, count), count)[:, :, None]
        bands = bands * _kept(lengths, moments)[:, None]
    return bands


def _kept(lengths: Tensor, places: int) -> Tensor:
    """0 on a stretch of a row's length [B], 1 elsewhere [B, places]."""
    wide = torch.rand_like(lengths) * _BLANKED * lengths
    begin = torch.rand_like(lengths) * (lengths - wide)
    place = torch.arange(places, device=lengths.device)
    return ((place < begin[:, None]) | (place >= (begin + wide)[:, None])).to(lengths.dtype)
