"""Generative adversarial networks (Goodfellow et al. 2014, arXiv:1406.2661).

They converge by a penalty on the rival's gradient (Mescheder et al. 2018, "Which training methods for GANs do actually
converge?", arXiv:1801.04406); the rival is told of what is given by projection (Miyato and Koyama 2018,
arXiv:1802.05637); a mean of the makers is kept (Yazıcı et al. 2019, arXiv:1806.04498).

B rows, Z random numbers, S numbers seen, G of them given, O asked for, C cells.
"""

from __future__ import annotations

import math
from copy import deepcopy
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from keepfit.data.batch import Inputs
from keepfit.data.noise import NOISE
from keepfit.data.transform import Transform
from keepfit.features.whole import Whole
from keepfit.models.adversary import Adversary, energy
from keepfit.models.drawing import fixed, marked
from keepfit.models.gan import Settings
from keepfit.models.gan.pictures import PictureMaker, PictureRival

STEPS, STEPS_OF_PICTURES = 3000, 2500
"""Of a small set: digits of 8×8 were recognised as often as real ones after 1,500; of larger pictures, whose steps take
ten times as long: MNIST's digits were after 1,500 as often as real ones, but for two points."""
LARGE = 16
"""Pixels a side from which a picture is made by convolutions."""
WEIGHT = 2.0
"""Of what is given, beside random numbers."""


class Maker(nn.Module):
    """Random numbers and what is given → cells."""

    def __init__(self, inputs: int, width: int, depth: int, outputs: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*hidden(inputs, width, depth), nn.Linear(width, outputs))

    def forward(self, noise: Tensor, given: Tensor) -> Tensor:
        """[B, Z], [B, G] → [B, O]."""
        found: Tensor = self.layers(torch.cat([noise, WEIGHT * given], 1))
        return found


class Rival(nn.Module):
    """Rows → how much they look like train rows."""

    def __init__(self, seen: int, given: int, width: int, depth: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*hidden(seen, width, depth))
        self.plain = nn.Linear(width, 1)
        self.told = nn.Linear(given, width, bias=False) if given else None

    def forward(self, seen: Tensor, given: Tensor) -> Tensor:
        """[B, S], [B, G] → [B]."""
        found = self.layers(seen)
        score: Tensor = self.plain(found)[:, 0]
        return score if self.told is None else score + (self.told(given) * found).sum(1)


