"""Numbers by bins, after "On Embeddings for Numerical Features" (Gorishniy et al. 2022, arXiv:2203.05556).

B rows, n number columns, T bins a column, d units a column.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from keepfit.features.named import Axes
from keepfit.features.shared.bins import Figures, edges, ranks
from keepfit.features.shared.entries import NumericEntry

FAR = 1e6
"""Deviations from the mean beyond which a number counts as this far; infinity so stays finite."""


@dataclass(frozen=True)
class Cycle:
    """Figures of how far a cycle is, 0 to 1, in so many equal parts: a further number column."""

    parts: int
    mean: float = 0.5
    std: float = 0.29
    distinct: None = None
    scale: str = "standard"

    @property
    def quantiles(self) -> list[float]:
        """The parts' edges."""
        return [i / self.parts for i in range(self.parts + 1)]

    distinct_quantiles = quantiles


class Scaled(Figures, Protocol):
    """Figures, and how a number's level is scaled."""

    @property
    def scale(self) -> str:
        """quantile or standard."""


class Places(nn.Module):
    """Where each number lies among its column's bins.

    Bins are found by comparison with every edge: the graph so needs no search, which ONNX does not have.
    """

    def __init__(self, columns: Sequence[Scaled], bins: int) -> None:
        super().__init__()
        found = [edges(column, bins) for column in columns]
        self.bins = max(len(e) - 1 for e in found)
        self.centre: Tensor
        self.spread: Tensor
        self.inner: Tensor
        self.low: Tensor
        self.width: Tensor
        self.first: Tensor
        self.rank: Tensor
        self.rise: Tensor
        self.ranked: Tensor
        padded = np.full((len(found), self.bins + 1), np.inf)
        for row, e in zip(padded, found, strict=True):
            row[: len(e)] = e
        table = torch.tensor(padded, dtype=torch.float32)
        for row, e in zip(table, found, strict=True):
            row[len(e) - 1 :] = torch.inf  # the last bin is open, so padding is never entered
        low = torch.tensor(padded[:, :-1], dtype=torch.float32)
        width = torch.tensor(np.diff(np.where(np.isinf(padded), 0, padded)), dtype=torch.float32)
        self.register_buffer("centre", torch.tensor([c.mean for c in columns], dtype=torch.float64))
        self.register_buffer("spread", torch.tensor([c.std for c in columns], dtype=torch.float64))
        self.register_buffer("inner", table[:, 1:].clone())  # a view of one row shares its memory with the whole
        self.register_buffer("low", low.nan_to_num(posinf=0).flatten())
        self.register_buffer("width", width.flatten().clamp_min(1e-30))
        rank = torch.tensor(np.stack([ranks(c, e, self.bins) for c, e in zip(columns, found, strict=True)]))
        self.register_buffer("rank", rank[:, :-1].flatten().float())
        self.register_buffer("rise", rank.diff(dim=1).flatten().float())
        self.register_buffer("ranked", torch.tensor([c.scale == "quantile" for c in columns]))
        self.register_buffer("first", torch.arange(len(columns)) * self.bins)

    def forward(self, numbers: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """float64 [B, n], NaN where missing → missing, place, share and level, each [B, n].

        `missing` is bool; `place` is the number's bin as a row in a table of n T rows; `share` is how far it is through
        that bin, 0 to 1; `level` is its deviation from the mean, smoothly limited to ±3, or for a column of scale
        "quantile" the mean of that and of the normal deviate of its rank.
        """
        missing = numbers.isnan()
        deviation = (torch.where(missing, self.centre, numbers) - self.centre) / self.spread
        deviation = deviation.clamp(-FAR, FAR).float()
        # Counted in floats, exact for so few: ONNX Runtime sums integers one by one, at a quarter of the whole graph.
        place = (deviation[..., None] >= self.inner).float().sum(-1).long() + self.first
        figures = torch.stack([self.low, self.width, self.rank, self.rise], -1)
        low, width, rank, rise = F.embedding(place, figures).unbind(-1)
        share = ((deviation - low) / width).clamp(0, 1)
        limited = deviation * (1 + (deviation / 3) ** 2).rsqrt()
        normal = rank + share * rise
        return missing, place, share, torch.where(self.ranked, (limited + normal) / 2, limited)


class Numbers(nn.Module):
    """Piecewise linear in the number, one learned step a bin, and an own vector for missing.

    PLE(x) · W is the sum of W over the bins passed and the share of W of the bin entered; so two rows of one table are
    looked up instead of a product with n T columns.
    """

    def __init__(self, columns: int, bins: int, units: int) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.empty(columns, bins, units).uniform_(-1, 1) / bins**0.5)
        self.step = nn.Parameter(torch.randn(columns, bins, units) * 0.05)
        self.level = nn.Parameter(torch.empty(columns, units).uniform_(-1, 1))
        self.bias = nn.Parameter(torch.empty(columns, units).uniform_(-1, 1))
        self.missing = nn.Parameter(torch.randn(columns, units) * 0.05)

    def forward(self, missing: Tensor, place: Tensor, share: Tensor, level: Tensor) -> Tensor:
        """What Places gives → [B, n, d]."""
        columns, bins, units = self.slope.shape
        passed = self.slope.cumsum(1) - self.slope + self.step + self.bias[:, None]
        table = torch.cat([passed, self.slope], -1).flatten(0, 1)
        table = torch.cat([table, F.pad(self.missing, (0, units))])  # with a row a column for what is missing
        place = torch.where(missing, torch.arange(columns, device=place.device) + columns * bins, place)
        base, slope = F.embedding(place, table).chunk(2, -1)
        return base + share[..., None] * slope + level.masked_fill(missing, 0)[..., None] * self.level


