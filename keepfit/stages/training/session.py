"""One execution of the train stage: read, build, learn or go on learning, write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from keepfit.config import Pipeline
from keepfit.config.sets import FEATURES, MODELS
from keepfit.data import feed
from keepfit.data.feed import Batches
from keepfit.data.transform import Transform
from keepfit.features.lookup import entry_of, parsed, read_transform
from keepfit.learning import device, memory
from keepfit.learning.checkpoint import Checkpoint
from keepfit.learning.device import Machine
from keepfit.learning.learner import Learner
from keepfit.learning.loop import shuffled
from keepfit.learning.pace import Pace
from keepfit.learning.plan import Plan, settle
from keepfit.models.architecture import build, resolve
from keepfit.store import files
from keepfit.store.artifacts import Learnable, Trained
from keepfit.store.interrupt import politely
from keepfit.store.run import Room
from keepfit.store.store import CHECKPOINT

SEEN = 2048
"""Train rows that a network may look at before it learns; more did not change a CNN's first layer."""


def session(room: Room, prepared: Learnable) -> Trained:
    """Everything that `keepfit.stages.training.train` promises."""
    training, beside = room.config.training, room.path / "beside"
    _sweep(room.path)
    transform = read_transform(room.store / prepared.path)
    architecture, derived = resolve(room.config.model, training, transform, prepared.train, prepared.classes)
    machine = machine_for(room.config)
    note = beside / "accumulate.json"
    plan = settle(training, derived, memory.parts(note, training.accumulate))
    room.note(f"{architecture['family']} on {machine}: {plan}")
    checkpoint = Checkpoint(room.path / CHECKPOINT, training.checkpoint_seconds)
    with (
        device.repeatable(machine, plan.seed, training.threads),
        memory.watched(note, plan.accumulate, plan.batch_size),
    ):
        rows = (feed.read(room.store / prepared.path / part, transform) for part in ("train", "validation"))
        learner = begin(architecture, plan, machine, *rows)
        _learn(learner, checkpoint, room)
        trained = _write(room.path, learner, architecture)
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
    nets = {tensor.name: FEATURES.module(tensor.entries[0].kind, "net") for tensor in transform.tensors}
    return {name: net.augment(plan.augment) for name, net in nets.items() if hasattr(net, "augment")}


def _sweep(folder: Path) -> None:
    """Take away what a killed execution had begun to write, so that only the checkpoint and its notes stay."""
    for path in folder.glob("*"):
        if path.is_file():
            path.unlink()


def begin(architecture: dict[str, Any], plan: Plan, machine: Machine, train: Batches, validation: Batches) -> Learner:
    """A fresh model beside its rows on the device, its weights drawn from torch's generator."""
    with memory.enough(machine):
        model = build(architecture)
    augment = augmentations(parsed(architecture["transform"]), plan)
    if hasattr(model, "see"):
        sample, *_ = shuffled(len(train), SEEN, plan.seed, 0, train.labels.device)
        model.see(train.take(sample)[0])  # type: ignore[operator]
    model = model.to(machine.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Learner(model, plan, machine, train.to(machine.device), validation.to(machine.device), augment)


def _learn(learner: Learner, checkpoint: Checkpoint, room: Room) -> None:
    state = checkpoint.read(learner.machine.device)
    if state is not None:
        learner.restore(state)
        room.note(f"going on in epoch {learner.position.epoch + 1}, from the checkpoint of a run that was stopped")
    progress = Pace(room.step, learner.plan.epochs, learner.position.seconds[-1] if learner.position.seconds else 0.0)
    with politely():
        learner.fit(checkpoint, progress)


def _write(folder: Path, learner: Learner, architecture: dict[str, Any]) -> Trained:
    at, plan, machine = learner.position, learner.plan, learner.machine
    weights = {name: value.cpu().contiguous() for name, value in at.best.items()}
    files.write_bytes(folder / "model.safetensors", save(weights))
    files.write_json(folder / "architecture.json", architecture)
    files.write_json(folder / "history.json", at.history)
    rows = {"train": len(learner.train), "validation": len(learner.validation)}
    files.write_json(folder / "resolved.json", {"plan": plan.described(), **machine.described(), "rows": rows})
    processor = torch.backends.cpu.get_cpu_capability()  # the bits depend on it
    files.write_json(folder / "beside" / "timings.json", {"seconds": at.seconds, "processor": processor})
    best = at.history[at.best_epoch - 1]
    return Trained(
        family=architecture["family"],
        parameters=sum(p.numel() for p in learner.model.parameters() if p.requires_grad),
        epochs=at.epoch,
        best_epoch=at.best_epoch,
        validation_loss=best["validation_loss"],
        validation_accuracy=best["validation_accuracy"],
    )
