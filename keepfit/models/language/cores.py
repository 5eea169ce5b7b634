"""What reads tokens in order: recurrent, or by attention to those before. It answers a whole text, or goes on from a
state, and both come to the same.

B rows, T tokens, V tokens of the vocabulary, D units, L layers, H heads, P tokens remembered, W tokens looked back on.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from keepfit.models.language.nodes import recurrent_nodes
from keepfit.models.stepping import State

HEAD = 32
"""Units of a head."""


class Core(nn.Module, ABC):
    """Tokens → vectors that say what comes next."""

    names: tuple[str, ...]
    """Of the state's tensors."""
    grows: bool = False
    """Whether the state's third dimension is as long as what is remembered."""

    @abstractmethod
    def begin(self, tokens: Tensor) -> State:
        """The state before the first token of rows like these."""

    def example(self, tokens: Tensor) -> State:
        """A state in the midst of such rows."""
        return self.begin(tokens)

    @abstractmethod
    def forward(self, vectors: Tensor, state: State) -> tuple[Tensor, State]:
        """[B, T, D] of tokens, and the state before them → [B, T, D], and the state behind them."""


class Recurrent(Core):
    """Layers of LSTM (Hochreiter and Schmidhuber 1997) or GRU (Cho et al. 2014)."""

    def __init__(self, variant: str, units: int, width: int, depth: int, dropout: float) -> None:
        super().__init__()
        kind = {"lstm": nn.LSTM, "gru": nn.GRU}[variant]
        self.layers = kind(units, width, depth, batch_first=True, dropout=dropout if depth > 1 else 0.0)
        self.names = ("hidden", "cell") if variant == "lstm" else ("hidden",)
        if variant == "lstm":
            for name, bias in self.layers.named_parameters():
                if name.startswith("bias_hh"):  # to remember at first (Jozefowicz et al. 2015)
                    bias.data[width : 2 * width] = 1.0

    def begin(self, tokens: Tensor) -> State:
        """Zeros, each [B, L, D]."""
        shape = tokens.shape[0], self.layers.num_layers, self.layers.hidden_size
        return tuple(tokens.new_zeros(shape, dtype=torch.float32) for _ in self.names)

    def forward(self, vectors: Tensor, state: State) -> tuple[Tensor, State]:
        """Token by token."""
        before = tuple(tensor.transpose(0, 1).contiguous() for tensor in state)
        if torch.onnx.is_in_onnx_export():
            found, after = recurrent_nodes(self.layers, vectors, before)
        elif len(before) == 1:
            found, *after = self.layers(vectors, *before)
        else:
            found, after = self.layers(vectors, before)
        return found, tuple(tensor.transpose(0, 1) for tensor in after)


class Attention(Core):
    """A Transformer whose layers look back on W tokens (Vaswani et al. 2017), with rotary positions (Su et al. 2021)
    counted from each other, so that they go on for ever."""

    names = ("keys", "values")
    grows = True

    def __init__(self, width: int, depth: int, window: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(AttentionLayer(width, dropout) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.window = window

    def begin(self, tokens: Tensor) -> State:
        """Nothing, each [B, L, 0, D]."""
        shape = tokens.shape[0], len(self.layers), 0, self.norm.normalized_shape[0]
        return tuple(tokens.new_zeros(shape, dtype=torch.float32) for _ in self.names)

    def example(self, tokens: Tensor) -> State:
        """Five tokens are remembered."""
        return tuple(F.pad(tensor, (0, 0, 0, 5)) for tensor in self.begin(tokens))

    def forward(self, vectors: Tensor, state: State) -> tuple[Tensor, State]:
        """All tokens at once, each of those before it."""
        past, steps = state[0].shape[2], vectors.shape[1]
        places = torch.arange(past + steps, device=vectors.device)
        back = places[past:, None] - places
        seen = (back >= 0) & (back < self.window)
        turns = _turns(places)
        kept = []
        for number, layer in enumerate(self.layers):
            vectors, keys, values = layer(vectors, state[0][:, number], state[1][:, number], turns, seen)
            kept.append((keys, values))
        after = (torch.stack(several, 1)[:, :, 1 - self.window :] for several in zip(*kept, strict=True))
        return self.norm(vectors), tuple(after)


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
        self, vectors: Tensor, keys: Tensor, values: Tensor, turns: Tensor, seen: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """[B, T, D], those before [B, P, D], cosines and sines [2, P + T, d/2], who sees whom [T, P + T] → the same,
        and keys and values [B, P + T, D]."""
        asked, new_keys, new_values = self.asked(self.first(vectors)).chunk(3, -1)
        keys, values = torch.cat([keys, new_keys], 1), torch.cat([values, new_values], 1)
        of_heads = (self._split(tensor) for tensor in (asked, keys, values))
        query, key, value = of_heads
        past = keys.shape[1] - vectors.shape[1]
        found = F.scaled_dot_product_attention(_turned(query, turns[:, past:]), _turned(key, turns), value, seen)
        vectors = vectors + self.dropout(self.joined(found.transpose(1, 2).flatten(2)))
        return vectors + self.dropout(self.dense(self.second(vectors))), keys, values

    def _split(self, vectors: Tensor) -> Tensor:
        split: Tensor = vectors.unflatten(-1, (self.heads, -1)).transpose(1, 2)
        return split


def _turns(places: Tensor) -> Tensor:
    """Cosines and sines of the angles by which each place is turned, [2, T, d/2]."""
    speeds = 10_000.0 ** (-torch.arange(0, HEAD // 2, device=places.device) / (HEAD // 2))
    angles = places[:, None] * speeds
    return torch.stack([angles.cos(), angles.sin()])


def _turned(vectors: Tensor, turns: Tensor) -> Tensor:
    """[B, H, T, d], turned pair by pair."""
    left, right = vectors.chunk(2, -1)
    cosines, sines = turns
    return torch.cat([left * cosines - right * sines, left * sines + right * cosines], -1)
