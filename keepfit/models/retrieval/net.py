"""The train rows near to a row answer for it (Ye et al. 2024, "Modern Neighborhood Components Analysis",
arXiv:2407.03257; Goldberger et al. 2004, "Neighbourhood Components Analysis").

B rows, N train rows to compare with, n of them drawn for a step, D numbers a code, V sides of the target, K outputs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import Any, Self

import torch
from torch import Tensor, nn

from keepfit.data.batch import Inputs, Rows
from keepfit.data.feed import Part
from keepfit.data.transform import Transform
from keepfit.features.encoder import Encoder
from keepfit.features.named import Axes
from keepfit.models.fitted import held
from keepfit.models.plain import all_sides, outputs_of, sides_of
from keepfit.models.retrieval import Settings
from keepfit.models.table_defaults import COURSE, units
from keepfit.problems.objective import Objective

PLACE = "place"
"""What each row carries in training: which of the candidates it is itself, -1 for none."""
DRAWN = 0.4
"""Share of the candidates that are drawn for a step: with all of them small tables are learned by heart."""
AT_ONCE = 2048
"""Candidates coded at a time when all are."""
_UNSURE = 0.002
"""Of the shares, spread over all classes: a class that no near row has may yet be the row's."""


def defaults(model: Settings, transform: Transform, rows: int) -> dict[str, Any]:
    """As many steps, about, whatever the number of rows."""
    epochs = min(max(150_000 // rows, 10), 100)
    derived = {
        "width": 96, "depth": 1, "dropout": 0.1, "bins": 16, "units": units(len(transform.features)),
        "batch_size": min(max(rows // 16, 32), 256), "epochs": epochs, "patience": max(epochs // 6, 6), "lr": 3e-3,
        "weight_decay": 1e-2,
    }  # fmt: skip
    said = model.model_dump(exclude={"family"}, exclude_none=True)
    return {**derived, **COURSE, **said, "candidates": min(rows, model.candidates or 4096)}


class Retrieval(nn.Module):
    """A code for every row; answers by the candidates' codes, which are made anew whenever it is to be judged."""

    codes: Tensor
    """Of the candidates [N, D]."""
    sides: Tensor
    """Of their labels [N, V]."""

    def __init__(self, settings: dict[str, Any], transform: Transform) -> None:
        super().__init__()
        self.target, self.units, width = transform.target, settings["units"], settings["width"]
        self.encoder = Encoder(transform, settings["bins"], settings["units"])
        self.first = nn.Linear(self.encoder.columns * settings["units"], width)
        self.blocks = nn.Sequential(*(Block(width, settings["dropout"]) for _ in range(settings["depth"])))
        self.last = nn.BatchNorm1d(width)
        self.register_buffer("codes", torch.zeros(settings["candidates"], width))
        self.register_buffer("sides", torch.zeros(settings["candidates"], all_sides(self.target)))
        self.candidates: Rows | None = None

    @torch.no_grad()
    def begin(self, train: Part, validation: Part, objective: Objective) -> tuple[Inputs, Inputs]:  # noqa: ARG002
        """Draw the candidates."""
        rows = held(train)
        drawn = torch.randperm(len(rows))[: len(self.codes)].sort().values
        self.candidates = rows.take(drawn)
        self.sides.copy_(sides_of(self.candidates.labels, self.target))
        if len(rows) < len(train):
            return {}, {}
        place = torch.full((len(rows),), -1)
        place[drawn] = torch.arange(len(drawn))
        return {PLACE: place}, {PLACE: torch.full((len(validation),), -1)}

    def train(self, mode: bool = True) -> Self:
        """As any module; when it stops learning the candidates are coded."""
        super().train(mode)
        if not mode and self.candidates is not None:
            self._code(self._here(self.candidates))
        return self

    def _here(self, candidates: Rows) -> Rows:
        """On the device that the module has been moved to."""
        if candidates.labels.device != self.codes.device:
            candidates = self.candidates = candidates.to(self.codes.device)
        return candidates

    @torch.no_grad()
    def _code(self, candidates: Rows) -> None:
        for place in torch.arange(len(candidates), device=self.codes.device).split(AT_ONCE):
            self.codes[place] = self.coded(candidates.take(place).batch().inputs)

    def coded(self, inputs: Inputs) -> Tensor:
        """A batch's raw tensors → [B, D]."""
        found: Tensor = self.last(self.blocks(self.first(self.encoder(inputs).relu().flatten(1))))
        return found

    def forward(self, inputs: Inputs) -> Tensor:
        """A batch's raw tensors → [B, 1, K]."""
        if self.training and self.candidates is not None:
            return self._learning(inputs, self._here(self.candidates))
        shares = (-distances(self.coded(inputs), self.codes)).softmax(1)
        return outputs_of(shares @ self.sides, self.target, _UNSURE)[:, None]

    def named(self, _outputs: Sequence[str]) -> dict[str, Axes]:
        """The first layer takes the columns' units; the candidates are drawn anew."""
        return {"first.weight": (None, [*product(self.encoder.of, range(self.units))])}

    def _learning(self, inputs: Inputs, candidates: Rows) -> Tensor:
        """By some of the candidates, drawn anew; none answers for itself."""
        rows = len(self.sides)
        drawn = torch.randperm(rows, device=self.codes.device)[: max(2, round(DRAWN * rows))]
        others = candidates.take(drawn).batch().inputs
        both = {name: torch.cat([inputs[name], other]) for name, other in others.items()}
        own, theirs = self.coded(both).tensor_split([len(both[next(iter(both))]) - len(drawn)])
        away = distances(own, theirs)
        if PLACE in inputs:
            away = away.masked_fill(inputs[PLACE][:, None] == drawn, torch.inf)
        return outputs_of((-away).softmax(1) @ self.sides[drawn], self.target, _UNSURE)[:, None]


class Block(nn.Module):
    """What is added to a code on its way."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        inner = nn.BatchNorm1d(width), nn.Linear(width, width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(width, width)
        self.inner = nn.Sequential(*inner)

    def forward(self, rows: Tensor) -> Tensor:
        """[B, D] → [B, D]."""
        found: Tensor = rows + self.inner(rows)
        return found


def distances(rows: Tensor, others: Tensor) -> Tensor:
    """[B, D], [N, D] → [B, N], squared, less what is the same for all of a row's: a softmax does not see that.

    In units of √D, as attention has it: by the plain square the nearest alone answers for a row at first, and what is
    near is then not learned where labels are noisy. The paper's distances are not squared: on ten small tables neither
    was better throughout, and a root costs a quarter of the answers' time.
    """
    squared: Tensor = others.square().sum(1) - 2 * rows @ others.T
    return squared / math.sqrt(others.shape[1])


def build(settings: dict[str, Any], transform: Transform) -> nn.Module:
    """Outputs [B, 1, K]."""
    return Retrieval(settings, transform)
