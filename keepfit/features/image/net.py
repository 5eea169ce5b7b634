"""A picture for a dense network: every pixel, standardised, through one linear map; beside other columns through
convolutions, so that what is on it counts wherever it is.

B pictures, H W C their shape, F filters, d units a column.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from keepfit.config.sections import AUTO
from keepfit.features.image import Entry
from keepfit.features.image.augment import Amount, changed, mirrored, upside_down
from keepfit.features.image.rebuilder import rebuilder

__all__ = [
    "COLUMNS", "MIXED", "TURNS", "Standardised", "amounts", "augment", "encoder", "encoder_beside", "rebuilder",
    "steps",
]  # fmt: skip

COLUMNS = 16
"""Vectors of d units that one picture becomes."""
_FILTERS, _MOST = 32, 128
"""Of the first convolution, and of any."""


class Standardised(nn.Module):
    """Pixels less the mean of the train pixels, over their deviation, a channel."""

    mean: Tensor
    std: Tensor

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(entry.mean).view(-1, 1, 1) * 255)
        self.register_buffer("std", torch.tensor(entry.std).view(-1, 1, 1).clamp_min(1e-3) * 255)

    def forward(self, image: Tensor) -> Tensor:
        """[B, H, W, C], 0 to 255 → [B, C, H, W]."""
        return (image.permute(0, 3, 1, 2).float() - self.mean) / self.std


class PixelMix(nn.Module):
    """Standardised by the mean and deviation of the train pixels, then mixed."""

    def __init__(self, entry: Entry, units: int) -> None:
        super().__init__()
        self.units, self.columns = units, COLUMNS
        self.mean: Tensor
        self.spread: Tensor
        self.register_buffer("mean", torch.tensor(entry.mean) * 255)
        self.register_buffer("spread", torch.tensor(entry.std).clamp_min(1e-3) * 255)
        self.mix = nn.Linear(math.prod(entry.shape), COLUMNS * units)

    def forward(self, image: Tensor) -> Tensor:
        """uint8 [B, H, W, C] → [B, 16, d]."""
        flat = ((image.float() - self.mean) / self.spread).flatten(1)
        mixed: Tensor = self.mix(flat)
        return mixed.view(-1, COLUMNS, self.units)


class PixelFilters(nn.Module):
    """Convolutions that pool a side to less than 8, then each filter's mean and maximum, mixed."""

    def __init__(self, entry: Entry, units: int) -> None:
        super().__init__()
        self.units, self.columns = units, COLUMNS
        self.pixels = Standardised(entry)
        pools = max(0, int(math.log2(min(entry.size) / 4)))
        widths = [entry.channels, *(min(_FILTERS * 2**n, _MOST) for n in range(pools + 1))]
        self.layers = nn.ModuleList(nn.Conv2d(i, o, 3, padding=1, bias=False) for i, o in pairwise(widths))
        self.norms = nn.ModuleList(nn.BatchNorm2d(o) for o in widths[1:])
        self.mix = nn.Linear(2 * widths[-1], COLUMNS * units)

    def forward(self, image: Tensor) -> Tensor:
        """uint8 [B, H, W, C] → [B, 16, d]."""
        maps = self.pixels(image)
        for number, (layer, norm) in enumerate(zip(self.layers, self.norms, strict=True)):
            maps = layer(maps)
            maps = F.relu(norm(F.max_pool2d(maps, 2) if number else maps))
        mixed: Tensor = self.mix(torch.cat([maps.mean((2, 3)), maps.amax((2, 3))], 1))
        return mixed.view(-1, COLUMNS, self.units)


class PixelRows(nn.Module):
    """A picture from top to bottom: each row of pixels, standardised, is a step."""

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.pixels = Standardised(entry)
        self.width = entry.size[1] * entry.channels

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 [B, H, W, C] → [B, H, C W], and which rows are there [B, H, 1]: all."""
        rows = self.pixels(image).transpose(1, 2).flatten(2)
        return rows, torch.ones_like(rows[..., :1])


def steps(entry: Entry) -> nn.Module:
    """uint8 [B, H, W, C] → [B, H, C W], and ones [B, H, 1]."""
    return PixelRows(entry)


SMALL = 5_000
"""Train rows below which a narrow network, small batches, dropout and much augmentation are better."""


MIXED = "mixup"
TURNS = {"flip": mirrored, "flip_vertical": upside_down}


def amounts(entry: Entry, rows: int) -> dict[str, Any]:
    """Small grey pictures may be glyphs; others are photographs, few of which also change their light."""
    none = {**dict.fromkeys(vars(Amount()), 0.0), MIXED: 0.0}
    if is_glyph(entry):
        # Turned and scaled, 1,277 digits of 8×8 gave 99.7 % on validation rows where shifts of a pixel gave 98.9.
        # On 51,000 of 28×28 the two were level (99.50 and 99.48), and a shift costs an eighth.
        few = {"shift": 0.07, "rotate": 8.0, "scale": 0.1}
        return {**none, **(few if rows < SMALL else {"shift": 0.04, "flip": AUTO})}
    light = {"rotate": 15.0, "scale": 0.15, "contrast": 0.3, "brightness": 0.3} if rows < SMALL else {}
    return {**none, "shift": 0.1, **light, **dict.fromkeys(TURNS, AUTO)}


def is_glyph(entry: Entry) -> bool:
    """Whether its pictures may be letters or digits by themselves."""
    return entry.channels == 1 and max(entry.size) <= 40


def augment(amounts: Mapping[str, float]) -> Callable[[Tensor], Tensor]:
    """A change of pictures [B, H, W, C], each in its own way, that leaves what is on them."""
    return changed(Amount(**{name: amount for name, amount in amounts.items() if name != MIXED}))


def encoder(entries: Sequence[Entry], bins: int, units: int) -> nn.Module:  # noqa: ARG001
    """uint8 [B, H, W, C] → [B, 16, d]."""
    return PixelMix(entries[0], units)


def encoder_beside(entries: Sequence[Entry], bins: int, units: int) -> nn.Module:  # noqa: ARG001
    """The same, beside other columns."""
    return PixelFilters(entries[0], units)
