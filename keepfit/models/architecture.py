"""A family's module from its settings, fresh or trained, and its answers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_model
from torch import Tensor, nn

from keepfit.config import Model, Training
from keepfit.config.sections import AUTO
from keepfit.config.sets import FEATURES, MODELS
from keepfit.data.batch import Inputs
from keepfit.data.feed import Part
from keepfit.data.noise import NOISE, noise_of
from keepfit.data.transform import Target, Transform
from keepfit.errors import ConfigError, nearest
from keepfit.features.lookup import parsed
from keepfit.problems.lookup import learn_of
from keepfit.problems.objective import Reach
from keepfit.store import files

FORMAT = 2
REACH = "answer.json"
"""What answers need beside the weights, in the trained folder."""
_OF_TRAINING = (
    "epochs", "batch_size", "lr", "weight_decay", "schedule", "warmup", "label_smoothing", "augment", "patience",
    "longer",
)  # fmt: skip


def resolve(model: Model, training: Training, transform: Transform, rows: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The architecture that `build` takes, and how it is trained; what the YAML leaves out is derived.

    A pure function of the YAML, the fitted transform and the number of train rows.
    """
    net = MODELS.module(model.family, "net")
    settings = dict(net.defaults(model, transform, rows))
    derived = {name: settings.pop(name, None) for name in _OF_TRAINING}
    if hasattr(learn_of(transform.target.problem), "network"):
        derived["augment"] = {}  # the network itself changes what its family sees
    if isinstance(training.augment, dict):
        derived["augment"] = augmented(transform, derived["augment"] or {}, training.augment)
    steps = set(_OF_TRAINING) - {"augment", "longer"} if not getattr(net, "FITTED", False) else set()
    said = training.model_dump(include=steps, exclude_none=True)
    architecture = {"format": FORMAT, "family": model.family, "settings": settings, "transform": transform.plain()}
    return architecture, {**derived, **said}


def augmented(transform: Transform, amounts: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """The amounts with those that the YAML says. Raises ConfigError for one that is not there or cannot be auto."""
    turns = getattr(FEATURES.module(transform.features[0].kind, "net"), "TURNS", {})
    for name, amount in said.items():
        if name in amounts and amount == AUTO and name not in turns:
            raise ConfigError(
                f"training.augment.{name} is auto, and validation rows do not tell how far it may go.",
                allowed=f"It is a number; auto may be {', '.join(turns) or 'nothing here'}.",
                todo="Write a number, or take it out.",
            )
        if name not in amounts:
            raise ConfigError(
                f"training.augment names {name}, and nothing here can be changed so in training.",
                allowed=f"It may name {', '.join(amounts)}." if amounts else "",
                todo=nearest(name, [*amounts]) or "Take it out.",
            )
    return {**amounts, **said}


def build(architecture: dict[str, Any]) -> nn.Module:
    """A fresh module of the architecture's family, its weights drawn from torch's generator."""
    transform = parsed(architecture["transform"])
    of_family = partial(MODELS.module(architecture["family"], "net").build, architecture["settings"])
    around = getattr(learn_of(transform.target.problem), "network", None)
    made: nn.Module = around(of_family, transform) if around else of_family(transform)
    return made


@dataclass(frozen=True)
class TrainedModel:
    """A trained network, and what makes its outputs answers."""

    net: nn.Module
    target: Target
    reach: Reach

    @torch.no_grad()
    def answer(self, inputs: Inputs) -> NDArray[Any]:
        """A batch's inputs → its answers [B, A]."""
        found: Tensor = learn_of(self.target.problem).answers(
            self.net(drawing(self.net, inputs)), self.target, self.reach
        )
        return found.numpy()

    def answers(self, part: Part, batch_size: int = 4096) -> NDArray[Any]:
        """[N, A] of all rows, in their order."""
        return np.concatenate([self.answer(batch.inputs) for batch in part.in_order(batch_size)])


def drawing(net: nn.Module, inputs: Inputs) -> Inputs:
    """The inputs, and beside them the random numbers that are the rows' own, where a network draws."""
    width = getattr(net, NOISE, 0)
    if not width:
        return inputs
    made = noise_of({name: tensor.cpu().numpy() for name, tensor in inputs.items()}, width)
    return {**inputs, NOISE: torch.from_numpy(made)}


def load(folder: Path) -> TrainedModel:
    """The trained model of a folder that holds architecture.json, model.safetensors and answer.json, for the CPU."""
    architecture = files.read_json(folder / "architecture.json")
    net = build(architecture)
    load_model(net, folder / "model.safetensors")
    return TrainedModel(net.eval(), parsed(architecture["transform"]).target, files.read_json(folder / REACH))
