"""A family's module from its settings, fresh or trained, and its answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_model
from torch import nn

from keepfit.config import Model, Training
from keepfit.config.sets import MODELS
from keepfit.data.feed import Batches
from keepfit.data.transform import Transform
from keepfit.features.lookup import parsed
from keepfit.problems.classification.learn import log_probabilities
from keepfit.store import files

FORMAT = 1
_OF_TRAINING = (
    "epochs", "batch_size", "lr", "weight_decay", "schedule", "warmup", "label_smoothing", "augment", "patience",
)  # fmt: skip


def resolve(
    model: Model, training: Training, transform: Transform, rows: int, classes: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The architecture that `build` takes, and how it is trained; what the YAML leaves out is derived.

    A pure function of the YAML, the fitted transform and the numbers of train rows and of classes.
    """
    settings = dict(MODELS.module(model.family, "net").defaults(model, transform, rows, classes))
    derived = {name: settings.pop(name, None) for name in _OF_TRAINING}
    said = training.model_dump(include=set(_OF_TRAINING) - {"augment"}, exclude_none=True)
    architecture = {"format": FORMAT, "family": model.family, "settings": settings, "transform": transform.plain()}
    return architecture, {**derived, **said}


def build(architecture: dict[str, Any]) -> nn.Module:
    """A fresh module of the architecture's family, its weights drawn from torch's generator."""
    net = MODELS.module(architecture["family"], "net")
    made: nn.Module = net.build(architecture["settings"], parsed(architecture["transform"]))
    return made


def load(folder: Path) -> nn.Module:
    """The trained module of a folder that holds architecture.json and model.safetensors, ready to predict."""
    model = build(files.read_json(folder / "architecture.json"))
    load_model(model, folder / "model.safetensors")
    return model.eval()


@torch.no_grad()
def probabilities(model: nn.Module, batches: Batches, batch_size: int = 4096) -> NDArray[np.float32]:
    """[N, K] class probabilities of all rows, in their order."""
    model.eval()
    parts = []
    for rows in torch.arange(len(batches), device=batches.labels.device).split(batch_size):
        inputs, _ = batches.take(rows)
        parts.append(log_probabilities(model(inputs)).exp().cpu())
    return torch.cat(parts).numpy()
