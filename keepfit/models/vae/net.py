"""Auto-encoding variational Bayes (Kingma and Welling 2014, arXiv:1312.6114), with cells hidden in training (Im et al.
2017, "Denoising criterion for variational auto-encoding framework").

It begins as principal components (Tipping and Bishop 1999), so that its code says something from the first step: the
divergence need not be weighed in slowly, which gave digits .877 nats a cell and this .876, samples 1.08 and 1.10.

B rows, S numbers seen, L of a code, O asked for, C cells. A row is answered from the middle of its code's density, and
its bound is taken at the same few points for every row, so that equal rows get equal answers.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from keepfit.data.batch import Inputs
from keepfit.data.noise import NOISE
from keepfit.data.transform import Transform
from keepfit.features.principal import principal
from keepfit.features.whole import Whole
from keepfit.models.drawing import fixed, marked
from keepfit.models.vae import Settings

PAIRS = 2
"""Pairs of points, on either side of a code's middle, at which the bound is taken."""
STEPS, STEPS_OF_SINGLES = 6000, 2500
"""Of a small set; digits of 8×8 still became better by the 5,000th, samples of 31 figures not beyond the 1,000th."""
FEW = 5000
"""Rows below which single values are described by a smaller network, whose weights decay more."""


_BENT = 0.1
"""Of its drawn weights, what a layer begins with that is added to a straight map."""


class VAE(nn.Module):
    """Sees a row, describes it, gives it back."""

    points: Tensor

    def __init__(self, transform: Transform, width: int, depth: int, hidden: float) -> None:
        super().__init__()
        target: Any = transform.target
        self.whole, self.code, self.hidden = Whole(transform), target.code, hidden
        self.given, self.cells_given = self.whole.places(getattr(target, "given", ()))
        self.encoder = Bent(self.whole.width, width, depth, 2 * self.code)
        self.decoder = Bent(self.code + len(self.given), width, depth, sum(self.whole.asked))
        drawn = torch.randn(PAIRS, self.code, generator=torch.Generator().manual_seed(0))
        self.register_buffer("points", torch.cat([drawn, -drawn]))

    def forward(self, inputs: Inputs) -> Tensor:
        """A batch's inputs → [B, 1, K], see `keepfit.problems.described`; in training [B, 1, 1], the cost."""
        if self.training:
            return self._drawn(inputs)[:, None, None]
        cost, rate, middle, told = self.described(inputs)
        _, off = self.whole.cost(given := self.decoded(middle, told), inputs)
        said = (cost[:, None], rate[:, None], self.whole.look(inputs), middle, off, self.whole.mended(given))
        return torch.cat(said, 1)[:, None]

    def described(self, inputs: Inputs) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What each row costs, and what of it its code does [B]; the code's middle [B, L], and what is given [B, G]."""
        seen = self.whole.seen(inputs)
        middle, spread = self.encode(seen)
        told, rate = seen[:, self.given], divergence(middle, spread)
        points = (self.decoded(middle + point * spread, told) for point in self.points)
        costs = [self.whole.cost(point, inputs)[0].sum(1) for point in points]
        return torch.stack(costs).mean(0) + rate, rate, middle, told

    def decoded(self, code: Tensor, told: Tensor) -> Tensor:
        """[B, L], [B, G] → [B, O]."""
        found: Tensor = self.decoder(torch.cat([code, told], 1))
        return found

    @torch.no_grad()
    def see(self, inputs: Inputs) -> None:
        """Begin as principal components of some train rows, which few rows are hardly described better than by."""
        levels, told = self.whole.levels(inputs), self.whole.seen(inputs)[:, self.given].double()
        known = torch.cat([told, torch.ones(len(told), 1, dtype=torch.float64)], 1)
        means = torch.linalg.pinv(known) @ levels  # what is given tells of quantities is not for the code to tell
        found = principal(levels - known @ means, self.code)
        seen, asked = self.whole.quantities
        length, reading, of_given = found.ways.shape[1], found.reading, means[:-1].T
        centre = found.centre + means[-1]
        weight, bias = (torch.zeros_like(one) for one in (self.encoder.straight.weight, self.encoder.straight.bias))
        weight[:length, seen] = reading.float()
        weight[:length, self.given] -= (reading @ of_given).float()
        bias[:length] = -(reading @ centre).float()
        bias[self.code : self.code + length] = -found.inner.diagonal().log().float()
        self.encoder.begin(weight, bias)
        weight, bias = torch.zeros_like(self.decoder.straight.weight), self.whole.shares(inputs)
        weight[asked, :length], bias[asked] = found.ways.float(), centre.float()
        weight[asked, self.code :] = of_given.float()
        self.decoder.begin(weight, bias)
        self.whole.spread(found.noise.sqrt())

    def encode(self, seen: Tensor) -> tuple[Tensor, Tensor]:
        """[B, S] → the middle and the deviations of a code's density, both [B, L]."""
        middle, logs = self.encoder(seen).chunk(2, 1)
        return middle, (0.5 * logs.clamp(-10, 4)).exp()

    def _drawn(self, inputs: Inputs) -> Tensor:
        """What each row costs at a point that is drawn [B]."""
        seen = self.whole.seen(inputs)
        middle, spread = self.encode(seen * (torch.rand_like(seen) >= self.hidden))
        code = middle + torch.randn_like(middle) * spread
        nats, _ = self.whole.cost(self.decoded(code, seen[:, self.given]), inputs)
        return nats.sum(1) + divergence(middle, spread)


