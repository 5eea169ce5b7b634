"""The principal components of what is a quantity in rows, each cell with a noise of its own.

Tipping and Bishop 1999, "Probabilistic principal component analysis"; their noise is one for all cells, and here each
has what the components leave of it, for some never change and others always do. N rows, D cells, L components.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from keepfit.features.rebuilder import FLOOR


@dataclass(frozen=True)
class Principal:
    """A normal density of mean `centre` and covariance W Wᵀ + noise, float64."""

    centre: Tensor
    """[D]."""
    ways: Tensor
    """W [D, L]; fewer components where there are fewer cells."""
    noise: Tensor
    """Variances [D]."""

    @property
    def scaled(self) -> Tensor:
        """W in deviations of the noise [D, L]."""
        return self.ways / self.noise.sqrt()[:, None]

    @property
    def inner(self) -> Tensor:
        """The inverse of the codes' covariance, where the cells are known [L, L]."""
        return torch.eye(self.ways.shape[1], dtype=torch.float64) + self.scaled.T @ self.scaled

    @property
    def reading(self) -> Tensor:
        """From cells less their centre to the mean of their code [L, D]."""
        found: Tensor = torch.linalg.solve(self.inner, self.scaled.T / self.noise.sqrt())
        return found


def principal(levels: Tensor, components: int) -> Principal:
    """Of float64 [N, D]."""
    rows, columns = levels.shape
    centre, kept = levels.mean(0), min(components, columns - 1)
    off, least = levels - centre, FLOOR**2
    variance = off.square().mean(0)
    if kept < 1:
        return Principal(centre, levels.new_zeros(columns, 0), variance.clamp_min(least))
    values, vectors = torch.linalg.eigh(off.T @ off / rows)
    left = max(float(values[: columns - kept].mean()), least)
    ways = vectors[:, -kept:] * (values[-kept:] - left).clamp_min(0).sqrt()
    return Principal(centre, ways, (variance - ways.square().sum(1)).clamp_min(least))
