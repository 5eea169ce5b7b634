"""Names there and back: a share of all values a column. B rows, m columns, V values of all columns together."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from keepfit.features.rebuilder import Rebuilder
from keepfit.features.shared.entries import FIRST, MISSING, REBUILT, UNKNOWN, CodedEntry

_RARE = 1e-6


class CodedRebuilder(Rebuilder):
    """All columns of codes. A missing value costs nothing; rare values count as unknown."""

    def __init__(self, entries: Sequence[CodedEntry]) -> None:
        super().__init__()
        self.sizes = [min(len(entry.vocabulary), REBUILT) + FIRST for entry in entries]
        self.width = self.asked = self.grain = sum(self.sizes)
        self.cells = len(entries)

    def seen(self, tensor: Tensor) -> Tensor:
        """int64 [B, m] → ones where a value is, of all V."""
        codes = [F.one_hot(found, size) for found, size in zip(self._codes(tensor), self.sizes, strict=True)]
        return torch.cat(codes, 1).float()

    def cost(self, given: Tensor, tensor: Tensor) -> tuple[Tensor, Tensor]:
        """[B, V], int64 [B, m] → [B, m] twice."""
        nats, off = [], []
        for logits, codes in zip(given.split(self.sizes, 1), self._codes(tensor), strict=True):
            odds = _shares(logits)
            there, missing = odds.gather(1, codes[:, None])[:, 0], codes == MISSING
            nats.append((-there).masked_fill(missing, 0.0))
            off.append((odds.amax(1) - there).masked_fill(missing, 0.0))
        return torch.stack(nats, 1), torch.stack(off, 1)

    def mended(self, given: Tensor) -> Tensor:
        """[B, V] → the likeliest codes; one that has no name is never given."""
        found = [_known(logits).argmax(1) for logits in given.split(self.sizes, 1)]
        return torch.stack(found, 1).float()

    def drawn(self, given: Tensor) -> Tensor:
        """[B, V] → ones for the likeliest codes, whose gradient is that of their shares (Bengio et al. 2013)."""
        return torch.cat([_chosen(_known(logits).softmax(1)) for logits in given.split(self.sizes, 1)], 1)

    def grained(self, given: Tensor, noise: Tensor) -> Tensor:
        """[B, V] twice → [B, V], of which the largest of a column is drawn by its share (Gumbel 1954)."""
        even = (0.5 * (1 + torch.erf(noise / math.sqrt(2)))).clamp(_RARE, 1 - _RARE)
        return given - (-even.log()).log()

    def whole(self, tensor: Tensor) -> Tensor:
        """int64 [B, m] → the same."""
        return torch.stack(self._codes(tensor), 1).float()

    def tensor(self, cells: Tensor) -> Tensor:
        """[B, m] → int64 [B, m]."""
        return cells.round().long()

    def between(self, tensor: Tensor, other: Tensor, share: Tensor) -> Tensor:
        """Each row's codes are those of the nearer row."""
        return torch.where(share[:, None] < 0.5, tensor, other)

    def places(self, slot: int) -> tuple[list[int], int]:
        """Its values."""
        first = sum(self.sizes[:slot])
        return [*range(first, first + self.sizes[slot])], slot

    def usual(self, tensor: Tensor) -> Tensor:
        """Logarithms of shares [V]."""
        return (self.seen(tensor).mean(0) + _RARE).log()

    def _codes(self, tensor: Tensor) -> list[Tensor]:
        """Of each column [B]; those beyond its values count as unknown."""
        columns = tensor.clamp_min(0).unbind(1)
        return [torch.where(codes < size, codes, UNKNOWN) for codes, size in zip(columns, self.sizes, strict=True)]


def _shares(logits: Tensor) -> Tensor:
    """[B, V'] → logarithms of shares; a missing value has none."""
    barred = torch.arange(logits.shape[1], device=logits.device) == MISSING
    return logits.masked_fill(barred, -1e9).log_softmax(1)


def _chosen(shares: Tensor) -> Tensor:
    """[B, V'] → ones where they are largest."""
    ones = F.one_hot(shares.argmax(1), shares.shape[1]).to(shares.dtype)
    return ones + shares - shares.detach()


def _known(logits: Tensor) -> Tensor:
    """[B, V'] → without missing and unknown, where there are others."""
    first = FIRST if logits.shape[1] > FIRST else UNKNOWN
    barred = torch.arange(logits.shape[1], device=logits.device) < first
    return logits.masked_fill(barred, -1e9)


def rebuilder(entries: Sequence[CodedEntry]) -> Rebuilder:
    """Over int64 [B, m]."""
    return CodedRebuilder(entries)
