"""Gradient-boosted trees (Friedman 2001, "Greedy function approximation"; by histograms, as in Ke et al. 2017,
"LightGBM"), fitted by scikit-learn and held as tensors.

B rows, R rounds, K numbers that each round adds a tree to, O outputs: for two classes K is 1.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from keepfit.data.batch import Inputs
from keepfit.data.feed import Part
from keepfit.data.transform import Transform
from keepfit.models.boosting import Settings
from keepfit.models.boosting.rounds import Booster, Rounds
from keepfit.models.fitted import COURSE, drawn, held
from keepfit.models.plain import Plain, named, sides_of
from keepfit.models.trees import Trees
from keepfit.problems.objective import Objective

FITTED = True
"""At once, without steps."""
MOST = 2000
"""Trees at most where classes are many: all of them are asked for every row."""
_ASKED = 1024
"""Validation rows that go down all trees at a time."""


def defaults(model: Settings, transform: Transform, rows: int) -> dict[str, Any]:  # noqa: ARG001
    """Those of scikit-learn, with more rounds where a round is not many trees."""
    derived = {"trees": min(200, max(75, MOST // transform.target.outputs)), "rate": 0.1, "leaves": 31}
    return {**derived, **COURSE, **model.model_dump(exclude={"family"}, exclude_none=True)}


class Boosting(nn.Module):
    """The sum of the trees' leaves."""

    base: Tensor
    """What the rounds add to [K]."""

    def __init__(self, settings: dict[str, Any], transform: Transform) -> None:
        super().__init__()
        self.settings, self.target = settings, transform.target
        self.plain = Plain(transform)
        self.trees = Trees(settings.get("size", (0, 0, 0, 0)))
        alone = named(self.target) and self.target.outputs == 2
        self.register_buffer("base", torch.zeros(1 if alone else self.target.outputs))

    def forward(self, inputs: Inputs) -> Tensor:
        """A batch's raw tensors → [B, 1, O]."""
        return self._outputs(self._leaves(self.plain(inputs)).sum(1) + self.base)[:, None]

    @property
    def fitted(self) -> dict[str, Any]:
        """Settings that are known once it is fitted."""
        return {"size": self.trees.size}

    @torch.no_grad()
    def begin(self, train: Part, validation: Part, objective: Objective) -> tuple[Inputs, Inputs]:
        """Fit to the train rows, and keep as many rounds as are best on the validation rows."""
        rows, other = held(train), held(validation)
        cells = self.plain.learn(rows, sides_of(rows.labels, self.target))
        asked = self.plain(other.batch().inputs)
        rounds = self._rounds(cells, rows.labels, asked, other.labels)
        self._take(rounds, len(rounds.trees), cells.shape[1])
        self._take(rounds, self._best(asked, other.labels, objective), cells.shape[1])
        return {}, {}

    def _rounds(self, cells: Tensor, labels: Tensor, asked: Tensor, true: Tensor) -> Rounds:
        how = self.settings
        booster = Booster(how["trees"], how["rate"], how["leaves"], drawn())
        fit, stop = (cells.numpy(), labels.numpy()), (asked.numpy(), true.numpy())
        if named(self.target):
            return booster.classes(*fit, *stop, self.target.outputs)
        return booster.value(*fit, *stop) if labels.ndim == 1 else booster.labels(*fit)

    def _take(self, rounds: Rounds, kept: int, cells: int) -> None:
        self.base.copy_(torch.tensor(rounds.base))
        self.trees.take([tree for turn in rounds.trees[:kept] for tree in turn], cells)

    def _leaves(self, cells: Tensor) -> Tensor:
        """float64 [B, D] → [B, R, K]."""
        leaves: Tensor = self.trees(cells).squeeze(2).unflatten(1, (-1, len(self.base)))
        return leaves

    def _outputs(self, sums: Tensor) -> Tensor:
        """[B, K] → [B, O]."""
        return torch.cat([torch.zeros_like(sums), sums], 1) if len(self.base) < self.target.outputs else sums

    def _best(self, cells: Tensor, labels: Tensor, objective: Objective) -> int:
        """How many rounds have the least loss."""
        sums = torch.zeros(self.trees.trees // len(self.base), 2)
        for some, true in zip(cells.split(_ASKED), labels.split(_ASKED), strict=True):
            found = self._leaves(some).cumsum(1) + self.base
            sums += torch.stack([objective.score(self._outputs(one)[:, None], true) for one in found.unbind(1)])
        return min(range(len(sums)), key=lambda at: objective.judged(sums[at].tolist(), len(cells))["loss"]) + 1


def build(settings: dict[str, Any], transform: Transform) -> nn.Module:
    """Outputs [B, 1, O]."""
    return Boosting(settings, transform)
