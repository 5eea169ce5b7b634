"""Whether a training can start from the model in service."""

from __future__ import annotations

from keepfit.config import sets
from keepfit.config.sections import Model, Training


def check(model: Model, training: Training) -> None:
    """Raise ValueError where a family that is fitted at once shall go on from what another one learned."""
    if training.start == "fresh" or model.by_steps:
        return
    able = (name for name in sets.MODELS.names() if sets.MODELS.module(name).Settings.by_steps)
    raise ValueError(
        f"training.start is champion, and model.family {model.family} does not learn by steps that could go on: "
        f"take start out, or let the family be {', '.join(able)}"
    )
