"""The part of a run that goes to another work pool, where the GPUs are: one training, on the store of the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import State, flow
from prefect.states import Completed

from keepfit import config
from keepfit.stages.training import possible
from keepfit.store.artifacts import Learnable, Start
from keepfit.store.run import attached
from tasks.stages import train_here
from tasks.wrapper import do


@flow(name="train", persist_result=False)
def train(
    pipeline: Path,
    run: str,
    prepared: Learnable,
    settings: dict[str, str] | None = None,
    start: Start | None = None,
) -> State[Any]:
    """Train for a run that waits in another work pool. The run starts this by itself; there is nothing to fill in.

    Args:
        pipeline: The pipeline's YAML file, which lies under the same path as for the run.
        run: The run's id in the store.
        prepared: What it prepared to learn from.
        settings: The run's settings in place of the YAML's.
        start: The model that it begins with, where that is not a fresh one.
    """
    with attached(possible(config.load(pipeline, settings or {})), run) as parent:
        trained = do(train_here, parent, prepared, start)
    figures = ", ".join(f"{name} {value:.4g}" for name, value in trained.validation.items())
    return Completed(message=f"{parent.config.name}: {trained.epochs} epochs, validation {figures}", data=trained)
