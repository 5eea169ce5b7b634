"""A picture for a dense network: every pixel, standardised, through one linear map.

B pictures, H W C their shape, d units a column.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

COLUMNS = 16
"""Vectors of d units that one picture becomes."""


class Pixels(nn.Module):
    """Standardised by the mean and deviation of the train pixels, then mixed."""

    def __init__(self, image: dict[str, Any], units: int) -> None:
        super().__init__()
        self.units = units
        self.mean: Tensor
        self.spread: Tensor
        self.register_buffer("mean", torch.tensor(image["mean"]) * 255)
        self.register_buffer("spread", torch.tensor(image["std"]).clamp_min(1e-3) * 255)
        self.mix = nn.Linear(math.prod(image["size"]) * image["channels"], COLUMNS * units)

    def forward(self, image: Tensor) -> Tensor:
        """uint8 [B, H, W, C] → [B, 16, d]."""
        flat = ((image.float() - self.mean) / self.spread).flatten(1)
        mixed: Tensor = self.mix(flat)
        return mixed.view(-1, COLUMNS, self.units)
