"""The one fit loop: it owns position, checkpoint, stop and progress, whatever the recipe learns."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from keepfit.data.batch import Batch
from keepfit.data.feed import Feed
from keepfit.errors import ConfigError
from keepfit.learning.checkpoint import Checkpoint, State, generators, restore_generators
from keepfit.learning.pace import Pace
from keepfit.learning.plan import Plan
from keepfit.learning.recipe import Recipe
from keepfit.metrics.naming import JUDGED
from keepfit.store.interrupt import Stopped, stopping

NEARLY = 0.9
"""Share of what can be known, above which the planned passes are enough: MNIST's digits are there after one."""

Watch = Callable[[int, Mapping[str, float]], None]
"""Called with each epoch, from 1, and its validation figures; what it raises ends the training there."""


def unwatched(_epoch: int, _figures: Mapping[str, float]) -> None:
    """Where nobody decides whether it is worth going on."""


@dataclass
class Position:
    """How far training is, and what came of it: all that a checkpoint holds besides the recipe and the generators."""

    epochs: int = 0
    """Epochs in all: as planned at first, more where the first one left much unknown."""
    epoch: int = 0
    """Epochs finished."""
    batch: int = 0
    """Batches of the next one that are done."""
    loss: Tensor = field(default_factory=lambda: torch.zeros(()))
    """Summed over those batches' rows."""
    history: list[dict[str, float]] = field(default_factory=list)
    """An entry an epoch: epoch, train_loss, validation_loss and the like, lr."""
    start: dict[str, float] = field(default_factory=dict)
    """The validation figures before the first step, of a network that begins fitted."""
    best: dict[str, Tensor] = field(default_factory=dict)
    """The weights of the best epoch."""
    best_epoch: int = 0
    """From 1; 0 before the first, and where a network that began fitted became no better."""
    seconds: list[float] = field(default_factory=list)
    """Time spent when each epoch was finished."""


class Fit:
    """One training from its first step to its last."""

    def __init__(self, recipe: Recipe, feed: Feed, plan: Plan) -> None:
        self.recipe, self.feed, self.plan = recipe, feed, plan
        self.device = feed.part.device
        self.position = Position(plan.epochs, loss=torch.zeros((), device=self.device))

    def run(self, checkpoint: Checkpoint, progress: Pace, watch: Watch = unwatched) -> None:
        """Learn until the plan's end or until validation says stop; the best epoch's weights are in `position.best`.

        Raises ConfigError when the loss is no longer a number, and Stopped, with a checkpoint written, when the run
        was told to stop.
        """
        if self.recipe.begins_fitted and not self.position.best:
            self.position.start, self.position.best = self.recipe.judge(), self.recipe.weights()
        while not self.finished():
            self.epoch(checkpoint, progress)
            self._judge(progress)
            watch(self.position.epoch, self.judged(self.position.epoch))
        self.recipe.take(self.position.best)

    def finished(self) -> bool:
        """Whether the plan's end, its patience or its time is reached."""
        at, plan = self.position, self.plan
        stale = plan.patience is not None and at.epoch - at.best_epoch >= plan.patience
        late = plan.max_seconds is not None and at.seconds and at.seconds[-1] >= plan.max_seconds
        return bool(at.epoch >= at.epochs or stale or late)

    def state(self) -> State:
        """All that the rest of the training depends on."""
        return {
            "position": vars(self.position),
            "recipe": self.recipe.state(),
            "generators": generators(self.device),
        }

    def restore(self, state: State) -> None:
        """Go on where `state` was taken."""
        self.position = Position(**state["position"])
        self.recipe.restore(state["recipe"])
        restore_generators(state["generators"])

    def epoch(self, checkpoint: Checkpoint, progress: Pace) -> None:
        """One pass over the train rows, or what is left of it. Nothing is read back from the device in between."""
        at, batches = self.position, len(self.feed)
        judged = self.judged(at.epoch)["loss"] if at.epoch else math.inf
        told = [judged, at.epochs, *self.recipe.settled()]
        for batch in self.feed.epoch(at.epoch, at.batch):
            self.recipe.ranks.lead(self.plan.seed, at.epoch, at.batch, told)
            at.loss += self.recipe.step(batch, (at.epoch + at.batch / batches) / at.epochs)
            at.batch += 1
            if progress.due(len(batch)):
                loss = self._finite(at.loss.item() / self.feed.seen(at.batch))
                progress.report(at.epoch + at.batch / batches, loss, at.history[-1] if at.history else {})
            if stopping():
                checkpoint.write(self.state())
                raise Stopped
            checkpoint.write_if_due(self.state)

    def follow(self) -> None:
        """Take the steps that the first of several processes takes, until it ends this one."""
        at: int | None = None
        batches: Iterator[Batch] = iter(())
        for epoch, number, (loss, epochs, *settled) in self.recipe.ranks.led(
            self.plan.seed, len(self.recipe.settled())
        ):
            if epoch != at:
                if at is not None:
                    self.recipe.heed({"loss": loss})
                self.recipe.settle(settled)
                at, batches = epoch, self.feed.epoch(epoch, number)
            self.recipe.step(next(batches), (epoch + number / len(self.feed)) / epochs)

    def _judge(self, progress: Pace) -> None:
        """End the epoch: its figures into the history, its weights kept if none were better."""
        at, figures = self.position, self.recipe.judge()
        self._finite(figures["loss"])
        self.recipe.heed(figures)
        entry = {
            "epoch": at.epoch + 1,
            "train_loss": self._finite(at.loss.item() / len(self.feed.part)),
            **{f"{JUDGED}{name}": figure for name, figure in figures.items()},
            "lr": self.recipe.lr,
        }
        at.history.append(entry)
        at.epoch, at.batch = at.epoch + 1, 0
        at.loss.zero_()
        at.seconds.append(progress.seconds)
        if not at.best or figures["loss"] < self.judged(at.best_epoch)["loss"]:
            at.best_epoch, at.best = at.epoch, self.recipe.weights()
        if at.epoch == 1 and self.plan.longer > 1 and self.recipe.known(figures) < NEARLY:
            at.epochs = progress.epochs = round(self.plan.epochs * self.plan.longer)
        progress.report(at.epoch, entry["train_loss"], entry, closes=True)

    def judged(self, epoch: int) -> dict[str, float]:
        """The validation figures of an epoch, from 1; of 0, those before the first step."""
        if not epoch:
            return self.position.start
        entry = self.position.history[epoch - 1]
        names = (name for name in entry if name.startswith(JUDGED))
        return {name.removeprefix(JUDGED): entry[name] for name in names}

    def _finite(self, loss: float) -> float:
        if math.isfinite(loss):
            return loss
        raise ConfigError(
            f"the loss is no longer a number in epoch {self.position.epoch + 1}: training has diverged.",
            todo=f"Lower training.lr, which is {self.plan.lr:g}"
            + ("." if self.plan.clip else ", or set training.clip to 1."),
        )
