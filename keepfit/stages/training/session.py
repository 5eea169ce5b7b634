"""One execution of the train stage: read, build, learn or go on learning, write."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from keepfit.config import Pipeline
from keepfit.config.sets import FEATURES, MODELS
from keepfit.data.batch import Rows
from keepfit.data.feed import Feed, Part, beside
from keepfit.data.transform import Transform
from keepfit.features.lookup import entry_of, parsed, read_transform
from keepfit.learning import device, memory
from keepfit.learning.adversarial import recipe_of
from keepfit.learning.checkpoint import Checkpoint
from keepfit.learning.device import Machine
from keepfit.learning.fit import Fit, Watch, unwatched
from keepfit.learning.pace import Pace
from keepfit.learning.plan import Plan, settle
from keepfit.learning.recipe import Supervised
from keepfit.models.architecture import REACH, build, resolve
from keepfit.problems.lookup import learn_of
from keepfit.problems.objective import Objective
from keepfit.stages.training import held_out
from keepfit.stages.training.folds import parts
from keepfit.store import files
from keepfit.store.artifacts import Learnable, Trained
from keepfit.store.interrupt import politely
from keepfit.store.stage import Room
from keepfit.store.store import CHECKPOINT

SEEN = 2048
"""Train rows that a network may look at before it learns; more did not change a CNN's first layer."""


def session(room: Room, prepared: Learnable, watch: Watch = unwatched) -> Trained:
    """Everything that `keepfit.stages.training.train` promises; `watch` may end it by an exception."""
    training, beside = room.config.training, room.path / "beside"
    _sweep(room.path)
    transform = read_transform(room.store / prepared.path)
    architecture, derived = resolve(room.config.model, training, transform, prepared.train)
    machine = machine_for(room.config)
    note = beside / "accumulate.json"
    plan = settle(training, derived, memory.parts(note, training.accumulate))
    room.note(f"{'' if room.about else architecture['family']} on {machine}: {plan}".strip())
    checkpoint = Checkpoint(room.path / CHECKPOINT, training.checkpoint_seconds)
    with (
        device.repeatable(machine, plan.seed, training.threads),
        memory.watched(note, plan.accumulate, plan.batch_size),
    ):
        train, validation, chosen = parts(room.store / prepared.path, transform, prepared)
        learn = learn_of(transform.target.problem)
        objective = learn.objective(room.config.problem, transform.target, plan.label_smoothing)
        began = time.process_time()
        recipe, fit = begin(architecture, plan, machine, objective, train, validation)
        _learn(fit, checkpoint, room, watch)
        trained = _write(room.path, recipe, fit, architecture, time.process_time() - began)
        if room.about:
            held_out.write(room.path, recipe, fit, learn, chosen)
    checkpoint.path.unlink(missing_ok=True)
    note.unlink(missing_ok=True)
    return trained


def machine_for(config: Pipeline) -> Machine:
    """Where this pipeline is trained. Raises ConfigError for a device that is not there."""
    half = getattr(MODELS.module(config.model.family, "net"), "HALF", False)
    doubles = any(entry_of(feature.kind).dtype == "<f8" for feature in config.features.values())
    return device.choose(config.training, doubles=doubles, half=half)


def augmentations(transform: Transform, plan: Plan) -> dict[str, Callable[[Tensor], Tensor]]:
    """Name of a tensor → how its rows are changed in training, for those whose kind can."""
    if not plan.augment:
        return {}
    firsts = (tensor for tensor in transform.tensors if not tensor.view.name)
    nets = {tensor.name: FEATURES.module(tensor.entries[0].kind, "net") for tensor in firsts}
    return {name: net.augment(plan.augment) for name, net in nets.items() if hasattr(net, "augment")}


def _sweep(folder: Path) -> None:
    """Take away what a killed execution had begun to write, so that only the checkpoint and its notes stay."""
    for path in folder.glob("*"):
        if path.is_file():
            path.unlink()


def begin(
    architecture: dict[str, Any],
    plan: Plan,
    machine: Machine,
    objective: Objective,
    train: Part,
    validation: Part,
) -> tuple[Supervised, Fit]:
    """A fresh model beside its rows on the device, its weights drawn from torch's generator."""
    with memory.enough(machine):
        model = build(architecture)
    augment = augmentations(parsed(architecture["transform"]), plan)

    def learned(rows: Rows) -> Rows:
        return Rows(rows.inputs, objective.labels(rows.labels))

    train, validation = train.changed(learned), validation.changed(learned)
    if hasattr(model, "see"):
        model.see(next(Feed(train, SEEN, plan.seed).epoch(0)).inputs)  # type: ignore[operator]
    if hasattr(model, "begin"):
        carried = model.begin(train, validation, objective)  # type: ignore[operator]
        train, validation = (beside(part, more) for part, more in zip((train, validation), carried, strict=True))
    model = model.to(machine.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    recipe = recipe_of(model)(model, objective, plan, machine, validation.to(machine.device), augment)
    return recipe, Fit(recipe, Feed(train.to(machine.device), plan.batch_size, plan.seed), plan)


def _learn(fit: Fit, checkpoint: Checkpoint, room: Room, watch: Watch) -> None:
    state = checkpoint.read(fit.device)
    if state is not None:
        fit.restore(state)
        room.note(f"going on in epoch {fit.position.epoch + 1}, from the checkpoint of a run that was stopped")
    progress = Pace(room.step, fit.plan.epochs, fit.position.seconds[-1] if fit.position.seconds else 0.0)
    with politely():
        fit.run(checkpoint, progress, watch)


def _write(folder: Path, recipe: Supervised, fit: Fit, architecture: dict[str, Any], spent: float) -> Trained:
    at, plan, machine = fit.position, fit.plan, recipe.machine
    weights = {name: value.cpu().contiguous() for name, value in at.best.items()}
    files.write_bytes(folder / "model.safetensors", save(weights))
    settings = {**architecture["settings"], **getattr(recipe.model, "fitted", {})}
    files.write_json(folder / "architecture.json", {**architecture, "settings": settings})
    files.write_json(folder / REACH, recipe.reach())
    files.write_json(folder / "history.json", at.history)
    rows = {"train": len(fit.feed.part), "validation": len(recipe.validation)}
    files.write_json(folder / "resolved.json", {"plan": plan.described(), **machine.described(), "rows": rows})
    processor = torch.backends.cpu.get_cpu_capability()  # the bits depend on it
    timings = {"seconds": at.seconds, "cpu_seconds": spent, "processor": processor}
    files.write_json(folder / "beside" / "timings.json", timings)
    return Trained(
        family=architecture["family"],
        parameters=_learned(recipe.model),
        epochs=at.epoch,
        best_epoch=at.best_epoch,
        validation=fit.judged(at.best_epoch),
    )


def _learned(model: torch.nn.Module) -> int:
    """How many numbers, by steps or, where there are none, by a fit."""
    by_steps = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return by_steps or sum(value.numel() for value in model.state_dict().values())
