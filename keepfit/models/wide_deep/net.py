"""A linear model beside a deep one, trained as one (Cheng et al. 2016, "Wide & Deep Learning", arXiv:1606.07792).

B rows, M members, C columns, K outputs.
"""

from __future__ import annotations

from torch import Tensor, nn

from keepfit.data.batch import Inputs
from keepfit.data.transform import Transform
from keepfit.features.encoder import Encoder
from keepfit.models.table_defaults import defaults
from keepfit.models.towers import Towers, TowerSettings

__all__ = ["build", "defaults"]


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


def build(settings: TowerSettings, transform: Transform) -> nn.Module:
    """Outputs [B, M, K]."""
    return WideAndDeep(settings, transform)
