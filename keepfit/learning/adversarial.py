"""Two networks that learn against each other (Goodfellow et al. 2014, arXiv:1406.2661), in turns, a step each."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from keepfit.data.batch import Batch, Inputs
from keepfit.data.feed import Part
from keepfit.learning.changes import Changes
from keepfit.learning.checkpoint import State
from keepfit.learning.device import Machine
from keepfit.learning.optimisers import optimiser, penalise
from keepfit.learning.plan import Plan
from keepfit.learning.recipe import Supervised
from keepfit.models.adversary import Adversary
from keepfit.problems.objective import Objective

ROWS = 1000
"""Validation rows by which an epoch is chosen, at most: their distances from each other are looked at, too."""


class Adversarial(Supervised):
    """The rival's step, the maker's step, and the mean of the makers."""

    model: Adversary

    def __init__(
        self,
        model: Adversary,
        objective: Objective,
        plan: Plan,
        machine: Machine,
        validation: Part,
        changes: Changes | None = None,
    ) -> None:
        super().__init__(model, objective, plan, machine, validation, changes)
        self.optimiser, self.against = (
            optimiser(net.parameters(), plan, model.betas) for net in (model.maker, model.rival)
        )

    def step(self, batch: Batch, done: float) -> Tensor:
        """Both learn from the batch; gives what the rival paid."""
        if not self.model.training:
            self.model.train()
        rate = self.rate(done)
        paid = self._learn(self.model.rival, self.against, self.model.rival_loss, batch, rate)
        self._learn(self.model.maker, self.optimiser, self.model.maker_loss, batch, rate)
        self.model.follow()
        return paid

    def _learn(
        self,
        net: nn.Module,
        stepping: torch.optim.Optimizer,
        loss: Callable[[Inputs], Tensor],
        batch: Batch,
        rate: float,
    ) -> Tensor:
        stepping.zero_grad()
        total = torch.zeros((), device=batch.labels.device)
        weights = [*net.parameters()]
        for part in self.ranks.share(batch, self.plan.accumulate):
            found = loss(part.inputs)
            torch.autograd.backward(found / len(batch), inputs=weights)
            total += found.detach()
        self.ranks.sum(weights, total)
        (group,) = stepping.param_groups
        group["lr"] = rate
        penalise(weights, self.plan.l1)
        stepping.step()
        return total

    @torch.no_grad()
    def judge(self) -> dict[str, float]:
        """How far what is made is from the validation rows."""
        self.model.eval()
        batch = next(iter(self.validation.in_order(ROWS)))
        return {"loss": float(self.model.distance(batch.inputs))}

    def state(self) -> State:
        """Of both networks and both optimisers."""
        return {**super().state(), "against": self.against.state_dict()}

    def restore(self, state: State) -> None:
        """Of all."""
        super().restore(state)
        self.against.load_state_dict(state["against"])


def recipe_of(model: nn.Module) -> type[Supervised]:
    """How a network learns: against its rival, where it has one."""
    return Adversarial if isinstance(model, Adversary) else Supervised
