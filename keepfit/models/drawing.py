"""What networks that draw rows share."""

from __future__ import annotations

import torch
from torch import Tensor


def fixed(rows: int, width: int) -> Tensor:
    """The same random numbers always [rows, width]."""
    return torch.randn(rows, width, generator=torch.Generator().manual_seed(0))


def marked(size: int, places: list[int]) -> Tensor:
    """Bool [size]."""
    found = torch.zeros(size, dtype=torch.bool)
    found[places] = True
    return found
