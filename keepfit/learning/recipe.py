"""What is learned, and how one batch is learned from. The loop (`keepfit.learning.fit`) says when.

B rows, M ensemble members, O numbers a row.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

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
from keepfit.models.takeover import TakenOver
from keepfit.problems.objective import Objective, Reach

AT_ONCE = 2048
"""Rows a batch when nothing is learned."""
_LITTLE = 0.2
"""Share of what can be known, below which a network cannot tell whether a change matters."""
_ASKED = 0.25
"""Share of the training after which validation is asked which changes it allows."""


class Recipe:
    """One training's network, loss and optimiser."""

    taken: TakenOver | None = None
    """What of the weights is that of an earlier network, where they began so."""
    ranks: Ranks = ALONE
    """Which of several processes that learn together this is."""

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
        """Whether the weights are worth something before the first step, and are kept where none are better."""
        self.optimisers = self._optimisers()
        self._schedule = schedule(plan.schedule, plan.warmup, plan.drop, plan.drop_after / max(plan.epochs, 1))
        self._plateau = Plateau()
        self._halves = Halves()

    def _optimisers(self) -> list[Optimizer]:
        """One for each network that learns, first for that which is kept."""
        return [optimiser(self.model.parameters(), self.plan)]

    @property
    def lr(self) -> float:
        """Of the last step."""
        return float(self.optimisers[0].param_groups[0]["lr"])

    def step(self, batch: Batch, done: float) -> Tensor:
        """Learn from a batch, `done` being the share of the plan that is done; gives the summed loss, detached."""
        self._done = done
        (only,) = self.optimisers
        return self._learn(only, self._loss, batch, self.plan.clip)

    def _learn(
        self, stepping: Optimizer, loss: Callable[[Batch], Tensor], batch: Batch, clip: float | None = None
    ) -> Tensor:
        """A step of one optimiser, on a summed loss that is computed in `plan.accumulate` parts a process.

        The parts are weighted by their rows, so without batch norm and dropout their number changes nothing.
        """
        if not self.model.training:
            self.model.train()
        stepping.zero_grad()
        (group,) = stepping.param_groups
        total = torch.zeros((), device=batch.labels.device)
        for part in self.ranks.share(batch, self.plan.accumulate):
            found = loss(part)
            torch.autograd.backward(found / len(batch), inputs=group["params"])
            total += found.detach()
        self.ranks.sum(group["params"], total)
        group["lr"] = self.plan.lr * self._schedule(self._done) * self._plateau.share
        penalise(group["params"], self.plan.l1)
        if clip is not None:
            nn.utils.clip_grad_norm_(group["params"], clip)
        stepping.step()
        return total

    def heed(self, figures: Mapping[str, float]) -> None:
        """Learn on with an epoch's figures in mind: the rate is lowered where the plan says so."""
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
        """Figures on the validation rows, in float32; `loss` says how good the weights are.

        What `reach` is made of is kept, and changes are settled in time.
        """
        total: Tensor | float = 0.0
        misses = []
        self.model.eval()
        for batch in self.validation.in_order(AT_ONCE):
            outputs = self.model(batch.inputs)
            total = total + self.objective.score(outputs, batch.labels)
            misses.append(self.objective.misses(outputs, batch.labels))
        assert isinstance(total, Tensor)
        self._halves.add(torch.cat(misses, 1))
        figures = self.objective.judged(total.tolist(), len(self.validation))
        if self._done > _ASKED:
            self._settle(figures["loss"])
        return figures

    def _settle(self, loss: float) -> None:
        """Allow a change where rows turned so are known nearly as well; none of a network that knows little yet."""
        if not self.changes.open:
            return
        nothing = self._nothing()
        knows = (nothing - loss) / nothing > _LITTLE
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
        sums = (self.objective.score(answer(batch), batch.labels) for batch in self.validation.in_order(AT_ONCE))
        return self.objective.judged(torch.stack([*sums]).sum(0).tolist(), len(self.validation))["loss"]

    @torch.no_grad()
    def known(self, figures: Mapping[str, float]) -> float:
        """The share of what can be known of the validation rows that weights of these figures know: by the loss, beside
        that of outputs that say nothing."""
        self.model.eval()
        return 1 - figures["loss"] / self._nothing()

    def settled(self) -> list[float]:
        """The changes that were settled on the way, as numbers, for other processes that share the training."""
        return self.changes.shares()

    def settle(self, settled: Sequence[float]) -> None:
        """Take over what the first process settled."""
        for how, kept in zip(self.changes.asked, settled, strict=True):
            if how in self.changes.open and not math.isnan(kept):
                self.changes.allow(how, kept)

    def reach(self) -> Reach:
        """What answers need beside the weights, from the validation rows."""
        return self.objective.reach(self._halves.distances)

    def weights(self) -> dict[str, Tensor]:
        """What is kept of the best epoch: a copy of the network's."""
        return {name: value.clone() for name, value in self.model.state_dict().items()}

    def take(self, weights: dict[str, Tensor]) -> None:
        """Go back to such weights."""
        self.model.load_state_dict(weights)

    def state(self) -> State:
        """What further steps depend on besides the generators, and what `reach` is made of."""
        return {
            "model": self.model.state_dict(),
            "optimisers": [one.state_dict() for one in self.optimisers],
            "halves": self._halves.state(),
            "plateau": vars(self._plateau),
            "changes": self.changes.state(),
            "done": self._done,
        }

    def restore(self, state: State) -> None:
        """Go on where `state` was taken."""
        self.model.load_state_dict(state["model"])
        for one, before in zip(self.optimisers, state["optimisers"], strict=True):
            one.load_state_dict(before)
        self._halves.restore(state["halves"])
        self._plateau = Plateau(**state["plateau"])
        self.changes.restore(state["changes"])
        self._done = state["done"]
