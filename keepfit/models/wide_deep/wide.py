"""The wide part over texts: logits linear in the TF-IDF of hashed n-grams.

B rows, T n-grams of the longest, V n-grams that are known, K outputs.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from keepfit.features.text.grams import BUCKETS

KNOWN = 1 << 18
"""V: those in the most train rows, and in two at least."""


class Grams(nn.Module):
    """Counts of n-grams → K numbers. Nothing here is learned by steps: see `keepfit.models.wide_deep.fitted`."""

    place: Tensor
    scale: Tensor
    weight: Tensor

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.register_buffer("place", torch.zeros(BUCKETS + 1, dtype=torch.int32))
        self.register_buffer("scale", torch.zeros(KNOWN + 1))
        self.register_buffer("weight", torch.zeros(KNOWN + 1, outputs))

    def forward(self, pairs: Tensor) -> Tensor:
        """int64 [B, T, 2]: buckets, 0 behind the end, and counts → [B, K]."""
        place = self.place[pairs[..., 0].clamp(0, BUCKETS)].long()
        values = (1 + pairs[..., 1].clamp_min(1).float().log()) * self.scale[place]
        length = values.square().sum(1, keepdim=True).sqrt().clamp_min(1e-9)
        summed: Tensor = ((values / length)[..., None] * self.weight[place]).sum(1)
        return summed
