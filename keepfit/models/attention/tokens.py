"""What attention is among: each gives tokens [B, T, D] and which of them are there [B, T, 1].

B rows, T tokens, S steps, D units.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from keepfit.data.transform import Entry
from keepfit.features.image import Entry as Picture
from keepfit.features.image.net import Standardised
from keepfit.features.lookup import steps_of

TOKENS = 128
"""Tokens of a typical row, at most: of longer ones steps are drawn together."""
SIDE = 4
"""Tokens a side of a picture."""


class Pieces(nn.Module):
    """Steps through a convolution that, where they are many, draws some together; places count from each other."""

    rotary = True
    middle: Tensor

    def __init__(self, entry: Entry, width: int) -> None:
        super().__init__()
        self.steps = steps_of(entry)
        self.stride = max(1, math.ceil(entry.views[0].steps / getattr(self.steps, "hop", 1) / TOKENS))
        self.around = self.stride + 1
        kernel = 2 * self.around + 1
        self.stem = nn.Conv1d(self.steps.width, width, kernel, self.stride, padding=self.around)  # type: ignore[arg-type]
        self.mix = nn.Conv1d(width, width, 3, padding=1)
        self.register_buffer("middle", F.one_hot(torch.tensor([[self.around]]), kernel).float())

    def forward(self, raw: Tensor) -> tuple[Tensor, Tensor]:
        """The kind's own [B, S, …] → [B, T, D], [B, T, 1]."""
        steps, there = (one.transpose(1, 2) for one in self.steps(raw))
        # A token is there where its middle step is; by a convolution, for the exporter to see that both are as long.
        there = F.conv1d(there, self.middle, stride=self.stride, padding=self.around)
        maps = F.gelu(self.stem(steps)) * there
        return (self.mix(maps) * there).transpose(1, 2), there.transpose(1, 2)


class Patches(nn.Module):
    """A picture through two convolutions that draw pixels together (Xiao et al. 2021, arXiv:2106.14881)."""

    rotary = False

    def __init__(self, entry: Picture, width: int) -> None:
        super().__init__()
        self.pixels = Standardised(entry)
        (high, low), (wide, narrow) = (_strides(pixels) for pixels in entry.size)
        self.stem = nn.Sequential(
            nn.Conv2d(entry.channels, width // 2, 5, (high, wide), padding=2),
            nn.GELU(),
            nn.Conv2d(width // 2, width, 5, (low, narrow), padding=2),
        )
        with torch.no_grad():
            count = self.stem(torch.zeros(1, entry.channels, *entry.size))[0, 0].numel()
        self.places = nn.Parameter(torch.randn(count, width) * 0.02)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 [B, H, W, C] → [B, T, D], [B, T, 1]."""
        tokens = self.stem(self.pixels(image)).flatten(2).transpose(1, 2) + self.places
        return tokens, torch.ones_like(tokens[..., :1])


def _strides(pixels: int) -> tuple[int, int]:
    """Of the first convolution and of the second, so that about SIDE tokens come of so many pixels."""
    whole = max(1, round(pixels / SIDE))
    first = 1 + (whole > 2)
    return first, math.ceil(whole / first)
