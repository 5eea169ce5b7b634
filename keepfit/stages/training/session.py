"""One execution of the train stage: read, build, learn or go on learning, write."""

from __future__ import annotations

import shutil
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from keepfit.config import Pipeline
from keepfit.config.sets import MODELS
from keepfit.features.lookup import entry_of, parsed, read_transform
from keepfit.learning import device, memory
from keepfit.learning.checkpoint import Checkpoint
from keepfit.learning.device import Machine
from keepfit.learning.fit import Fit, Watch, unwatched
from keepfit.learning.pace import Pace
from keepfit.learning.plan import settle
from keepfit.learning.recipe import Recipe
from keepfit.models.architecture import REACH, resolve
from keepfit.models.takeover import resumed
from keepfit.problems.lookup import learn_of
from keepfit.stages.training import champion, held_out, strip
from keepfit.stages.training.beginning import Course
from keepfit.stages.training.processes import others
from keepfit.store import files
from keepfit.store.artifacts import Learnable, Start, Trained
from keepfit.store.interrupt import politely
from keepfit.store.stage import Room
from keepfit.store.store import CHECKPOINT


def session(room: Room, prepared: Learnable, watch: Watch = unwatched, start: Start | None = None) -> Trained:
    """Everything that `keepfit.stages.training.train` promises; `watch` may end it by an exception."""
    training, beside = room.config.training, room.path / "beside"
    _sweep(room.path)
    transform = read_transform(room.store / prepared.path)
    earlier = champion.folder(room, start, transform)
    resolving = partial(resumed, files.read_json(earlier / "architecture.json")) if earlier else resolve
    architecture, derived = resolving(room.config.model, training, transform, prepared.train)
    machine = machine_for(room.config)
    note = beside / "accumulate.json"
    plan = settle(training, derived, memory.parts(note, training.accumulate))
    room.note(f"{'' if room.about else architecture['family']} on {machine}: {plan}".strip())
    checkpoint = Checkpoint(room.path / CHECKPOINT, training.checkpoint_seconds)
    course = Course(room.config, room.store.root, prepared, architecture, plan, machine, checkpoint.path, earlier)
    with (
        device.repeatable(machine, plan.seed, training.threads),
        memory.watched(note, plan.accumulate, plan.batch_size),
        others(course, training.processes if plan.epochs else 1) as them,
    ):
        began = time.process_time()
        recipe, fit, chosen = course.begun()
        them.join(recipe)
        champion.told(room, start, recipe.taken)
        _learn(fit, checkpoint, room, watch)
        trained = _write(room.path, recipe, fit, architecture, time.process_time() - began)
        if earlier is not None:
            shutil.copyfile(earlier / champion.ROWS, room.path / champion.EARLIER)
        if room.about:
            held_out.write(room.path, recipe, fit, learn_of(transform.target.problem), chosen)
    checkpoint.path.unlink(missing_ok=True)
    note.unlink(missing_ok=True)
    return trained


def machine_for(config: Pipeline) -> Machine:
    """Where this pipeline is trained. Raises ConfigError for a device that is not there."""
    half = getattr(MODELS.module(config.model.family, "net"), "HALF", False)
    doubles = any(entry_of(feature.kind).dtype == "<f8" for feature in config.features.values())
    return device.choose(config.training, doubles=doubles, half=half)


def _sweep(folder: Path) -> None:
    """Take away what a killed execution had begun to write, so that only the checkpoint and its notes stay."""
    for path in folder.glob("*"):
        if path.is_file():
            path.unlink()


def _learn(fit: Fit, checkpoint: Checkpoint, room: Room, watch: Watch) -> None:
    if checkpoint.path.is_file():
        room.note(f"going on in epoch {fit.position.epoch + 1}, from the checkpoint of a run that was stopped")
    progress = Pace(room.step, fit.position.epochs, fit.position.seconds[-1] if fit.position.seconds else 0.0)
    with politely():
        fit.run(checkpoint, progress, watch)


def _write(folder: Path, recipe: Recipe, fit: Fit, architecture: dict[str, Any], spent: float) -> Trained:
    at, plan, machine = fit.position, fit.plan, recipe.machine
    weights = {name: value.cpu().contiguous() for name, value in at.best.items()}
    files.write_bytes(folder / "model.safetensors", save(weights))
    settings = {**architecture["settings"], **getattr(recipe.model, "fitted", {})}
    files.write_json(folder / "architecture.json", {**architecture, "settings": settings})
    files.write_json(folder / REACH, recipe.reach())
    files.write_json(folder / "history.json", at.history)
    rows = {"train": len(fit.feed.part), "validation": len(recipe.validation)}
    taken = {"taken": asdict(recipe.taken)} if recipe.taken else {}
    changes = {"plan": {**plan.described(), "epochs": at.epochs, "augment": recipe.changes.amounts or None}}
    files.write_json(
        folder / "resolved.json", {**changes, **taken, "kept": recipe.changes.kept, **machine.described(), "rows": rows}
    )
    processor = torch.backends.cpu.get_cpu_capability()  # the bits depend on it
    firsts = {one.name: one.entries[0].kind for one in parsed(architecture["transform"]).tensors}
    strip.write(folder / "beside", firsts, recipe.changes, next(fit.feed.epoch(0)).inputs)
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
