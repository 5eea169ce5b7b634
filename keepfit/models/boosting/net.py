"""Gradient-boosted trees (Friedman 2001, "Greedy function approximation"; by histograms, as in Ke et al. 2017,
"LightGBM"), fitted by scikit-learn and held as tensors.

B rows, K numbers that each round adds a tree to, O outputs: for two classes K is 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from keepfit.data.batch import Inputs
from keepfit.data.feed import Part
from keepfit.data.transform import Transform
from keepfit.models.boosting import Settings
from keepfit.models.boosting.rounds import Array, Booster, Rounds, filled
from keepfit.models.fitted import COURSE, HELD_OUT, both, carried, drawn, weights_of
from keepfit.models.plain import Plain, named, sides_of
from keepfit.models.trees import EMPTY, Trees
from keepfit.problems.objective import Objective

FITTED = True
"""At once, without steps."""
HOLDS_OUT = True
"""It answers each row that it is fitted to by what did not see it."""
MOST = 2000
"""Trees at most where classes are many: all of them are asked for every row."""


def defaults(model: Settings, transform: Transform, rows: int) -> dict[str, Any]:  # noqa: ARG001
    """Those of scikit-learn, with more rounds where a round is not many trees."""
    derived = {"trees": min(200, max(75, MOST // transform.target.outputs)), "rate": 0.1, "leaves": 31}
    return {**derived, **COURSE, **model.model_dump(exclude={"family"}, exclude_none=True)}


class Boosting(nn.Module):
    """The sum of the trees' leaves; of rows that it was fitted to, in training, that of fits that did not see them."""

    base: Tensor
    """What the rounds add to [K]."""

    def __init__(self, settings: dict[str, Any], transform: Transform) -> None:
        super().__init__()
        self.settings, self.target = settings, transform.target
        self.plain = Plain(transform)
        self.trees = Trees(settings.get("size", EMPTY))
        alone = named(self.target) and self.target.outputs == 2
        self.register_buffer("base", torch.zeros(1 if alone else self.target.outputs))

    def forward(self, inputs: Inputs) -> Tensor:
        """A batch's raw tensors → [B, 1, O]."""
        if HELD_OUT in inputs:
            return inputs[HELD_OUT][:, None]
        return self._outputs(self.trees(self.plain(inputs)) + self.base)[:, None]

    @property
    def fitted(self) -> dict[str, Any]:
        """Settings that are known once it is fitted."""
        return {"size": self.trees.size}

    @torch.no_grad()
    def begin(self, train: Part, validation: Part, objective: Objective) -> tuple[Inputs, Inputs]:
        """Fit to the rows of both parts, in as many rounds as are best for rows that are not fitted to."""
        rows = both(train, validation)
        cells = self.plain.learn(rows, sides_of(rows.labels, self.target)).numpy()
        booster, weights = self._booster(), weights_of(rows, objective)
        made, found = zip(*(_fitted(booster, cells, one, weights) for one in _columns(rows.labels)), strict=True)
        turns = zip(*(filled(one, max(len(each.trees) for each in made)) for one in made), strict=True)
        base = [number for one in made for number in one.base]
        self.base.copy_(torch.tensor(base))
        self.trees.take([tree for turn in turns for some in turn for tree in some], cells.shape[1], groups=len(base))
        return carried(self._outputs(torch.from_numpy(np.concatenate(found, 1))), train, validation)

    def _booster(self) -> Booster:
        """Of each label, where a row may have several, whether it is one."""
        how, several = self.settings, bool(self.target.shape)
        classes = 2 if several else self.target.outputs if named(self.target) else 0
        return Booster(how["trees"], how["rate"], how["leaves"], drawn(), classes)

    def _outputs(self, sums: Tensor) -> Tensor:
        """[B, K] → [B, O]."""
        return torch.cat([torch.zeros_like(sums), sums], 1) if len(self.base) < self.target.outputs else sums


def _columns(labels: Tensor) -> list[Array]:
    """[N], or of several labels [N, L] each by itself."""
    return [labels.numpy()] if labels.ndim == 1 else [*labels.numpy().astype(int).T]


def _fitted(booster: Booster, cells: Array, labels: Array, weights: Array | None) -> tuple[Rounds, Array]:
    """What was fitted to all rows, and what those answer each that did not see it."""
    rounds, found = booster.chosen(cells, labels, weights)
    return booster.fitted(cells, labels, rounds, weights), found


def build(settings: dict[str, Any], transform: Transform) -> nn.Module:
    """Outputs [B, 1, O]."""
    return Boosting(settings, transform)
