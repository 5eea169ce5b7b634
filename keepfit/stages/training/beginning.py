"""A training where it begins or goes on: a fresh network beside its rows, or what a checkpoint holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from keepfit.config import Pipeline
from keepfit.config.sets import FEATURES
from keepfit.data.batch import Rows
from keepfit.data.feed import Feed, Part, beside
from keepfit.data.transform import Transform
from keepfit.features.lookup import amounts_of, parsed, read_transform
from keepfit.learning import memory
from keepfit.learning.adversarial import recipe_of
from keepfit.learning.changes import Changes, apart
from keepfit.learning.checkpoint import Checkpoint
from keepfit.learning.device import Machine
from keepfit.learning.fit import Fit
from keepfit.learning.plan import Plan
from keepfit.learning.recipe import Recipe
from keepfit.models.architecture import build
from keepfit.models.takeover import take_over
from keepfit.problems.lookup import learn_of
from keepfit.problems.objective import Objective
from keepfit.stages.training.folds import parts
from keepfit.store.artifacts import Learnable

SEEN = 2048
"""Train rows that a network may look at before it learns; more did not change a CNN's first layer."""


@dataclass(frozen=True)
class Course:
    """All that one training is a function of; every process that shares it out begins by the same."""

    config: Pipeline
    store: Path
    """In which lies what is learned from."""
    prepared: Learnable
    architecture: dict[str, Any]
    plan: Plan
    machine: Machine
    checkpoint: Path
    earlier: Path | None = None
    """Of the trained network that it begins as, as far as that fits."""

    def begun(self) -> tuple[Recipe, Fit, Tensor]:
        """The training, gone on with where there is a checkpoint, and the places of the rows that choose the epoch."""
        transform = read_transform(self.store / self.prepared.path)
        train, validation, chosen = parts(self.store, transform, self.prepared)
        target = parsed(self.architecture["transform"]).target
        objective = learn_of(target.problem).objective(self.config.problem, target, self.plan.label_smoothing)
        recipe, fit = begin(self.architecture, self.plan, self.machine, objective, train, validation, self.earlier)
        state = Checkpoint(self.checkpoint, 0.0).read(fit.device)
        if state is not None:
            fit.restore(state)
        return recipe, fit, chosen


def begin(
    architecture: dict[str, Any],
    plan: Plan,
    machine: Machine,
    objective: Objective,
    train: Part,
    validation: Part,
    earlier: Path | None = None,
) -> tuple[Recipe, Fit]:
    """A fresh model beside its rows on the device, its weights drawn from torch's generator; or with what the one in
    the folder `earlier` learned, but for what is fitted before the first step."""
    with memory.enough(machine):
        model = build(architecture)
    changes = changes_of(parsed(architecture["transform"]), plan)

    def learned(rows: Rows) -> Rows:
        return Rows(rows.inputs, objective.labels(rows.labels))

    train, validation = train.changed(learned), validation.changed(learned)
    if hasattr(model, "see"):
        model.see(next(Feed(train, SEEN, plan.seed).epoch(0)).inputs)  # type: ignore[operator]
    taken = take_over(model, architecture, earlier) if earlier else None
    if hasattr(model, "begin"):
        carried = model.begin(train, validation, objective)  # type: ignore[operator]
        train, validation = (beside(part, more) for part, more in zip((train, validation), carried, strict=True))
    model = model.to(machine.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    recipe = recipe_of(model)(model, objective, plan, machine, validation.to(machine.device), changes)
    recipe.taken = taken
    recipe.begins_fitted |= bool(taken and taken.numbers)
    return recipe, Fit(recipe, Feed(train.to(machine.device), plan.batch_size, plan.seed), plan)


def changes_of(transform: Transform, plan: Plan) -> Changes:
    """How rows are changed in training, of the tensors whose kind knows all of these changes."""
    amounts = plan.augment or {}
    firsts = {tensor.name: tensor.entries[0] for tensor in transform.tensors if amounts and not tensor.view.name}
    knows = {name: amounts.keys() <= {*(amounts_of(entry, SEEN) or ())} for name, entry in firsts.items()}
    nets = {name: FEATURES.module(entry.kind, "net") for name, entry in firsts.items() if knows[name]}
    return Changes(nets, amounts, apart(transform))
