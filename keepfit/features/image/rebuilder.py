"""Pictures there and back, pixel by pixel. B pictures, P numbers of one: its pixels times its channels."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from keepfit.features.image import Entry
from keepfit.features.rebuilder import FAR, Rebuilder, Spread


class PixelRebuilder(Rebuilder):
    """Every pixel, standardised a channel."""

    looks = 2
    density: Spread
    mean: Tensor
    spread: Tensor

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.shape = entry.shape
        self.width = self.asked = self.cells = math.prod(entry.shape)
        self.density = Spread(self.cells)
        pixels = entry.size[0] * entry.size[1]
        self.register_buffer("mean", torch.tensor(entry.mean).repeat(pixels))
        self.register_buffer("spread", torch.tensor(entry.std).clamp_min(1e-3).repeat(pixels))

    def seen(self, tensor: Tensor) -> Tensor:
        """uint8 [B, H, W, C] → [B, P]."""
        return ((tensor.flatten(1).float() / 255 - self.mean) / self.spread).clamp(-FAR, FAR)

    def cost(self, given: Tensor, tensor: Tensor) -> tuple[Tensor, Tensor]:
        """[B, P], uint8 [B, H, W, C] → [B, P] twice; the unit is the way from black to white."""
        nats, off = self.density(given, self.seen(tensor))
        return nats + self.spread.log(), off

    def mended(self, given: Tensor) -> Tensor:
        """[B, P] → shares of white."""
        return (given * self.spread + self.mean).clamp(0, 1)

    def drawn(self, given: Tensor) -> Tensor:
        """[B, P] → the same, between black and white."""
        return (self.mended(given) - self.mean) / self.spread

    def within(self, numbers: Tensor) -> Tensor:
        """[B, P] → between black and white."""
        return (numbers.sigmoid() - self.mean) / self.spread

    def whole(self, tensor: Tensor) -> Tensor:
        """uint8 [B, H, W, C] → shares of white."""
        return tensor.flatten(1).float() / 255

    def tensor(self, cells: Tensor) -> Tensor:
        """[B, P] → uint8 [B, H, W, C]."""
        return (cells.clamp(0, 1) * 255).round().byte().view(-1, *self.shape)

    def places(self, slot: int) -> tuple[list[int], int]:  # noqa: ARG002
        """All of it."""
        return [*range(self.width)], 0

    def look(self, tensor: Tensor) -> Tensor:
        """How bright it is, and how much it differs within itself [B, 2]."""
        seen = self.seen(tensor)
        centre = seen.mean(1, keepdim=True)
        return torch.cat([centre, (seen - centre).square().mean(1, keepdim=True).sqrt()], 1)

    def planted(self, tensor: Tensor, draw: torch.Generator) -> dict[str, Tensor]:
        """Noise, and pictures whose contrast is halved, or that are inverted."""
        noise = torch.randint(0, 256, tensor.shape, generator=draw, dtype=torch.uint8)
        halved = (tensor.float() * 0.5 + 64).round().byte()
        return super().planted(tensor, draw) | {"noise": noise, "half the contrast": halved, "inverted": 255 - tensor}


def rebuilder(entries: Sequence[Entry]) -> Rebuilder:
    """Over uint8 [B, H, W, C]."""
    return PixelRebuilder(entries[0])
