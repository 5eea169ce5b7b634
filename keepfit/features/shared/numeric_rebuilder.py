"""Numbers there and back, through a map to about normal that a few of their quantiles make.

B rows, n number columns, Q points of a column's map.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from scipy.special import ndtri
from torch import Tensor, nn

from keepfit.features.rebuilder import FAR, Rebuilder, Spread
from keepfit.features.shared.entries import NumericEntry

SHARES = (0.01, 0.05, 0.15, 0.3, 0.5, 0.7, 0.85, 0.95, 0.99)
"""Quantiles that bend the map: few, so that no stretch between two is steep for chance alone."""
_MOVED = 5
"""Deviations that a number of a planted stranger is off."""
_STEEP = 1e4
"""Deviations that the map moves a deviation of the column, at most."""


class Bent(nn.Module):
    """A rising line in pieces a column, from one set of points to another, going straight on beyond both ends.

    Found by comparison with every point: the graph so needs no search, which ONNX does not have.
    """

    start: Tensor
    length: Tensor
    slope: Tensor
    first: Tensor

    def __init__(self, points: Sequence[tuple[np.ndarray, np.ndarray]]) -> None:
        super().__init__()
        most = max(len(x) for x, _ in points) - 1
        padded = np.zeros((4, len(points), most))
        padded[1] = np.inf
        for column, (x, y) in enumerate(points):
            pieces = len(x) - 1
            padded[0, column, :pieces], padded[2, column, :pieces] = x[:-1], np.diff(y) / np.diff(x)
            padded[1, column, : pieces - 1] = np.diff(x)[:-1]
            padded[0, column, pieces:] = np.inf  # never entered
            padded[3, column] = y[0]
        for name, values in zip(("start", "length", "slope", "first"), padded, strict=True):
            self.register_buffer(name, torch.from_numpy(values[:, 0] if name == "first" else values).clone())

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """float64 [B, n] → where the lines are, and the logarithms of how they rise there, both [B, n]."""
        beyond = x[..., None] - self.start
        within = beyond.clamp_min(0).minimum(self.length)
        below = (x - self.start[:, 0]).clamp_max(0) * self.slope[:, 0]
        entered = (beyond >= 0).to(x.dtype)
        rises = torch.cat([self.slope[:, :1], self.slope.diff(dim=1)], 1)
        slope = self.slope[:, 0] + (entered * rises)[..., 1:].sum(-1)
        return self.first + below + (within * self.slope).sum(-1), slope.log()


def bend(entry: NumericEntry) -> tuple[np.ndarray, np.ndarray]:
    """Points of a column's map: deviations from its mean, and normal deviates of their ranks. The ends go on as the
    column's deviation has it, so that what is far stays far."""
    values = (np.array(entry.quantiles) - entry.mean) / entry.std
    if entry.scale == "standard" or len(values) < 2:
        return np.array([-1.0, 1.0]), np.array([-1.0, 1.0])
    x = np.interp(SHARES, np.linspace(0, 1, len(values)), values)
    x, place = np.unique(x, return_inverse=True)
    y = np.array([ndtri(np.array(SHARES)[place == one].mean()) for one in range(len(x))])
    keep = [0]
    for one in range(1, len(x)):  # points that are too near to each other would make it steep
        if (y[one] - y[keep[-1]]) / (x[one] - x[keep[-1]]) < _STEEP:
            keep.append(one)
    x, y = x[keep], y[keep]
    return np.array([x[0] - 1, *x, x[-1] + 1]), np.array([y[0] - 1, *y, y[-1] + 1])


class NumericRebuilder(Rebuilder):
    """All number columns; where some have gaps, whether each is missing is seen too. What is missing costs nothing."""

    density: Spread
    centre: Tensor
    spread: Tensor

    def __init__(self, entries: Sequence[NumericEntry]) -> None:
        super().__init__()
        points = [bend(entry) for entry in entries]
        self.there, self.back = Bent(points), Bent([(y, x) for x, y in points])
        self.density = Spread(len(entries))
        self.gaps = any(entry.missing for entry in entries)
        self.asked = self.cells = self.grain = len(entries)
        self.width = self.cells * (2 if self.gaps else 1)
        self.register_buffer("centre", torch.tensor([entry.mean for entry in entries], dtype=torch.float64))
        self.register_buffer("spread", torch.tensor([entry.std for entry in entries], dtype=torch.float64))

    def seen(self, tensor: Tensor) -> Tensor:
        """float64 [B, n], NaN where missing → [B, n] or [B, 2 n]; 0 stands for what is missing."""
        missing = tensor.isnan()
        levels = self._levels(tensor)[0].float().masked_fill(missing, 0.0)
        return torch.cat([levels, missing.float()], 1) if self.gaps else levels

    def cost(self, given: Tensor, tensor: Tensor) -> tuple[Tensor, Tensor]:
        """[B, n], float64 [B, n] → [B, n] twice."""
        missing = tensor.isnan()
        levels, rises = self._levels(tensor)
        nats, off = self.density(given, levels.float())
        nats = nats - (rises - self.spread.log()).float()
        return nats.masked_fill(missing, 0.0), off.masked_fill(missing, 0.0)

    def mended(self, given: Tensor) -> Tensor:
        """[B, n] → deviations from the mean."""
        values: Tensor = self.back(given.double())[0]
        return values.float()

    def drawn(self, given: Tensor) -> Tensor:
        """[B, n] → [B, n] or [B, 2 n]: nothing is missing."""
        return torch.cat([given, torch.zeros_like(given)], 1) if self.gaps else given

    def grained(self, given: Tensor, noise: Tensor) -> Tensor:
        """[B, n] twice → [B, n]."""
        return given + noise * self.density.deviations

    def whole(self, tensor: Tensor) -> Tensor:
        """float64 [B, n] → deviations from the mean."""
        deviation = (tensor - self.centre) / self.spread
        return deviation.masked_fill(tensor.isnan(), 0.0).clamp(-1e6, 1e6).float()

    def tensor(self, cells: Tensor) -> Tensor:
        """[B, n] → float64 [B, n]."""
        return cells.double() * self.spread + self.centre

    def between(self, tensor: Tensor, other: Tensor, share: Tensor) -> Tensor:
        """In double; where one has no number, that of the nearer row, which may be none."""
        found = tensor + share[:, None] * (other - tensor)
        nearer = torch.where(share[:, None] < 0.5, tensor, other)
        return torch.where(found.isnan(), nearer, found)

    def places(self, slot: int) -> tuple[list[int], int]:
        """A level, and perhaps whether it is missing."""
        return [slot, *([slot + self.cells] if self.gaps else [])], slot

    def planted(self, tensor: Tensor, draw: torch.Generator) -> dict[str, Tensor]:
        """One number of each row is moved."""
        place = torch.randint(0, tensor.shape[1], (len(tensor), 1), generator=draw)
        way = torch.randint(0, 2, (len(tensor), 1), generator=draw) * 2 - 1
        far = torch.zeros_like(tensor).scatter(1, place, (_MOVED * way).to(tensor.dtype)) * self.spread
        return super().planted(tensor, draw) | {f"one number {_MOVED} deviations off": tensor + far}

    def _levels(self, tensor: Tensor) -> tuple[Tensor, Tensor]:
        deviation = (torch.where(tensor.isnan(), self.centre, tensor) - self.centre) / self.spread
        levels, rises = self.there(deviation.clamp(-1e6, 1e6))
        return levels.clamp(-FAR, FAR), rises


def rebuilder(entries: Sequence[NumericEntry]) -> Rebuilder:
    """Over float64 [B, n], NaN where missing."""
    return NumericRebuilder(entries)
