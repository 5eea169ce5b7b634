"""One learned vector a value. B rows, m columns, d units a column."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from keepfit.features.shared.entries import FIRST, CodedEntry


class CodedEncoder(nn.Module):
    """int64 [B, m] → [B, m, d], by one table for all columns."""

    def __init__(self, entries: Sequence[CodedEntry], units: int) -> None:
        super().__init__()
        sizes = [len(entry.vocabulary) for entry in entries]
        self.columns = len(sizes)
        whole = torch.tensor([size + FIRST for size in sizes])
        self.first: Tensor
        self.last: Tensor
        self.register_buffer("first", whole.cumsum(0) - whole)
        self.register_buffer("last", whole - 1)
        self.table = nn.Parameter(torch.randn(int(whole.sum()), units) * 0.5)

    def forward(self, codes: Tensor) -> Tensor:
        """int64 [B, m] → [B, m, d]; a code beyond its column's vocabulary counts as the last of it."""
        return F.embedding(codes.clamp_min(0).minimum(self.last) + self.first, self.table)


def encoder(entries: Sequence[CodedEntry], bins: int, units: int) -> nn.Module:  # noqa: ARG001
    """int64 [B, m] → [B, m, d]."""
    return CodedEncoder(entries, units)
