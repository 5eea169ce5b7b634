"""New rows of one class, by a network that learns those there are. N rows, C cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from keepfit.config import Training
from keepfit.config.sets import MODELS, PROBLEMS
from keepfit.config.source import WHOLE
from keepfit.data.batch import Inputs, Rows
from keepfit.data.feed import held
from keepfit.data.noise import NOISE, drawn
from keepfit.data.transform import Transform
from keepfit.features.whole import Whole
from keepfit.learning import device
from keepfit.learning.checkpoint import Checkpoint
from keepfit.learning.pace import Pace
from keepfit.learning.plan import settle
from keepfit.models.architecture import resolve
from keepfit.problems.lookup import learn_of, target_column
from keepfit.stages.training.beginning import begin
from keepfit.store import files
from keepfit.store.artifacts import Artifact
from keepfit.store.interrupt import politely
from keepfit.store.stage import Room
from keepfit.store.store import CHECKPOINT

FILE = "rows.safetensors"


class Drawn(Artifact):
    """Rows that a network drew."""

    rows: int


def draw(room: Room, transform: Transform, family: str, rows: Rows, count: int) -> Drawn:
    """Train such a network on rows of one class, going on from a checkpoint there is, and write what it draws."""
    said, section = room.config.training, MODELS.module(family).Settings()
    training = Training(seed=said.seed, threads=said.threads, device=said.device)
    of = _whole(transform)
    architecture, derived = resolve(section, training, of, len(rows))
    plan, checkpoint = settle(training, derived, 1), Checkpoint(room.path / CHECKPOINT, said.checkpoint_seconds)
    machine = device.choose(training, doubles=False, half=False)
    blank = held(Rows(rows.inputs, torch.zeros(len(rows), dtype=torch.uint8)))
    with device.repeatable(machine, plan.seed, training.threads), politely():
        objective = learn_of(problem()).objective(None, of.target, 0.0)
        recipe, fit = begin(architecture, plan, machine, objective, blank, blank)
        if (state := checkpoint.read(fit.device)) is not None:
            fit.restore(state)
        fit.run(checkpoint, Pace(room.step, fit.position.epochs))
        made = _drawn(recipe.model.cpu().eval(), of, rows, count, plan.seed)
    files.write_bytes(room.path / FILE, save({name: found.contiguous() for name, found in made.items()}))
    checkpoint.path.unlink(missing_ok=True)
    return Drawn(rows=count)


def problem() -> str:
    """The one whose answers are new rows."""
    return next(name for name in PROBLEMS.names() if PROBLEMS.module(name).Settings.reads_rows == "draw")


def _whole(transform: Transform) -> Transform:
    """The same columns, asked for new rows."""
    name = problem()
    column, settings = target_column(name), PROBLEMS.module(name).Settings()
    target = column.completed(column.fitter(WHOLE, []).entry(), Path(), transform, settings)
    return transform.model_copy(update={"target": target})


@torch.no_grad()
def _drawn(net: torch.nn.Module, transform: Transform, rows: Rows, count: int, seed: int) -> Inputs:
    """Its rows, of random numbers; the rows it is asked with say nothing, as nothing is given."""
    asked = rows.take(torch.arange(count) % len(rows)).batch().inputs
    width: Any = net.noise
    outputs = net({**asked, NOISE: torch.from_numpy(drawn(count, width, seed))})[:, 0]
    cells = (outputs.shape[1] - 1) // 2
    return Whole(transform).inputs_of(outputs[:, -cells:])