class Cycles(nn.Module):
    """How far each cycle of the columns that have some is, 0 to 1: what a clock and a calendar say."""

    def __init__(self, columns: Sequence[NumericEntry]) -> None:
        super().__init__()
        self.slots = [column.slot for column in columns for _ in column.cycles]
        lengths = [length for column in columns for length, _ in column.cycles]
        self.length: Tensor
        self.register_buffer("length", torch.tensor(lengths, dtype=torch.float64))

    def forward(self, numbers: Tensor) -> Tensor:
        """float64 [B, n] → [B, cycles]; NaN stays NaN."""
        turns = numbers[:, self.slots] / self.length
        return turns - turns.floor()


class NumericEncoder(nn.Module):
    """All number columns, and the cycles of those that have some, which follow them."""

    def __init__(self, entries: Sequence[NumericEntry], bins: int, units: int) -> None:
        super().__init__()
        cyclic = [entry for entry in entries if entry.cycles]
        every: list[Scaled] = [*entries, *(Cycle(parts) for entry in cyclic for _, parts in entry.cycles)]
        self.cycles = Cycles(cyclic) if cyclic else None
        self.places = Places(every, bins)
        self.numbers = Numbers(len(every), self.places.bins, units)
        self.columns, self.bins = len(every), bins
        turns = [(entry.name, length) for entry in cyclic for length, _ in entry.cycles]
        self.turns = len(turns)
        self.of: list[Hashable] = [*(entry.name for entry in entries), *turns]

    def forward(self, numbers: Tensor) -> Tensor:
        """float64 [B, n], NaN where missing → [B, columns, d]."""
        if self.cycles is not None:
            numbers = torch.cat([numbers, self.cycles(numbers)], 1)
        found: Tensor = self.numbers(*self.places(numbers))
        return found

    def named(self, _outputs: Sequence[str]) -> dict[str, Axes]:
        """All by column, and by bin."""
        columns, bins = self.of, [(self.bins, place) for place in range(self.places.bins)]  # cut otherwise, others
        found: dict[str, Axes] = {"cycles.length": (columns[len(columns) - self.turns :],)}
        found["places.inner"] = (columns, bins)
        found |= {f"places.{name}": (columns,) for name in ("centre", "spread")}
        found |= {f"places.{name}": ([*product(columns, bins)],) for name in ("low", "width", "rank", "rise")}
        found |= {f"numbers.{name}": (columns, bins, None) for name in ("slope", "step")}
        return found | {f"numbers.{name}": (columns, None) for name in ("level", "bias", "missing")}


def encoder(entries: Sequence[NumericEntry], bins: int, units: int) -> nn.Module:
    """float64 [B, n], NaN where missing → [B, columns, d]."""
    return NumericEncoder(entries, bins, units)
