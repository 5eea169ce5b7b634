"""Both networks over one larger picture: convolutions, as neighbouring pixels hang together.

After Radford, Metz and Chintala 2016 (arXiv:1511.06434), with few channels and pixels shuffled into place (Shi et al.
2016, arXiv:1609.05158). B rows, Z random numbers, G given ones, h w c of a picture, O asked for, S seen.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

CHANNELS = 32
_SLOPE = 0.2


class PictureMaker(nn.Module):
    """From a quarter of the height and width, doubled twice."""

    def __init__(self, inputs: int, weight: float, shape: tuple[int, ...], before: int) -> None:
        super().__init__()
        self.shape, self.weight, self.before = shape, weight, before
        self.start = tuple(-(-side // 4) for side in shape[:2])
        self.first = nn.Linear(inputs, CHANNELS * self.start[0] * self.start[1])
        self.second = nn.Conv2d(CHANNELS, 2 * CHANNELS, 3, padding=1)
        self.last = nn.Conv2d(CHANNELS // 2, 4 * shape[2], 5, padding=2)

    def forward(self, noise: Tensor, given: Tensor) -> Tensor:
        """[B, Z], [B, G] → [B, O]; what is asked for before the picture is given, and 0 here."""
        height, width, _ = self.shape
        rows = F.leaky_relu(self.first(torch.cat([noise, self.weight * given], 1)), _SLOPE)
        cells = rows.unflatten(1, (CHANNELS, *self.start))
        cells = F.leaky_relu(F.pixel_shuffle(self.second(cells), 2), _SLOPE)
        pixels = F.pixel_shuffle(self.last(cells), 2)[:, :, :height, :width]
        return F.pad(pixels.permute(0, 2, 3, 1).flatten(1), (self.before, 0))


class PictureRival(nn.Module):
    """Halved twice, then all that is left; what is given is told by projection alone."""

    def __init__(self, given: int, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.shape = shape
        self.first = nn.Conv2d(shape[2], CHANNELS // 2, 5, stride=2, padding=2)
        self.second = nn.Conv2d(CHANNELS // 2, CHANNELS, 5, stride=2, padding=2)
        width = CHANNELS * -(-shape[0] // 4) * -(-shape[1] // 4)
        self.plain = nn.Linear(width, 1)
        self.told = nn.Linear(given, width, bias=False) if given else None

    def forward(self, seen: Tensor, given: Tensor) -> Tensor:
        """[B, S], whose last numbers are the picture, and [B, G] → [B]."""
        pixels = seen[:, -self.shape[0] * self.shape[1] * self.shape[2] :].unflatten(1, self.shape)
        found = F.leaky_relu(self.first(pixels.permute(0, 3, 1, 2)), _SLOPE)
        found = F.leaky_relu(self.second(found), _SLOPE).flatten(1)
        score: Tensor = self.plain(found)[:, 0]
        return score if self.told is None else score + (self.told(given) * found).sum(1)
