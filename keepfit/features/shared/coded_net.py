"""One learned vector a value. B rows, m columns, d units a column."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from keepfit.features.named import Axes
from keepfit.features.shared.entries import FIRST, CodedEntry


class Vocabularies(nn.Module):
    """Where the codes of several columns stand in one table for all of them."""

    first: Tensor
    last: Tensor

    def __init__(self, entries: Sequence[CodedEntry]) -> None:
        super().__init__()
        whole = torch.tensor([len(entry.vocabulary) + FIRST for entry in entries])
        self.columns, self.codes = len(whole), int(whole.sum())
        self.register_buffer("first", whole.cumsum(0) - whole)
        self.register_buffer("last", whole - 1)

    def places(self, codes: Tensor) -> Tensor:
        """int64 [B, m] → the rows of the table; a code beyond its column's vocabulary counts as the last of it."""
        return codes.clamp_min(0).minimum(self.last) + self.first


class CodedEncoder(Vocabularies):
    """int64 [B, m] → [B, m, d], by one table for all columns."""

    def __init__(self, entries: Sequence[CodedEntry], units: int) -> None:
        super().__init__(entries)
        self.of = [entry.name for entry in entries]
        self.rows = [(entry.name, word) for entry in entries for word in (*range(FIRST), *entry.vocabulary)]
        self.table = nn.Parameter(torch.randn(self.codes, units) * 0.5)

    def forward(self, codes: Tensor) -> Tensor:
        """int64 [B, m] → [B, m, d]."""
        return F.embedding(self.places(codes), self.table)

    def named(self, _outputs: Sequence[str]) -> dict[str, Axes]:
        """A row a word of a column."""
        return {"table": (self.rows, None)}


def encoder(entries: Sequence[CodedEntry], bins: int, units: int) -> nn.Module:  # noqa: ARG001
    """int64 [B, m] → [B, m, d]."""
    return CodedEncoder(entries, units)
