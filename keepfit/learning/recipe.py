"""What is learned, and how one batch is learned from. The loop (`keepfit.learning.fit`) says when.

B rows, M ensemble members, O numbers a row.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from keepfit.data.batch import Batch
from keepfit.data.feed import Part
from keepfit.learning.changes import Changes
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

LITTLE = 0.2
"""Share of what can be known, below which a network cannot tell whether a change matters."""
ASKED = 0.25
"""Share of the training after which validation is asked which changes it allows."""


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

    def known(self, _figures: Mapping[str, float]) -> float:
        """The share of what can be known of the validation rows that weights of these figures know; 1 where that is not
        told."""
        return 1.0

    def settled(self) -> list[float]:
        """What was settled on the way, as numbers, for other processes that share the training."""
        return []

    def settle(self, _settled: Sequence[float]) -> None:  # noqa: B027  # most settle nothing
        """Take over what the first process settled."""

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
        changes: Changes | None = None,
    ) -> None:
        """`validation` lies on the machine's device, its labels as the objective takes them."""
        self.model, self.objective, self.plan, self.machine = model, objective, plan, machine
        self.validation, self.changes = validation, changes or Changes({}, {})
        self._done = 0.0
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
        self._done = done
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
        inputs = self.changes.changed(batch.inputs)
        if self.changes.mixup:
            inputs, others, own = self.changes.mixed(inputs)
        with self.machine.autocast():
            outputs = self.model(inputs)
        loss = self.objective.loss(outputs, batch.labels)
        if self.changes.mixup:
            loss = own * loss + (1 - own) * self.objective.loss(outputs, batch.labels[others])
        return loss

    @torch.no_grad()
    def judge(self) -> dict[str, float]:
        """The objective's figures, in float32; what `reach` is made of is kept, and changes are settled in time."""
        total: Tensor | float = 0.0
        misses = []
        self.model.eval()
        for batch in self.validation.in_order(JUDGED):
            outputs = self.model(batch.inputs)
            total = total + self.objective.score(outputs, batch.labels)
            misses.append(self.objective.misses(outputs, batch.labels))
        assert isinstance(total, Tensor)
        self._halves.add(torch.cat(misses, 1))
        figures = self.objective.judged(total.tolist(), len(self.validation))
        if self._done > ASKED:
            self._settle(figures["loss"])
        return figures

    def _settle(self, loss: float) -> None:
        """Allow a change where rows turned so are known nearly as well; none of a network that knows little yet."""
        if not self.changes.open:
            return
        nothing = self._nothing()
        knows = (nothing - loss) / nothing > LITTLE
        for how in self.changes.open:
            turned = self._validation_loss(partial(self._of_turned, how))
            self.changes.allow(how, (nothing - turned) / (nothing - loss) if knows else 0.0)

    def _of_turned(self, how: str, batch: Batch) -> Tensor:
        found: Tensor = self.model(self.changes.turned(batch.inputs, how))
        return found

    def _nothing(self) -> float:
        """The loss of outputs that say nothing."""
        first = next(iter(self.validation.in_order(1)))
        zeros = torch.zeros_like(self.model(first.inputs))
        return self._validation_loss(lambda batch: zeros.expand(len(batch), *zeros.shape[1:]))

    def _validation_loss(self, answer: Callable[[Batch], Tensor]) -> float:
        sums = (self.objective.score(answer(batch), batch.labels) for batch in self.validation.in_order(JUDGED))
        return self.objective.judged(torch.stack([*sums]).sum(0).tolist(), len(self.validation))["loss"]

    @torch.no_grad()
    def known(self, figures: Mapping[str, float]) -> float:
        """By the loss, beside that of outputs that say nothing."""
        self.model.eval()
        return 1 - figures["loss"] / self._nothing()

    def settled(self) -> list[float]:
        """The changes."""
        return self.changes.shares()

    def settle(self, settled: Sequence[float]) -> None:
        """The changes."""
        for how, kept in zip(self.changes.asked, settled, strict=True):
            if how in self.changes.open and not math.isnan(kept):
                self.changes.allow(how, kept)

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
        more = {"plateau": vars(self._plateau), "changes": self.changes.state(), "done": self._done}
        return {**found, "halves": self._halves.state(), **more}

    def restore(self, state: State) -> None:
        """Of all."""
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self._halves.restore(state["halves"])
        self._plateau = Plateau(**state["plateau"])
        self.changes.restore(state["changes"])
        self._done = state["done"]