class GAN(Adversary):
    """Both networks."""

    given: Tensor
    is_given: Tensor
    cell_given: Tensor

    def __init__(self, transform: Transform, width: int, depth: int, penalty: float, pace: float) -> None:
        super().__init__()
        self.whole, self.penalty, self.pace = Whole(transform), penalty, pace
        self.whole.requires_grad_(requires_grad=False)
        target: Any = transform.target
        self.noise: int = target.code
        seen, cells = self.whole.places(target.given)
        self.register_buffer("given", torch.tensor(seen, dtype=torch.int64))
        self.register_buffer("is_given", marked(self.whole.width, seen))
        self.register_buffer("cell_given", marked(self.whole.cells, cells))
        self.maker: nn.Module = Maker(self.noise + len(seen), width, depth, sum(self.whole.asked))
        self.rival: nn.Module = Rival(self.whole.width, len(seen), width, depth)
        if shape := alone(target):
            before = sum(self.whole.asked) - math.prod(shape)
            self.betas = (0.5, 0.99)  # convolutions want some momentum (Radford et al. 2016, arXiv:1511.06434)
            self.maker = PictureMaker(self.noise + len(seen), WEIGHT, shape, before)
            self.rival = PictureRival(len(seen), shape)
        self.mean = deepcopy(self.maker).requires_grad_(requires_grad=False)

    def forward(self, inputs: Inputs) -> Tensor:
        """A batch's inputs, the noise among them → [B, 1, 1 + 2 C], see `keepfit.problems.synthesis.learn`."""
        seen = self.whole.seen(inputs)
        noise = inputs[NOISE] if NOISE in inputs else fixed(len(seen), self.noise)
        made = self.whole.mended(self._numbers(self.mean, noise, seen))
        real = self.whole.cells_of(inputs)
        drawn = torch.where(self.cell_given, real, made)
        return torch.cat([self.rival(seen, seen[:, self.given])[:, None], real, drawn], 1)[:, None]

    def rival_loss(self, inputs: Inputs) -> Tensor:
        """The logistic loss, and the penalty at real rows."""
        rows = self.whole.seen(inputs)
        told, seen = rows[:, self.given], rows.clone().requires_grad_()
        real, made = self.rival(seen, told), self.rival(self._made(self.maker, rows).detach(), told)
        (gradient,) = torch.autograd.grad(real.sum(), seen, create_graph=True)
        gradient = gradient.masked_fill(self.is_given, 0.0)  # what is given may be told as sharply as it is useful
        loss: Tensor = (F.softplus(-real) + F.softplus(made) + 0.5 * self.penalty * gradient.square().sum(1)).sum()
        return loss

    def maker_loss(self, inputs: Inputs) -> Tensor:
        """The non-saturating one."""
        seen = self.whole.seen(inputs)
        return F.softplus(-self.rival(self._made(self.maker, seen), seen[:, self.given])).sum()

    def distance(self, inputs: Inputs) -> Tensor:
        """The energy distance, of rows that are given the same."""
        seen = self.whole.seen(inputs)
        made = self._made(self.mean, seen, fixed(len(seen), self.noise).to(seen.device))
        return energy(made, seen)

    def _numbers(self, maker: nn.Module, noise: Tensor, seen: Tensor) -> Tensor:
        """[B, O]."""
        found: Tensor = self.whole.within(maker(noise, seen[:, self.given]))
        return found

    def _made(self, maker: nn.Module, seen: Tensor, noise: Tensor | None = None) -> Tensor:
        """Rows that are given what these are, as they are seen [B, S]."""
        drawn = torch.randn(len(seen), self.noise, device=seen.device) if noise is None else noise
        return torch.where(self.is_given, seen, self.whole.drawn(self._numbers(maker, drawn, seen)))


def hidden(inputs: int, width: int, depth: int) -> list[nn.Module]:
    """Dense layers."""
    made: list[nn.Module] = []
    for before, after in pairwise([inputs, *[width] * depth]):
        made += [nn.Linear(before, after), nn.LeakyReLU(0.2)]
    return made


def alone(target: Any) -> tuple[int, ...]:
    """The shape of the one picture that is made, where it is larger and nothing else is; else nothing."""
    free = [column for column in target.columns if column.name not in target.given]
    shape: tuple[int, ...] = free[0].shape if len(free) == 1 else ()
    return shape if len(shape) > 1 and max(shape[:2]) >= LARGE else ()


def defaults(model: Settings, transform: Transform, rows: int) -> dict[str, Any]:
    """Every hyperparameter, from the number of cells and rows. What the YAML says goes before these."""
    cells = sum(column.cells for column in transform.target.columns)  # type: ignore[attr-defined]
    large = bool(alone(transform.target))
    batch = 64 if rows < 20_000 or large else 128
    steps, least = (STEPS_OF_PICTURES, 3) if large else (STEPS, 10)
    derived: dict[str, Any] = {
        "width": 128 if cells < 20 else 256,
        "depth": 2,
        "epochs": min(max(round(steps * batch / rows), least), 600),
        "batch_size": batch,
        "lr": 8e-4 if large else 5e-4,
        "weight_decay": 0.0,
        "schedule": "constant",
        "warmup": 0.0,
        "label_smoothing": 0.0,
        "patience": None,
        "augment": None,
        "pace": 0.005,
    }
    return {**derived, **model.model_dump(exclude={"family"}, exclude_none=True)}


def build(settings: dict[str, Any], transform: Transform) -> nn.Module:
    """The module for the columns of `transform`."""
    return GAN(transform, settings["width"], settings["depth"], settings["penalty"], settings["pace"])
