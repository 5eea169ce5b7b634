"""What is learned, and how one batch is learned from. The loop (`keepfit.learning.fit`) says when.

B rows, M ensemble members, O numbers a row.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from keepfit.data.batch import Batch
from keepfit.data.feed import Part
from keepfit.learning.checkpoint import State
from keepfit.learning.device import Machine
from keepfit.learning.halves import Halves
from keepfit.learning.optimisers import optimiser, penalise
from keepfit.learning.plan import Plan
from keepfit.learning.ranks import ALONE, Ranks
from keepfit.learning.schedule import Plateau, schedule
from keepfit.problems.objective import Objective, Reach

JUDGED = 2048
"""Rows a batch when nothing is learned."""

Augment = Mapping[str, Callable[[Tensor], Tensor]]
"""Name of a tensor → how its rows are changed in training."""


class Recipe(ABC):
    """One training's networks, optimisers and losses."""

    begins_fitted: bool = False
    """Whether the weights are worth something before the first step, and are kept where none are better."""
    ranks: Ranks = ALONE
    """Which of several processes that learn together this is."""

    @property
    @abstractmethod
    def lr(self) -> float:
        """Of the last step."""

    @abstractmethod
    def step(self, batch: Batch, done: float) -> Tensor:
        """Learn from a batch, `done` being the share of the plan that is done; gives the summed loss, detached."""

    @abstractmethod
    def judge(self) -> dict[str, float]:
        """Figures on the validation rows; `loss` says how good the weights are."""

    def heed(self, figures: Mapping[str, float]) -> None:  # noqa: B027  # most have nothing to heed
        """Learn on with an epoch's figures in mind."""

    def better(self, figures: Mapping[str, float], best: Mapping[str, float]) -> bool:
        """Whether weights of these figures are to be kept in place of those of the best so far."""
        return figures["loss"] < best["loss"]

    @abstractmethod
    def weights(self) -> dict[str, Tensor]:
        """What is kept of the best epoch."""

    @abstractmethod
    def take(self, weights: dict[str, Tensor]) -> None:
        """Go back to such weights."""

    @abstractmethod
    def state(self) -> State:
        """What further steps depend on besides the generators."""

    @abstractmethod
    def restore(self, state: State) -> None:
        """Go on where `state` was taken."""


class Supervised(Recipe):
    """One network, one loss, one optimiser."""

    def __init__(
        self,
        model: nn.Module,
        objective: Objective,
        plan: Plan,
        machine: Machine,
        validation: Part,
        augment: Augment | None = None,
    ) -> None:
        """`validation` lies on the machine's device, its labels as the objective takes them."""
        self.model, self.objective, self.plan, self.machine = model, objective, plan, machine
        self.validation, self.augment = validation, augment or {}
        self.begins_fitted = hasattr(model, "begin")
        self.optimiser = optimiser(model.parameters(), plan)
        self._schedule = schedule(plan.schedule, plan.warmup, plan.drop, plan.drop_after / max(plan.epochs, 1))
        self._plateau = Plateau()
        self._halves = Halves()

    @property
    def lr(self) -> float:
        """Of the last step."""
        return float(self.optimiser.param_groups[0]["lr"])

    def step(self, batch: Batch, done: float) -> Tensor:
        """One step on the batch's mean loss, computed in `plan.accumulate` parts a process.

        The parts are weighted by their rows, so without batch norm and dropout their number changes nothing.
        """
        if not self.model.training:
            self.model.train()
        self.optimiser.zero_grad()
        total = torch.zeros((), device=batch.labels.device)
        for part in self.ranks.share(batch, self.plan.accumulate):
            loss = self._loss(part)
            torch.autograd.backward(loss / len(batch))
            total += loss.detach()
        (group,) = self.optimiser.param_groups
        self.ranks.sum(group["params"], total)
        group["lr"] = self.rate(done)
        penalise(group["params"], self.plan.l1)
        if self.plan.clip is not None:
            nn.utils.clip_grad_norm_(group["params"], self.plan.clip)
        self.optimiser.step()
        return total

    def rate(self, done: float) -> float:
        """The learning rate where the share `done` of the plan is done."""
        return self.plan.lr * self._schedule(done) * self._plateau.share

    def heed(self, figures: Mapping[str, float]) -> None:
        """Lower the rate where the plan says so."""
        if self.plan.schedule == "plateau":
            self._plateau.heed(figures["loss"], self.plan.drop, self.plan.drop_after)

    def _loss(self, batch: Batch) -> Tensor:
        changed = {name: change(batch.inputs[name]) for name, change in self.augment.items()}
        with self.machine.autocast():
            outputs = self.model({**batch.inputs, **changed})
        return self.objective.loss(outputs, batch.labels)

    @torch.no_grad()
    def judge(self) -> dict[str, float]:
        """The objective's figures, in float32; what `reach` is made of is kept."""
        total: Tensor | float = 0.0
        misses = []
        self.model.eval()
        for batch in self.validation.in_order(JUDGED):
            outputs = self.model(batch.inputs)
            total = total + self.objective.score(outputs, batch.labels)
            misses.append(self.objective.misses(outputs, batch.labels))
        assert isinstance(total, Tensor)
        self._halves.add(torch.cat(misses, 1))
        return self.objective.judged(total.tolist(), len(self.validation))

    def reach(self) -> Reach:
        """What answers need beside the weights, from the validation rows."""
        return self.objective.reach(self._halves.distances)

    def weights(self) -> dict[str, Tensor]:
        """A copy of the network's."""
        return {name: value.clone() for name, value in self.model.state_dict().items()}

    def take(self, weights: dict[str, Tensor]) -> None:
        """Into the network."""
        self.model.load_state_dict(weights)

    def state(self) -> State:
        """Of network and optimiser, and what `reach` is made of."""
        found = {"model": self.model.state_dict(), "optimiser": self.optimiser.state_dict()}
        return {**found, "halves": self._halves.state(), "plateau": vars(self._plateau)}

    def restore(self, state: State) -> None:
        """Of all."""
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self._halves.restore(state["halves"])
        self._plateau = Plateau(**state["plateau"])
