"""Giving cells back: what a network that describes whole rows sees of a tensor, and how far what it gives back is off.

A kind's `net` may have `rebuilder(entries)`: a `Rebuilder` over one tensor of a batch, that of the group its columns
are in. B rows, S numbers seen, C cells (one a number or name, one a pixel and channel), O numbers asked of the network.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

FLOOR = 0.1
"""Of a cell's deviation about what is expected, in deviations of the column: below it a cell that never changes would
be worth any number of nats."""
FAR = 10.0
"""Deviations beyond which a cell counts as this far."""
MIXED = "every cell from another row"
"""What can be done to rows of any kind."""
_LEAST = 1e-3
_CONSTANT = 0.5 * math.log(2 * math.pi)


class Rebuilder(nn.Module, ABC):
    """One tensor's cells, there and back."""

    width: int
    """S."""
    asked: int
    """O."""
    cells: int
    """C."""
    density: Spread | None
    """That of its cells, where these are quantities; they come first in what is seen, and nothing else is asked for."""
    looks: int = 0
    """Figures of a row's cells as a whole that tell strangers apart by themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.density = None

    @abstractmethod
    def seen(self, tensor: Tensor) -> Tensor:
        """The tensor's rows → float32 [B, S], standardised."""

    @abstractmethod
    def cost(self, given: Tensor, tensor: Tensor) -> tuple[Tensor, Tensor]:
        """What the network gave [B, O], and the rows → nats of each cell by the density that this describes, in the
        column's own unit; and how much of it is due to the cell's being off, which is never below 0. Both [B, C]."""

    @abstractmethod
    def mended(self, given: Tensor) -> Tensor:
        """[B, O] → the likeliest cells, float32 [B, C], as the kind's `rebuilt` takes them."""

    @abstractmethod
    def drawn(self, given: Tensor) -> Tensor:
        """[B, O] → what `seen` would be of such cells [B, S], with a gradient."""

    def within(self, numbers: Tensor) -> Tensor:
        """Numbers of any size [B, O] → such as cells can have, with a gradient everywhere."""
        return numbers

    grain: int = 0
    """Random numbers that cells are drawn by from the densities that a network gives; 0 where the likeliest do."""

    def grained(self, given: Tensor, noise: Tensor) -> Tensor:  # noqa: ARG002
        """What was given [B, O], and standard normal numbers [B, grain] → what `mended` makes the drawn cells of."""
        return given

    @abstractmethod
    def whole(self, tensor: Tensor) -> Tensor:
        """The cells as they are, in the unit of `mended`, float32 [B, C]; 0 for a number that is missing."""

    @abstractmethod
    def tensor(self, cells: Tensor) -> Tensor:
        """Cells in the unit of `mended` [B, C] → the tensor's rows."""

    def between(self, tensor: Tensor, other: Tensor, share: Tensor) -> Tensor:
        """Rows that lie between rows of two tensors, at the share [B] of the way to the second's."""
        one, two = self.whole(tensor), self.whole(other)
        return self.tensor(one + share[:, None] * (two - one))

    @abstractmethod
    def places(self, slot: int) -> tuple[list[int], int]:
        """Where the column of a slot stands among what is seen, and which cell is its; of single values."""

    def usual(self, tensor: Tensor) -> Tensor:  # noqa: ARG002
        """What a network gives [O] that knows nothing of a row but how often names are met."""
        return torch.zeros(self.asked)

    def look(self, tensor: Tensor) -> Tensor:
        """[B, looks]."""
        return tensor.flatten(1)[:, :0].float()

    def planted(self, tensor: Tensor, draw: torch.Generator) -> dict[str, Tensor]:
        """The same rows made strange, by what was done to them; MIXED is among them."""
        columns = [column[torch.randperm(len(tensor), generator=draw)] for column in tensor.flatten(1).unbind(1)]
        return {MIXED: torch.stack(columns, 1).view_as(tensor)}


class Spread(nn.Module):
    """Normal densities about what is given, whose deviations are learned, one a cell (Rybkin et al. 2021, "Simple and
    effective VAE training with calibrated decoders")."""

    def __init__(self, cells: int) -> None:
        super().__init__()
        self.raw = nn.Parameter(torch.zeros(cells))

    @torch.no_grad()
    def begin(self, deviations: Tensor) -> None:
        """Take deviations [C]."""
        self.raw.copy_((deviations - FLOOR).clamp_min(_LEAST).expm1().log())  # softplus, turned round

    @property
    def deviations(self) -> Tensor:
        """[C]."""
        return FLOOR + F.softplus(self.raw)

    def forward(self, given: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Both [B, C] → nats, and those of them that are due to the distance [B, C]."""
        deviation = self.deviations
        off = 0.5 * ((seen - given) / deviation).square()
        return off + deviation.log() + _CONSTANT, off
