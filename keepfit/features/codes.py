"""Categories and booleans: one learned vector a value.

B rows, m columns, d units a column. Code 0 is missing, 1 unknown or rare, 2 + i the vocabulary's i-th value.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

SPECIAL = 2
"""Codes before the first of the vocabulary."""


class Codes(nn.Module):
    """int64 [B, m] → [B, m, d], by one table for all columns."""

    def __init__(self, sizes: list[int], units: int) -> None:
        """`sizes` are the lengths of the columns' vocabularies."""
        super().__init__()
        whole = torch.tensor([size + SPECIAL for size in sizes])
        self.first: Tensor
        self.last: Tensor
        self.register_buffer("first", whole.cumsum(0) - whole)
        self.register_buffer("last", whole - 1)
        self.table = nn.Parameter(torch.randn(int(whole.sum()), units) * 0.5)

    def forward(self, codes: Tensor) -> Tensor:
        """[B, m] → [B, m, d]; a code beyond its column's vocabulary counts as the last of it."""
        return F.embedding(codes.clamp_min(0).minimum(self.last) + self.first, self.table)
