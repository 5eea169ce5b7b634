"""Pictures changed a little, each in its own way, in batch on the device: so a net learns what does not matter.

B pictures, H W their height and width in pixels, C channels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import radians

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from keepfit.errors import ConfigError

Augment = Callable[[Tensor], Tensor]
"""uint8 [B, H, W, C] → the same shape, uint8 or float, from 0 to 255."""


@dataclass(frozen=True)
class Amount:
    """How far a picture may be changed, each way; of mirrors, how often."""

    flip: float = 0.0
    """Share of the pictures that is mirrored, left for right."""
    flip_vertical: float = 0.0
    """Share that is put upside down."""
    shift: float = 0.0
    """Share of the side."""
    rotate: float = 0.0
    """Degrees."""
    scale: float = 0.0
    """Share of the size."""
    crop: float = 0.0
    """Share of either side that may be cut off; what is left fills the picture."""
    contrast: float = 0.0
    """Share of the contrast."""
    brightness: float = 0.0
    """Share of half the range."""
    colour: float = 0.0
    """Share of half the range, by which each channel goes its own way."""
    cutout: float = 0.0
    """Share of the side, of a square that is filled with the picture's mean (DeVries and Taylor 2017,
    arXiv:1708.04552)."""

    def __post_init__(self) -> None:
        """Raises ConfigError for an amount that no picture survives."""
        for name, amount in vars(self).items():
            most = 180.0 if name == "rotate" else 0.9 if name in ("scale", "crop") else 1.0
            if amount > most:
                raise ConfigError(
                    f"training.augment.{name} is {amount:g}.",
                    allowed=f"It is at most {most:g}" + (" degrees." if name == "rotate" else ", a share."),
                    todo="Make it smaller, or leave it out.",
                )


def changed(amount: Amount) -> Augment:
    """What `amount` says, one thing after the other, and nothing else."""
    warps = amount.rotate or amount.scale or amount.crop
    lights = amount.contrast or amount.brightness or amount.colour
    every: list[tuple[float, Callable[[Tensor, Amount], Tensor]]] = [
        (amount.flip or amount.flip_vertical, flipped),
        (warps, warped),
        (0.0 if warps else amount.shift, shifted),
        (lights, lit),
        (amount.cutout, cut_out),
    ]
    steps = [step for wanted, step in every if wanted]

    def change(images: Tensor) -> Tensor:
        for step in steps:
            images = step(images, amount)
        return images

    return change


def mirrored(images: Tensor) -> Tensor:
    """Left for right."""
    return images.flip(2)


def upside_down(images: Tensor) -> Tensor:
    """Top for bottom."""
    return images.flip(1)


def flipped(images: Tensor, amount: Amount) -> Tensor:
    """Some of them mirrored, some upside down."""
    for share, turn in ((amount.flip, mirrored), (amount.flip_vertical, upside_down)):
        if share:
            some = torch.rand(len(images), 1, 1, 1, device=images.device) < share
            images = torch.where(some, turn(images), images)
    return images


def shifted(images: Tensor, amount: Amount) -> Tensor:
    """Whole pixels up, down, left and right, the border filled with its own last pixels; an eighth of a warp's cost.

    Every line of a new picture is one stretch of a line of the old one, widened on both sides: copied, not computed.
    """
    rows, height, width, channels = images.shape
    limit = max(1, round(max(height, width) * amount.shift))
    left, right = (images[:, :, edge].expand(-1, -1, limit, -1) for edge in (slice(0, 1), slice(-1, None)))
    stretches = torch.cat([left, images, right], 2).flatten(1).unfold(1, width * channels, channels)
    down = torch.randint(-limit, limit + 1, (rows, 1), device=images.device)
    across = torch.randint(0, 2 * limit + 1, (rows, 1), device=images.device)
    line = (torch.arange(height, device=images.device) + down).clamp_(0, height - 1)
    picture = torch.arange(rows, device=images.device)[:, None]
    return stretches[picture, line * (width + 2 * limit) + across].view_as(images)


def warped(images: Tensor, amount: Amount) -> Tensor:
    """Rotated, shifted, scaled and cropped in one resampling."""
    grid = F.affine_grid(_matrices(images, amount), [len(images), 1, *images.shape[1:3]], align_corners=False)
    moved = F.grid_sample(images.permute(0, 3, 1, 2).float(), grid, padding_mode="border", align_corners=False)
    return moved.permute(0, 2, 3, 1)


def lit(images: Tensor, amount: Amount) -> Tensor:
    """Another contrast, another brightness, another balance of the colours."""
    rows, channels = len(images), images.shape[3]
    found = images.float()
    if amount.contrast:
        middle = found.mean((1, 2, 3), keepdim=True)
        found = (found - middle) * (1 + amount.contrast * _either_way(images, rows, 1, 1, 1)) + middle
    if amount.brightness:
        found = found + 127.5 * amount.brightness * _either_way(images, rows, 1, 1, 1)
    if amount.colour:
        found = found + 127.5 * amount.colour * _either_way(images, rows, 1, 1, channels)
    return found.clamp_(0, 255)


def cut_out(images: Tensor, amount: Amount) -> Tensor:
    """A square at a place of its own in each, which may reach beyond the edge."""
    rows, height, width = images.shape[:3]
    side = max(1, round(max(height, width) * amount.cutout))
    inside = []
    for length in (height, width):
        start = torch.randint(1 - side, length, (rows, 1), device=images.device)
        place = torch.arange(length, device=images.device)
        inside.append((place >= start) & (place < start + side))
    hole = (inside[0][:, :, None] & inside[1][:, None, :])[..., None]
    mean = images.float().mean((1, 2), keepdim=True).round().to(images.dtype)
    return torch.where(hole, mean, images)


def _matrices(images: Tensor, amount: Amount) -> Tensor:
    """[B, 2, 3]: from a place in the new picture to the place in the old one, both from -1 to 1."""
    rows = len(images)
    angle = radians(amount.rotate) * _either_way(images, rows)
    cut = amount.crop * torch.rand(rows, device=images.device)
    size = (1 - cut) / (1 + amount.scale * _either_way(images, rows))
    turn = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], 1).view(-1, 2, 2) * size[:, None, None]
    move = (2 * amount.shift + cut)[:, None, None] * _either_way(images, rows, 2, 1)
    return torch.cat([turn, move], 2)


def _either_way(images: Tensor, *shape: int) -> Tensor:
    """Uniform from -1 to 1."""
    return torch.rand(shape, device=images.device) * 2 - 1
