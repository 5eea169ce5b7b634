"""A Transformer's layer (Vaswani et al. 2017), normalised before each half, and rotary positions (Su et al. 2021).

B rows, T tokens, P tokens before them, D units, H heads, d units a head.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

HEAD = 32
"""Units of a head."""
Past = tuple[Tensor, Tensor]
"""Keys and values of the tokens before, each [B, P, D]."""


class AttentionLayer(nn.Module):
    """Attention and two dense layers, each added to what it was given."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.heads = max(1, width // HEAD)
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.asked = nn.Linear(width, 3 * width, bias=False)
        self.joined = nn.Linear(width, width, bias=False)
        self.dense = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, vectors: Tensor, seen: Tensor | None, turns: Tensor | None = None, past: Past | None = None
    ) -> tuple[Tensor, Past]:
        """[B, T, D], who sees whom [… T, P + T], `turned` by [2, P + T, d/2] → the same, and keys and values
        [B, P + T, D] each."""
        asked, keys, values = self.asked(self.first(vectors)).chunk(3, -1)
        if past is not None:
            keys, values = (torch.cat(both, 1) for both in zip(past, (keys, values), strict=True))
        query, key, value = (self._split(tensor) for tensor in (asked, keys, values))
        if turns is not None:
            query, key = turned(query, turns[:, keys.shape[1] - vectors.shape[1] :]), turned(key, turns)
        # Without dropout inside, which would switch the fused kernel off: two to four times the time.
        found = F.scaled_dot_product_attention(query, key, value, seen)
        vectors = vectors + self.dropout(self.joined(found.transpose(1, 2).flatten(2)))
        return vectors + self.dropout(self.dense(self.second(vectors))), (keys, values)

    def _split(self, vectors: Tensor) -> Tensor:
        split: Tensor = vectors.unflatten(-1, (self.heads, -1)).transpose(1, 2)
        return split


def turns_of(places: Tensor, units: int = HEAD) -> Tensor:
    """Cosines and sines of the angles by which each place is turned, [2, T, d/2]."""
    half = units // 2
    speeds = 10_000.0 ** (-torch.arange(0, half, device=places.device) / half)
    angles = places[:, None] * speeds
    return torch.stack([angles.cos(), angles.sin()])


def turned(vectors: Tensor, turns: Tensor) -> Tensor:
    """[B, H, T, d], turned pair by pair."""
    left, right = vectors.chunk(2, -1)
    cosines, sines = turns
    return torch.cat([left * cosines - right * sines, left * sines + right * cosines], -1)
