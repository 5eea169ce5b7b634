"""The model families: torch modules that take a batch's raw tensors and give logits.

Every module maps {"numbers", "codes", "image"} to logits [B, M, K]: B rows, M ensemble members (1 for a single
network), K classes. A class's probability is the softmax over K, averaged over M.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_model
from torch import nn

from keepfit import files
from keepfit.batches import Batches
from keepfit.config import CNN, MLP, Model, Training
from keepfit.objectives import log_probabilities

FORMAT = 1
_OF_TRAINING = (
    "epochs", "batch_size", "lr", "weight_decay", "schedule", "warmup", "label_smoothing", "augment", "patience",
)  # fmt: skip


def resolve(
    model: Model, training: Training, transform: dict[str, Any], rows: int, classes: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The architecture that `build` takes, and how it is trained; what the YAML leaves out is derived.

    A pure function of the YAML, the fitted transform and the numbers of train rows and of classes.
    """
    settings = _defaults(model, transform, rows, classes)
    derived = {name: settings.pop(name, None) for name in _OF_TRAINING}
    said = training.model_dump(include=set(_OF_TRAINING) - {"augment"}, exclude_none=True)
    architecture = {"format": FORMAT, "family": model.family, "settings": settings, "transform": transform}
    return architecture, {**derived, **said}


def _defaults(model: Model, transform: dict[str, Any], rows: int, classes: int) -> dict[str, Any]:
    if isinstance(model, CNN):
        from keepfit.models import cnn

        image = next(f for f in transform["features"] if f["kind"] == "image")
        return dict(cnn.defaults(model, image, rows))
    from keepfit.models import defaults

    assert isinstance(model, MLP)
    return defaults.defaults(model, transform, rows, classes)


def build(architecture: dict[str, Any]) -> nn.Module:
    """A fresh module of the architecture's family, its weights drawn from torch's generator."""
    family, settings, transform = (architecture[name] for name in ("family", "settings", "transform"))
    if family == "cnn":
        from keepfit.models import cnn

        return cnn.build(settings, transform)
    if family == "wide_deep":
        from keepfit.models.wide_deep import WideDeep

        return WideDeep(settings, transform)
    from keepfit.models import mlp

    return mlp.MLP(settings, transform)


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
