"""How much of each member's answers goes into the whole. N rows, P members, K outputs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from keepfit.problems.objective import Objective

LEAST = 0.02
"""A member of a smaller share is left out."""
WORTH = 0.002
"""Share of the loss: on ten small tables members of less had no part in what was gained."""
_STEPS = 100
_SHARPEST = math.log(3.0)


def mixed(outputs: Tensor, labels: Tensor, objective: Objective, learn: Any) -> tuple[Tensor, float]:
    """Shares [P] that add up to 1, and the sharpness, of the least loss on rows that no member learned from.

    `outputs` [N, P, K]. On 14 tables of 142 to 3,242 rows such shares answered the test rows better than the plain mean
    on ten, and worse on two: log loss .324 against .362. Where there is a sharpness there may be two such places: one
    is looked for from equal shares, one from the best shares without it.
    """
    rounds = ((True,), (False, True)) if learn.SHARPENED else ((False,),)
    found = (_sought(outputs, labels, objective, learn, some) for some in rounds)
    _, shares, sharpness = min(found, key=lambda one: one[0])
    kept = torch.where(shares >= min(LEAST, float(shares.max())), shares, 0.0)
    return kept / kept.sum(), sharpness


def _sought(
    outputs: Tensor, labels: Tensor, objective: Objective, learn: Any, rounds: Sequence[bool]
) -> tuple[float, Tensor, float]:
    """The loss, shares and sharpness after rounds of steps, each of the shares alone or of the sharpness too."""
    lean, sharpness = torch.zeros(outputs.shape[1], requires_grad=True), torch.zeros((), requires_grad=True)

    def loss() -> Tensor:
        factor = sharpness.clamp(-_SHARPEST, _SHARPEST).exp()
        return objective.loss(learn.pooled(outputs, lean.softmax(0)) * factor, labels) / len(labels)

    def look() -> Tensor:
        optimiser.zero_grad()
        found = loss()
        found.backward()
        return found

    for sharpened in rounds:
        places = [lean, sharpness] if sharpened else [lean]
        optimiser = torch.optim.LBFGS(places, max_iter=_STEPS, line_search_fn="strong_wolfe")
        with torch.enable_grad():
            optimiser.step(look)
    with torch.no_grad():
        factor = sharpness.clamp(-_SHARPEST, _SHARPEST).exp()
        return float(loss()), lean.softmax(0), float(factor)


def mixed_sparingly(outputs: Tensor, labels: Tensor, objective: Objective, learn: Any) -> tuple[Tensor, float]:
    """As `mixed`, without the members of small shares that together lower the loss by less than `WORTH` of it.

    Each costs time with every answer, and a network as many times as it had turns.
    """
    of = _Mixture(outputs, labels, objective, learn)
    loss, shares, sharpness = of(torch.ones(outputs.shape[1], dtype=torch.bool))
    most = loss + WORTH * abs(loss)
    while int((shares > 0).sum()) > 1:
        least = shares.masked_fill(shares == 0, 2.0).argmin()
        without = of((shares > 0) & (torch.arange(len(shares)) != least))
        if without[0] > most:
            break
        _, shares, sharpness = without
    return shares, sharpness


def mixed_within(
    outputs: Tensor, labels: Tensor, objective: Objective, learn: Any, sizes: Tensor, most: float
) -> tuple[Tensor, float]:
    """As `mixed`, of members whose `sizes` [P] add up to `most` or less; one of them at least is no larger.

    One after the other is left out, that whose absence adds the least loss for the size it saves.
    """
    of = _Mixture(outputs, labels, objective, learn)
    loss, shares, sharpness = of(sizes <= most)
    while sizes[shares > 0].sum() > most:
        others = {one: of((shares > 0) & (torch.arange(len(sizes)) != one)) for one in shares.nonzero()[:, 0].tolist()}
        cheapest = min(others, key=lambda one: (others[one][0] - loss) / float(sizes[one]))
        loss, shares, sharpness = others[cheapest]
    return shares, sharpness


@dataclass(frozen=True)
class _Mixture:
    """The best mixtures of some of the members."""

    outputs: Tensor
    labels: Tensor
    objective: Objective
    learn: Any

    def __call__(self, kept: Tensor) -> tuple[float, Tensor, float]:
        """Which members [P] → the loss of their best mixture, the shares of all [P], and the sharpness."""
        shares = torch.zeros(len(kept))
        shares[kept], sharpness = mixed(self.outputs[:, kept], self.labels, self.objective, self.learn)
        answers = self.learn.pooled(self.outputs, shares) * sharpness
        return float(self.objective.loss(answers, self.labels)), shares, sharpness
