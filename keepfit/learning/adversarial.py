"""Two networks that learn against each other (Goodfellow et al. 2014, arXiv:1406.2661), in turns, a step each."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from keepfit.data.batch import Batch
from keepfit.learning.optimisers import optimiser
from keepfit.learning.recipe import Recipe
from keepfit.models.adversary import Adversary

ROWS = 1000
"""Validation rows by which an epoch is chosen, at most: their distances from each other are looked at, too."""


class Adversarial(Recipe):
    """The rival's step, the maker's step, and the mean of the makers."""

    model: Adversary

    def _optimisers(self) -> list[Optimizer]:
        """The maker's and the rival's."""
        return [
            optimiser(net.parameters(), self.plan, self.model.betas) for net in (self.model.maker, self.model.rival)
        ]

    def step(self, batch: Batch, done: float) -> Tensor:
        """Both learn from the batch, their gradients as long as they are; gives what the rival paid."""
        self._done = done
        maker, rival = self.optimisers
        paid = self._learn(rival, lambda part: self.model.rival_loss(part.inputs), batch)
        self._learn(maker, lambda part: self.model.maker_loss(part.inputs), batch)
        self.model.follow()
        return paid

    @torch.no_grad()
    def judge(self) -> dict[str, float]:
        """How far what is made is from the validation rows."""
        self.model.eval()
        batch = next(iter(self.validation.in_order(ROWS)))
        return {"loss": float(self.model.distance(batch.inputs))}


def recipe_of(model: nn.Module) -> type[Recipe]:
    """How a network learns: against its rival, where it has one."""
    return Adversarial if isinstance(model, Adversary) else Recipe
