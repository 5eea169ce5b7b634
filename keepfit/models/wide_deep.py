"""A linear model beside a deep one, trained as one (Cheng et al. 2016, "Wide & Deep Learning", arXiv:1606.07792).

B rows, M members, C columns, K classes.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from keepfit.features import Encoder
from keepfit.models.mlp import MLP, Settings


class WideDeep(nn.Module):
    """Every member's deep logits plus the one wide part's.

    The wide part is linear in the bins and the categories: an encoder whose units are the classes, summed over columns.
    """

    def __init__(self, settings: Settings, transform: dict[str, Any]) -> None:
        super().__init__()
        self.deep = MLP(settings, transform)
        self.wide = Encoder(transform, settings["bins"], len(transform["classes"]))

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """A batch's raw tensors → [B, M, K]."""
        deep: Tensor = self.deep(inputs)
        wide: Tensor = self.wide(inputs).sum(1)
        return deep + wide[:, None]
