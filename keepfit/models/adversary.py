"""A network that learns from another one, its rival, which learns to tell what it makes from what there is.

B rows. `keepfit.learning.adversarial` says when each of the two learns.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from keepfit.data.batch import Inputs


class Adversary(nn.Module, ABC):
    """A maker and its rival; in use is a slow mean of the makers there were."""

    maker: nn.Module
    rival: nn.Module
    mean: nn.Module
    """Of the maker's weights."""
    pace: float
    """How far the mean goes towards the maker a step."""
    betas: tuple[float, float] = (0.0, 0.99)
    """Of Adam: without momentum, as the other network moves meanwhile (Mescheder et al. 2018, arXiv:1801.04406)."""

    @abstractmethod
    def rival_loss(self, inputs: Inputs) -> Tensor:
        """What the rival pays for a batch, summed over its rows."""

    @abstractmethod
    def maker_loss(self, inputs: Inputs) -> Tensor:
        """What the maker pays, summed over the rows."""

    @abstractmethod
    def distance(self, inputs: Inputs) -> Tensor:
        """How far what the mean makes is from such rows, beside how far these are from each other."""

    @torch.no_grad()
    def follow(self) -> None:
        """Move the mean."""
        for kept, now in zip(self.mean.parameters(), self.maker.parameters(), strict=True):
            kept.lerp_(now, self.pace)


def energy(ours: Tensor, theirs: Tensor) -> Tensor:
    """Székely and Rizzo's energy distance of two samples [N, S], [N', S]: 0 where they are of one distribution."""
    across = torch.cdist(ours, theirs).mean()
    return 2 * across - _within(ours) - _within(theirs)


def _within(rows: Tensor) -> Tensor:
    return torch.cdist(rows, rows).sum() / max(len(rows) * (len(rows) - 1), 1)
