"""The network is the towers, and nothing else; or, as in textbooks, dense layers over a picture's pixels.

B pictures, S pixels a side, C colour channels, M members, K outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from torch import Tensor, nn

from keepfit.config.sets import FEATURES
from keepfit.data.batch import Inputs
from keepfit.data.transform import Transform
from keepfit.features.lookup import amounts_of
from keepfit.features.named import Axes
from keepfit.models import table_defaults
from keepfit.models.mlp import Settings
from keepfit.models.towers import Head, Towers, TowerSettings, layers

_PLAIN: dict[str, Any] = {
    "width": 64,
    "depth": 2,
    "dropout": 0.0,
    "members": 1,
    "batch_size": 128,
    "lr": 3e-3,
    "weight_decay": 1e-2,
    "schedule": "one_cycle",
    "warmup": 0.25,
    "patience": None,
}
"""784-64-64-10 of a digit of 28×28."""


def defaults(model: Settings, transform: Transform, rows: int) -> dict[str, Any]:
    """Those of a table; of pixels, those of the textbook's network, in about a million rows of all epochs."""
    derived = table_defaults.defaults(model, transform, rows)
    if model.variant == "embedded":
        return derived
    said = model.model_dump(exclude={"family"}, exclude_none=True)
    epochs, changed = min(max(1_000_000 // rows, 10), 100), amounts_of(transform.features[0], rows)
    return {**derived, **_PLAIN, "epochs": epochs, "augment": changed, **said}


def build(settings: TowerSettings, transform: Transform) -> nn.Module:
    """Outputs [B, M, K]."""
    return (Towers if settings["variant"] == "embedded" else PixelMLP)(settings, transform)


class PixelMLP(nn.Module):
    """Each pixel, standardised, is an input of the first layer."""

    def __init__(self, settings: TowerSettings, transform: Transform) -> None:
        super().__init__()
        (picture,) = transform.features
        # Looked up, not imported: a table's training must not count as another when the code of pictures changes.
        self.pixels = FEATURES.module(picture.kind, "net").Standardised(picture)
        self.layers = layers(settings, prod(picture.shape), settings["members"])
        self.head = Head(settings["width"], transform.target.outputs, settings["members"])

    def forward(self, inputs: Inputs) -> Tensor:
        """`image` uint8 [B, S, S, C] → [B, M, K]."""
        found: Tensor = self.head(self.layers(self.pixels(inputs["image"]).flatten(1)[:, None]))
        return found

    def named(self, _outputs: Sequence[str]) -> dict[str, Axes]:
        """Nothing but what is in the head."""
        return {}
