"""Pictures changed a little, each in its own way, in batch on the device: so a net learns what does not matter.

B pictures, S pixels a side, C channels. Never mirrored: letters, digits and hands have a handedness.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import radians

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

Augment = Callable[[Tensor], Tensor]
"""uint8 [B, S, S, C] → the same shape, uint8 or float, from 0 to 255."""


@dataclass(frozen=True)
class Amount:
    """How far a picture may be changed, each way."""

    shift: float = 0.0
    """Share of the side."""
    rotate: float = 0.0
    """Degrees."""
    scale: float = 0.0
    """Share of the size."""
    light: float = 0.0
    """Share of contrast, and of the full brightness range halved."""


def changed(amount: Amount) -> Augment:
    """The cheapest function that does what `amount` says."""
    if amount.rotate == amount.scale == amount.light == 0:
        return partial(shifted, share=amount.shift)
    return partial(warped, amount=amount)


def shifted(images: Tensor, share: float) -> Tensor:
    """Whole pixels up, down, left and right, the border filled with its own last pixels; an eighth of a warp's cost.

    Every line of a new picture is one stretch of a line of the old one, widened on both sides: copied, not computed.
    """
    rows, height, width, channels = images.shape
    limit = max(1, round(max(height, width) * share))
    left, right = (images[:, :, edge].expand(-1, -1, limit, -1) for edge in (slice(0, 1), slice(-1, None)))
    stretches = torch.cat([left, images, right], 2).flatten(1).unfold(1, width * channels, channels)
    down = torch.randint(-limit, limit + 1, (rows, 1), device=images.device)
    across = torch.randint(0, 2 * limit + 1, (rows, 1), device=images.device)
    line = (torch.arange(height, device=images.device) + down).clamp_(0, height - 1)
    picture = torch.arange(rows, device=images.device)[:, None]
    return stretches[picture, line * (width + 2 * limit) + across].view_as(images)


def warped(images: Tensor, amount: Amount) -> Tensor:
    """Rotated, shifted and scaled in one resampling, then contrast and brightness."""
    rows = len(images)
    grid = F.affine_grid(_matrices(images, amount), [rows, 1, *images.shape[1:3]], align_corners=False)
    moved = F.grid_sample(images.permute(0, 3, 1, 2).float(), grid, padding_mode="border", align_corners=False)
    if amount.light:
        contrast = 1 + amount.light * _either_way(images, rows, 1, 1, 1)
        brightness = 127.5 * amount.light * _either_way(images, rows, 1, 1, 1)
        middle = moved.mean((1, 2, 3), keepdim=True)
        moved = ((moved - middle) * contrast + middle + brightness).clamp_(0, 255)
    return moved.permute(0, 2, 3, 1)


def _matrices(images: Tensor, amount: Amount) -> Tensor:
    """[B, 2, 3]: from a place in the new picture to the place in the old one, both from -1 to 1."""
    rows = len(images)
    angle = radians(amount.rotate) * _either_way(images, rows)
    size = 1 / (1 + amount.scale * _either_way(images, rows))
    turn = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], 1).view(-1, 2, 2) * size[:, None, None]
    move = 2 * amount.shift * _either_way(images, rows, 2, 1)
    return torch.cat([turn, move], 2)


def _either_way(images: Tensor, *shape: int) -> Tensor:
    """Uniform from -1 to 1."""
    return torch.rand(shape, device=images.device) * 2 - 1
