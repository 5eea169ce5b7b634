"""A model on its way: it learns, is judged, is kept when it is the best so far, and can go on after a kill."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from keepfit.data.feed import Batches
from keepfit.errors import ConfigError
from keepfit.learning.checkpoint import Checkpoint, State, generators, restore_generators
from keepfit.learning.device import Machine
from keepfit.learning.loop import epoch, in_order, shuffled
from keepfit.learning.optimiser import adamw, descend
from keepfit.learning.pace import Pace
from keepfit.learning.plan import Plan
from keepfit.learning.schedule import schedule
from keepfit.problems.classification.learn import cross_entropy, score
from keepfit.store.interrupt import Stopped, stopping

JUDGED = 2048
"""Rows a batch when nothing is learned."""


@dataclass
class Position:
    """How far training is, and what came of it: all that a checkpoint holds besides weights and generators."""

    epoch: int = 0
    """Epochs finished."""
    batch: int = 0
    """Batches of the next one that are done."""
    loss: Tensor = field(default_factory=lambda: torch.zeros(()))
    """Summed over those batches' rows."""
    history: list[dict[str, float]] = field(default_factory=list)
    best: dict[str, Tensor] = field(default_factory=dict)
    """The weights of the best epoch."""
    best_epoch: int = 0
    """From 1; 0 before the first."""
    seconds: list[float] = field(default_factory=list)
    """Time spent when each epoch was finished."""


class Learner:
    """One training from its first step to its last."""

    def __init__(
        self,
        model: nn.Module,
        plan: Plan,
        machine: Machine,
        train: Batches,
        validation: Batches,
        augment: Mapping[str, Callable[[Tensor], Tensor]],
    ) -> None:
        """`augment` changes the tensors it names, in training only."""
        self.model, self.plan, self.machine, self.augment = model, plan, machine, augment
        self.train, self.validation = train, validation
        self.optimiser = adamw(model, plan.lr, plan.weight_decay)
        self.position = Position(loss=torch.zeros((), device=machine.device))
        self._rate = schedule(plan.schedule, plan.warmup)

    def fit(self, checkpoint: Checkpoint, progress: Pace) -> None:
        """Learn until the plan's end or until validation says stop; the best epoch's weights are in `position.best`.

        Raises ConfigError when the loss is no longer a number, and Stopped, with a checkpoint written, when the run
        was told to stop.
        """
        while not self.finished():
            self.learn(checkpoint, progress)
            self._judge(progress)
        self.model.load_state_dict(self.position.best)

    def finished(self) -> bool:
        """Whether the plan's end, its patience or its time is reached."""
        at, plan = self.position, self.plan
        stale = plan.patience is not None and at.epoch - at.best_epoch >= plan.patience
        late = plan.max_seconds is not None and at.seconds and at.seconds[-1] >= plan.max_seconds
        return bool(at.epoch >= plan.epochs or stale or late)

    def state(self) -> State:
        """All that the rest of the training depends on."""
        return {
            "position": vars(self.position),
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "generators": generators(self.machine.device),
        }

    def restore(self, state: State) -> None:
        """Go on where `state` was taken."""
        self.position = Position(**state["position"])
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        restore_generators(state["generators"])

    def learn(self, checkpoint: Checkpoint, progress: Pace) -> None:
        """One pass over the train rows, or what is left of it."""
        at = self.position
        batches = shuffled(len(self.train), self.plan.batch_size, self.plan.seed, at.epoch, self.machine.device)

        def pulse(done: int) -> None:
            at.batch = done
            if progress.due(len(batches[done - 1])):
                loss = self._finite(at.loss.item() / sum(map(len, batches[:done])))
                progress.report(at.epoch + done / len(batches), loss, at.history[-1] if at.history else {})
            if stopping():
                checkpoint.write(self.state())
                raise Stopped
            checkpoint.write_if_due(self.state)

        def step(rows: Tensor) -> Tensor:
            lr = self.plan.lr * self._rate((at.epoch + at.batch / len(batches)) / self.plan.epochs)
            clip, accumulate = self.plan.clip, self.plan.accumulate
            return descend(self.optimiser, self._loss, rows, lr=lr, clip=clip, accumulate=accumulate)

        self.model.train()
        epoch(batches, step, at.loss, first=at.batch, pulse=pulse)

    def _loss(self, rows: Tensor) -> Tensor:
        inputs, labels = self.train.take(rows)
        inputs |= {name: change(inputs[name]) for name, change in self.augment.items()}
        with self.machine.autocast():
            logits = self.model(inputs)
        return cross_entropy(logits, labels, self.plan.label_smoothing)

    def _judge(self, progress: Pace) -> None:
        """End the epoch: its figures into the history, its weights kept if none were better."""
        at = self.position
        loss, right = (total / len(self.validation) for total in self.scores().tolist())
        entry = {
            "epoch": at.epoch + 1,
            "train_loss": self._finite(at.loss.item() / len(self.train)),
            "validation_loss": self._finite(loss),
            "validation_accuracy": right,
            "lr": self.optimiser.param_groups[0]["lr"],
        }
        at.history.append(entry)
        at.epoch, at.batch = at.epoch + 1, 0
        at.loss.zero_()
        at.seconds.append(progress.seconds)
        if at.best_epoch == 0 or loss < at.history[at.best_epoch - 1]["validation_loss"]:
            at.best_epoch = at.epoch
            at.best = {name: value.clone() for name, value in self.model.state_dict().items()}
        progress.report(at.epoch, entry["train_loss"], entry)

    @torch.no_grad()
    def scores(self) -> Tensor:
        """[2]: summed log loss and right answers over the validation rows, in float32."""
        total = torch.zeros(2, device=self.machine.device)

        def step(rows: Tensor) -> Tensor:
            inputs, labels = self.validation.take(rows)
            return score(self.model(inputs), labels)

        self.model.eval()
        rows = in_order(len(self.validation), JUDGED, self.machine.device)
        epoch(rows, step, total, first=0, pulse=lambda _: None)
        return total

    def _finite(self, loss: float) -> float:
        if math.isfinite(loss):
            return loss
        raise ConfigError(
            f"the loss is no longer a number in epoch {self.position.epoch + 1}: training has diverged.",
            todo=f"Lower training.lr, which is {self.plan.lr:g}"
            + ("." if self.plan.clip else ", or set training.clip to 1."),
        )
