"""keepfit's encoded columns, and a module of the user's own over them.

B rows, C columns (numbers and what comes back in them, categories, 16 a picture), d units a column, K outputs.

The class is made as `Class(columns=C, units=d, outputs=K, **settings)`, and its `forward` takes [B, C, d], float32, and
gives [B, K], or [B, M, K] for M members that are averaged.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

from keepfit.data.batch import Inputs
from keepfit.data.transform import Transform
from keepfit.errors import ConfigError
from keepfit.features.encoder import Encoder
from keepfit.models.custom import Settings
from keepfit.models.table_defaults import COURSE, bins, large, small
from keepfit.quoting import shown

_OF_TRAINING = ("batch_size", "epochs", "patience", "lr", "weight_decay")


def defaults(model: Settings, transform: Transform, rows: int) -> dict[str, Any]:
    """The class and its settings as they are; how it learns is what suits the tables' own networks."""
    size = small(rows, transform.target) or large(rows)
    how = {name: size[name] for name in _OF_TRAINING}
    return {**how, **COURSE, "bins": bins(rows), **model.model_dump(exclude={"family"}, exclude_none=True)}


class Custom(nn.Module):
    """The encoder, and the module over it."""

    def __init__(self, transform: Transform, bins: int, units: int, module: str, settings: dict[str, Any]) -> None:
        super().__init__()
        self.encoder = Encoder(transform, bins, units)
        self.net = _made(
            module, {"columns": self.encoder.columns, "units": units, **settings}, transform.target.outputs
        )

    def forward(self, inputs: Inputs) -> Tensor:
        """A batch's inputs → [B, M, K]."""
        found: Tensor = self.net(self.encoder(inputs))
        return found if found.ndim == 3 else found[:, None]


def build(settings: dict[str, Any], transform: Transform) -> nn.Module:
    """The module that the settings name. Raises ConfigError where there is none, or it gives something else."""
    return Custom(transform, settings["bins"], settings["units"], settings["module"], settings["settings"])


def _made(module: str, settings: dict[str, Any], outputs: int) -> nn.Module:
    where, _, name = module.partition(":")
    try:
        made = getattr(import_module(where), name)(outputs=outputs, **settings)
    except Exception as error:  # whatever a user's own code raises is none of our bugs
        given = ", ".join(f"{setting}={shown(value)}" for setting, value in settings.items())
        raise ConfigError(
            f"model.module {module} cannot be made: {type(error).__name__}: {error}.",
            allowed=f"It is called with outputs={outputs}, {given}.",
            todo="Mend the class, or model.settings.",
        ) from error
    if not isinstance(made, nn.Module):
        raise ConfigError(
            f"model.module {module} makes a {type(made).__name__}.", allowed="It makes a torch.nn.Module."
        )
    _check(made, module, settings["columns"], settings["units"], outputs)
    return made


def _check(made: nn.Module, module: str, columns: int, units: int, outputs: int) -> None:
    """Raise ConfigError for a module that gives two rows something else than its outputs."""
    made.eval()
    try:
        with torch.no_grad():
            found = made(torch.zeros(2, columns, units))
        shape = tuple(found.shape)
    except Exception as error:
        raise ConfigError(
            f"model.module {module} fails on two rows [2, {columns}, {units}]: {type(error).__name__}: {error}.",
            todo="Mend its forward.",
        ) from error
    made.train()
    if len(shape) not in (2, 3) or shape[0] != 2 or shape[-1] != outputs:
        raise ConfigError(
            f"model.module {module} gives {list(shape)} for two rows.",
            allowed=f"Here it is [2, {outputs}], or [2, members, {outputs}].",
            todo="Make its last layer as wide as the argument outputs says.",
        )