class Drawing(VAE):
    """One that new rows are asked of: a code is drawn, and the cells by the densities that it is decoded to."""

    def __init__(self, transform: Transform, width: int, depth: int, hidden: float) -> None:
        super().__init__(transform, width, depth, hidden)
        self.noise: int = self.code + sum(self.whole.grain)
        self.register_buffer("is_given", marked(self.whole.cells, self.cells_given))

    is_given: Tensor

    def forward(self, inputs: Inputs) -> Tensor:
        """A batch's inputs, the noise among them → [B, 1, 1 + 2 C], see `keepfit.problems.synthesis.learn`; in training
        the cost."""
        if self.training:
            return self._drawn(inputs)[:, None, None]
        cost, _, _, told = self.described(inputs)
        noise = inputs[NOISE] if NOISE in inputs else fixed(len(cost), self.noise)
        code, grain = noise.split((self.code, self.noise - self.code), 1)
        made = self.whole.mended(self.whole.grained(self.decoded(code, told), grain))
        real = self.whole.cells_of(inputs)
        worth = (-cost / self.whole.cells)[:, None]
        return torch.cat([worth, real, torch.where(self.is_given, real, made)], 1)[:, None]


def divergence(middle: Tensor, spread: Tensor) -> Tensor:
    """Kullback and Leibler's, from the standard normal density, in nats [B]."""
    return 0.5 * (middle.square() + spread.square() - 1 - 2 * spread.log()).sum(1)


class Bent(nn.Module):
    """A straight map, and dense layers that learn what it leaves."""

    def __init__(self, inputs: int, width: int, depth: int, outputs: int) -> None:
        super().__init__()
        self.straight = nn.Linear(inputs, outputs)
        made: list[nn.Module] = []
        for before, after in pairwise([inputs, *[width] * depth]):
            made += [nn.Linear(before, after), nn.SiLU()]
        self.bent = nn.Sequential(*made, nn.Linear(width if depth else inputs, outputs))

    @torch.no_grad()
    def begin(self, weight: Tensor, bias: Tensor) -> None:
        """As a straight map."""
        self.straight.weight.copy_(weight)
        self.straight.bias.copy_(bias)
        last = self.bent[-1]
        assert isinstance(last, nn.Linear)
        last.weight.mul_(_BENT)
        nn.init.zeros_(last.bias)

    def forward(self, rows: Tensor) -> Tensor:
        """[B, inputs] → [B, outputs]."""
        found: Tensor = self.straight(rows) + self.bent(rows)
        return found


def defaults(model: Settings, transform: Transform, rows: int) -> dict[str, Any]:
    """Every hyperparameter, from the number of cells and rows. What the YAML says goes before these."""
    columns = transform.target.columns  # type: ignore[attr-defined]
    cells, single = sum(column.cells for column in columns), all(not column.shape for column in columns)
    batch = 32 if rows < FEW else 64 if rows < 20_000 else 128
    small = single and rows < FEW
    derived: dict[str, Any] = {
        "width": 128 if small else 256 if cells < 200 else 512,
        "depth": 1 if small else 2,
        "hidden": 0.0 if single else 0.1,
        "epochs": min(max(round((STEPS_OF_SINGLES if single else STEPS) * batch / rows), 15), 400),
        "batch_size": batch,
        "lr": 2e-3,
        "weight_decay": 0.3 if small else 1e-3,
        "schedule": "cosine",
        "warmup": 0.1,
        "label_smoothing": 0.0,
        "patience": None,
        "augment": None,
    }
    return {**derived, **model.model_dump(exclude={"family"}, exclude_none=True)}


def build(settings: dict[str, Any], transform: Transform) -> nn.Module:
    """The module for the columns of `transform`, which draws where its target says what is given."""
    kind = Drawing if hasattr(transform.target, "given") else VAE
    return kind(transform, settings["width"], settings["depth"], settings["hidden"])
