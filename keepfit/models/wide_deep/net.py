"""A linear model beside a deep one, trained as one (Cheng et al. 2016, "Wide & Deep Learning", arXiv:1606.07792).

B rows, M members, C columns, K outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from torch import Tensor, nn

from keepfit.data.batch import Inputs
from keepfit.data.transform import Transform
from keepfit.features.encoder import Encoder
from keepfit.features.lookup import amounts_of
from keepfit.features.named import Axes
from keepfit.models import table_defaults
from keepfit.models.cnn.series import defaults as of_series
from keepfit.models.settings import DenseSettings
from keepfit.models.towers import Towers, TowerSettings
from keepfit.models.wide_deep.kernels import columns_for
from keepfit.models.wide_deep.residual import ResidualWideAndDeep, alone, series_of, texts_of

_RESIDUAL = {
    "width": 128,
    "depth": 1,
    "dropout": 0.3,
    "members": 1,
    "batch_size": 64,
    "epochs": 6,
    "patience": 2,
    "lr": 1e-3,
    "weight_decay": 1e-2,
}
"""What the wide part leaves is little, and soon learned by heart."""


class WideAndDeep(nn.Module):
    """Every member's deep outputs plus the one wide part's.

    The wide part is linear in the bins and the categories: an encoder whose units are the outputs, summed over columns.
    """

    def __init__(self, settings: TowerSettings, transform: Transform) -> None:
        super().__init__()
        self.deep = Towers(settings, transform)
        self.wide = Encoder(transform, settings["bins"], transform.target.outputs)

    def forward(self, inputs: Inputs) -> Tensor:
        """A batch's raw tensors → [B, M, K]."""
        deep: Tensor = self.deep(inputs)
        wide: Tensor = self.wide(inputs).sum(1)
        return deep + wide[:, None]

    def named(self, outputs: Sequence[str]) -> dict[str, Axes]:
        """The wide part's units are the outputs: the last axis, or where cells are mixed the first."""
        found: dict[str, Axes] = {}
        for place, group in enumerate(self.wide.groups):
            mixed = [*product(range(int(group.columns)), outputs)] if hasattr(group, "mix") else None  # type: ignore[arg-type]
            for name, tensor in group.named_parameters(prefix=f"wide.groups.{place}"):
                if mixed is None:
                    found[name] = (*[None] * (tensor.ndim - 1), outputs)
                elif ".mix." in name:
                    found[name] = (mixed, *[None] * (tensor.ndim - 1))
        return found


def defaults(model: DenseSettings, transform: Transform, rows: int) -> dict[str, Any]:
    """Those of a table; where there are texts or series, of a network that learns what a linear model leaves."""
    derived = table_defaults.defaults(model, transform, rows)
    said = model.model_dump(exclude={"family"}, exclude_none=True)
    series = series_of(transform)
    if not series and not texts_of(transform):
        return derived
    derived |= _RESIDUAL
    if series:
        steps = sum(entry.steps for entry in series)
        derived |= {"columns": columns_for(rows, steps), "augment": amounts_of(series[0], rows)}
    if alone(transform):
        derived |= {**of_series(transform, rows), "label_smoothing": 0.0}
    return {**derived, **said}


def build(settings: TowerSettings, transform: Transform) -> nn.Module:
    """Outputs [B, M, K]."""
    kind = ResidualWideAndDeep if texts_of(transform) or series_of(transform) else WideAndDeep
    return kind(settings, transform)
