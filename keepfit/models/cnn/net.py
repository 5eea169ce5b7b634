"""Convolutional networks over one picture; that over a series stands in `keepfit.models.cnn.series`, that over a
recording in `keepfit.models.cnn.spectrogram`.

B pictures, S pixels a side, C colour channels, F filters, K outputs.

`PlainCNN` is the stack of conv-pool blocks of the textbooks (LeCun et al. 1998, with the batch normalisation of Ioffe
and Szegedy 2015). `Fast` follows Keller Jordan's airbench ("94 % on CIFAR-10 in 3.29 seconds", arXiv:2404.00498): a
first layer that whitens patches of the train pictures and stays as it is, then narrow blocks that pool before they
normalise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from keepfit.data.batch import Inputs
from keepfit.data.transform import Transform
from keepfit.features.audio import Entry as AudioEntry
from keepfit.features.image import Entry
from keepfit.features.image.net import SMALL, Standardised
from keepfit.features.lookup import amounts_of
from keepfit.features.named import Axes, head
from keepfit.features.sequence import Entry as SeriesEntry
from keepfit.models.activations import ACTIVATIONS
from keepfit.models.cnn import Settings, series, spectrogram

LONGER = 4.0
"""So many times the passes of digits take photographs, and whatever else is not known after the first."""
HALF = True
"""A small CNN learns as well in bfloat16, in half the time where the processor has it."""


def defaults(model: Settings, transform: Transform, rows: int) -> dict[str, Any]:
    """Every hyperparameter, from the picture's size and channels and the number of train rows.

    What the YAML says goes before these.
    """
    said = model.model_dump(exclude={"family"}, exclude_none=True)
    if isinstance(transform.features[0], SeriesEntry):
        return {**series.defaults(transform, rows), **said}
    if isinstance(transform.features[0], AudioEntry):
        return {**spectrogram.defaults(transform, rows), **said}
    small = rows < SMALL
    derived = {
        "variant": "fast",
        "width": 32 if small or model.variant == "plain" else 64,
        "dropout": 0.3 if small else 0.0,
        # 15 passes over 1,200 rows and 4 over 50,000 were enough; between and beyond them, along a power of the rows.
        "epochs": min(max(round(15 * (1200 / rows) ** 0.35), 3), 40),
        "batch_size": 32 if small else 128,
        "lr": 1e-2,
        "weight_decay": 1e-2,
        "schedule": "one_cycle",
        "warmup": 0.25,
        "label_smoothing": 0.1,
        "patience": None,
        "longer": None if small else LONGER,
        "augment": amounts_of(picture_of(transform), rows),
    }
    if model.variant == "plain":
        size = picture_of(transform).size
        derived |= {"depth": blocks(min(size)), "widest": 4096, "dense": 128, "batch_norm": True, "activation": "relu"}
    return {**derived, **said}


def blocks(side: int) -> int:
    """As many as pool a side to no less than 3."""
    return 1 + blocks(side // 2) if side >= LEAST_POOLED else 0


def picture_of(transform: Transform) -> Entry:
    """The one picture."""
    (found,) = transform.features
    assert isinstance(found, Entry)
    return found


def build(settings: dict[str, Any], transform: Transform) -> nn.Module:
    """The module that `settings["variant"]` names, for the one picture and the target of `transform`; or that of a
    series or a recording."""
    sizes = transform.target.outputs, settings["width"], settings["dropout"]
    (entry,) = transform.features
    if isinstance(entry, SeriesEntry):
        return series.SeriesCNN(entry, *sizes)
    if isinstance(entry, AudioEntry):
        return spectrogram.Spectrogram(entry, *sizes)
    if settings["variant"] == "plain":
        return PlainCNN(picture_of(transform), settings, transform.target.outputs)
    return Fast(picture_of(transform), *sizes)


LEAST_POOLED = 6
"""Pixels a side that are still pooled."""


class PlainCNN(nn.Module):
    """Blocks of convolution, batch norm, activation and pooling, then two dense layers.

    A block that meets a side of fewer than 6 pixels does not pool, so that a stack made for larger pictures fits.
    """

    def __init__(self, image: Entry, settings: dict[str, Any], outputs: int) -> None:
        super().__init__()
        depth, most, dense = settings["depth"], settings["widest"], settings["dense"]
        pooled = min(depth, blocks(min(image.size)))
        widths = [image.channels, *(min(settings["width"] * 2**n, most) for n in range(depth))]
        self.pixels = Standardised(image)
        self.activation = ACTIVATIONS[settings["activation"]]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(i, o, 3, padding=1, bias=not settings["batch_norm"]) for i, o in pairwise(widths)
        )
        norms = (nn.BatchNorm2d(o) if settings["batch_norm"] else nn.Identity() for o in widths[1:])
        self.norms = nn.ModuleList(norms)
        self.pools = nn.ModuleList(nn.MaxPool2d(2) if n < pooled else nn.Identity() for n in range(depth))
        self.hidden = nn.Linear(widths[-1] * math.prod(s // 2**pooled for s in image.size), dense)
        self.dropout = nn.Dropout(settings["dropout"])
        self.head = nn.Linear(dense, outputs)

    def forward(self, inputs: Inputs) -> Tensor:
        """`image` uint8 [B, S, S, C] → [B, 1, K]."""
        maps = self.pixels(inputs["image"])
        for convolution, norm, pool in zip(self.convolutions, self.norms, self.pools, strict=True):
            maps = pool(self.activation(norm(convolution(maps))))
        found: Tensor = self.head(self.dropout(self.activation(self.hidden(maps.flatten(1)))))
        return found[:, None]

    def named(self, outputs: Sequence[str]) -> dict[str, Axes]:
        """By output."""
        return head(outputs)


LEAST = 4
"""Pixels a side that two poolings need; a smaller picture is framed with mean pixels."""


class Fast(nn.Module):
    """Whitened patches, blocks that pool first, the maximum of each filter, one dense layer."""

    def __init__(self, image: Entry, outputs: int, width: int, dropout: float) -> None:
        super().__init__()
        side, channels = max(LEAST, min(image.size)), image.channels
        below, right = (max(0, LEAST - pixels) for pixels in image.size)
        stride = min(max(1, round(side / 16)), 4)
        kernel = 3 if stride == 1 else 2 * stride
        kept = min(channels * kernel**2 // 8 * 8, 16)  # times two: a multiple of 16 fills the vector registers
        depth = max(2, math.ceil(math.log2(side / stride / 4)))
        widths = [2 * kept, *(width * 2 ** max(0, i - 1) for i in range(depth))]
        self.pixels = Standardised(image)
        self.frame = nn.ZeroPad2d((0, right, 0, below)) if right or below else nn.Identity()
        self.whiten = nn.Conv2d(channels, 2 * kept, kernel, stride, padding=(kernel - stride + 1) // 2)
        self.whiten.weight.requires_grad_(False)
        self.blocks = nn.Sequential(*(Block(i, o) for i, o in pairwise(widths)))
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(widths[-1], outputs)

    def see(self, inputs: Inputs) -> None:
        """Set the first layer so that patches of these train pictures come out uncorrelated."""
        kernel, half = self.whiten.kernel_size[0], self.whiten.out_channels // 2
        with torch.no_grad():
            patches = F.unfold(self.frame(self.pixels(inputs["image"])), kernel).transpose(1, 2).flatten(0, 1).double()
            values, vectors = torch.linalg.eigh(patches.T.cov())
            scaled = (vectors / (values + 1e-2).sqrt()).T.flip(0)[:half].view_as(self.whiten.weight[:half])
            self.whiten.weight.copy_(torch.cat([scaled, -scaled]))

    def forward(self, inputs: Inputs) -> Tensor:
        """`image` uint8 [B, S, S, C] → [B, 1, K]."""
        maps = self.blocks(F.relu(self.whiten(self.frame(self.pixels(inputs["image"])))))
        found: Tensor = self.head(self.dropout(maps.amax((2, 3))))
        return found[:, None]

    def named(self, outputs: Sequence[str]) -> dict[str, Axes]:
        """By output."""
        return head(outputs)


class Block(nn.Module):
    """Two convolutions. Pooling stands before the first batch norm, which so costs a quarter."""

    def __init__(self, inputs: int, filters: int) -> None:
        super().__init__()
        self.grow = nn.Conv2d(inputs, filters, 3, padding=1, bias=False)
        self.grow_norm = nn.BatchNorm2d(filters)
        self.mix = nn.Conv2d(filters, filters, 3, padding=1, bias=False)
        self.mix_norm = nn.BatchNorm2d(filters)

    def forward(self, maps: Tensor) -> Tensor:
        """[B, F', S, S] → [B, F, S/2, S/2]."""
        maps = F.relu(self.grow_norm(F.max_pool2d(self.grow(maps), 2)))
        return F.relu(self.mix_norm(self.mix(maps)))
