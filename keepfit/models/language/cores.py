"""What reads tokens in order: recurrent, or by attention to those before. It answers a whole text, or goes on from a
state, and both come to the same.

B rows, T tokens, V tokens of the vocabulary, D units, L layers, P tokens remembered, W tokens looked back on.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from keepfit.models.recurrent_nodes import recurrent_nodes
from keepfit.models.stepping import State
from keepfit.models.transformer import AttentionLayer, turns_of


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
        turns = turns_of(places)
        kept = []
        for number, layer in enumerate(self.layers):
            vectors, both = layer(vectors, seen, turns, (state[0][:, number], state[1][:, number]))
            kept.append(both)
        after = (torch.stack(several, 1)[:, :, 1 - self.window :] for several in zip(*kept, strict=True))
        return self.norm(vectors), tuple(after)
