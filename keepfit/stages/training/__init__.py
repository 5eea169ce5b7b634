"""Stage 4: a model learns from the train rows and is kept at its best epoch by the validation rows.

In `Trained.path`: model.safetensors, architecture.json, answer.json, history.json, resolved.json;
beside/timings.json; and earlier_rows.parquet, the ids that a model it began with had learned from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keepfit.config import Pipeline, Training
from keepfit.store.artifacts import Learnable, Start, Trained
from keepfit.store.stage import Room, stage

if TYPE_CHECKING:
    from keepfit.learning.fit import Watch

_DECIDES = tuple(f"training.{name}" for name in Training.model_fields if name != "checkpoint_seconds")


def possible(config: Pipeline) -> Pipeline:
    """The same config, where it can be trained here. Raises ConfigError for a device that is not there.

    For before any work is done; torch is imported only to look for a device that was asked for by name.
    """
    if config.training.device not in ("auto", "cpu"):
        from keepfit.stages.training.session import machine_for

        machine_for(config)
    return config


@stage(
    reads=("model", "problem.learned", "preprocessing.split.by", "preprocessing.split.column", *_DECIDES),
    members=("features", "features.net", "problems", "problems.learn", "models.net"),
    resume=True,
    environment=lambda config: (
        {"metric that made rows are judged by": config.metric} if config.training.synthesis else {}
    ),
)
def train(room: Room, prepared: Learnable, start: Start | None = None) -> Trained:
    """Train the model that the YAML describes, going on from a killed execution's checkpoint if there is one; else from
    `start`, which `keepfit.stages.training.start` settles.

    Raises OutOfMemoryError after noting that the next try shall use half the micro-batch, ConfigError for a device that
    is not there and when the loss is no longer a number.
    """
    return learned(room, prepared, start=start)


def learned(room: Room, prepared: Learnable, watch: Watch | None = None, start: Start | None = None) -> Trained:
    """The same without a key, for whoever looks on: `watch` is called with each epoch of a single network."""
    from keepfit.stages.training.portfolio import portfolio
    from keepfit.stages.training.session import session
    from keepfit.stages.training.synthesis import synthesis

    if hasattr(room.config.model, "families"):
        return portfolio(room, prepared)
    if room.config.training.synthesis is not None:
        return synthesis(room, prepared)
    return session(room, prepared, watch, start) if watch else session(room, prepared, start=start)
