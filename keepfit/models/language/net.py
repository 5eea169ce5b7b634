"""A language model: the vectors of tokens, a core that reads them in order, and a guess of what comes next.

B rows, T tokens of the longest, V tokens of the vocabulary, D units, W tokens a window.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from keepfit.data.batch import Inputs
from keepfit.data.transform import Transform
from keepfit.features.named import Axes
from keepfit.features.passage import Entry
from keepfit.features.shared.tokenized import NONE, UNKNOWN
from keepfit.models.language import Settings
from keepfit.models.language.cores import Attention, Core, Recurrent
from keepfit.models.stepping import State, Stepping

HALF = True
"""A recurrent network of 512 units learns as well in bfloat16, in a third of the time where the processor has it."""
AT_ONCE = 1 << 16
"""Tokens whose odds are held at a time where nothing is learned."""
UNITS = 64
"""Of the vectors of few tokens, such as characters; with many tokens they are as wide as the network at most."""


class Language(nn.Module):
    """Tokens → what each cost: the logarithm of how likely it was held to be, from those before it."""

    def __init__(self, core: Core, text: Entry, units: int, width: int, window: int, dropout: float) -> None:
        super().__init__()
        self.core, self.window, self.spelling = core, window, text.spelling
        vocabulary, self.known = text.vocabulary, text.words
        self.tokens = nn.Embedding(vocabulary, units)
        nn.init.normal_(self.tokens.weight, std=units**-0.5)
        self.dropout = nn.Dropout(dropout)
        self.odds = nn.Parameter(torch.zeros(vocabulary))
        self.head = None if units == width else nn.Parameter(torch.empty(vocabulary, width).uniform_(-0.05, 0.05))

    def logits(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        """[B, T] and the state before them → what comes behind each [B, T, V], and the state behind them."""
        found, state = self.core(self.tokens(tokens), state)
        # Where they are as wide, a token's vector says both what it means and what asks for it (Press and Wolf 2017).
        return F.linear(self.dropout(found), self.tokens.weight if self.head is None else self.head, self.odds), state

    def cost(self, tokens: Tensor) -> Tensor:
        """[B, T] → nats a token [B, T], 0 behind the end."""
        before = F.pad(tokens, (1, 0))[:, :-1]
        if self.training:
            return self._windowed(before, tokens)
        if torch.onnx.is_in_onnx_export():
            return self._nats(before, tokens)
        rows = max(1, AT_ONCE // tokens.shape[1])
        return torch.cat([self._nats(*some) for some in zip(before.split(rows), tokens.split(rows), strict=True)])

    def _windowed(self, before: Tensor, tokens: Tensor) -> Tensor:
        """The same by windows, each of which knows the token before it and no other."""
        steps = tokens.shape[1]
        short = -steps % self.window
        cut = (F.pad(found, (0, short)).reshape(-1, self.window) for found in (before, tokens))
        return self._nats(*cut).view(len(tokens), -1)

    def _nats(self, before: Tensor, tokens: Tensor) -> Tensor:
        logits, _ = self.logits(before, self.core.begin(before))
        nats = -logits.log_softmax(-1).gather(-1, tokens[..., None]).squeeze(-1)
        return (nats + self.spelling * (tokens == UNKNOWN)) * (tokens != NONE)

    def forward(self, inputs: Inputs) -> Tensor:
        """Tokens int64 [B, T] → what each text cost in nats, and how many tokens it has [B, 1, 2]."""
        (tokens,) = inputs.values()
        costs = self.cost(tokens)
        return torch.stack([costs.double().sum(1), (tokens != NONE).double().sum(1)], -1)[:, None]

    def named(self, _outputs: Sequence[str]) -> dict[str, Axes]:
        """A row a token."""
        return {"tokens.weight": (self.known, None), "odds": (self.known,), "head": (self.known, None)}

    def stepping(self) -> Stepping:
        """For a graph that goes on from a state."""
        tokens = torch.ones(2, 3, dtype=torch.int64)
        state = tuple(torch.zeros_like(tensor) for tensor in self.core.example(tokens))
        return Stepping(self.logits, tokens, dict(zip(self.core.names, state, strict=True)), self.core.grows)


def defaults(model: Settings, transform: Transform, rows: int) -> dict[str, Any]:
    """Every hyperparameter, from how much text there is. What the YAML says goes before these."""
    text, attention = text_of(transform), model.variant == "attention"
    tokens = rows * text.steps
    derived: dict[str, Any] = {
        "width": 128 if attention or tokens < 50_000 else 256 if tokens < 300_000 else 512,
        "depth": 4 if attention else 1,
        "window": 128,
        "dropout": 0.0 if attention else 0.2,
        "epochs": min(max(round(12 * (900_000 / max(tokens, 1)) ** 0.5), 2), 60),
        # 4,096 tokens a step, and of a short text less, so that an epoch has some 60 steps.
        "batch_size": max(1, round(min(max(tokens / 60, 512), 4096) / text.steps)),
        "lr": 2e-3 if attention else 5e-3,
        "weight_decay": 1e-2,
        "schedule": "cosine",
        "warmup": 0.05,
        "label_smoothing": 0.0,
        "patience": 4,
        "augment": None,
    }
    return {**derived, **model.model_dump(exclude={"family"}, exclude_none=True)}


def text_of(transform: Transform) -> Entry:
    """The one text."""
    (found,) = transform.features
    assert isinstance(found, Entry)
    return found


def build(settings: dict[str, Any], transform: Transform) -> nn.Module:
    """The module for the one text of `transform`."""
    text, width, dropout = text_of(transform), settings["width"], settings["dropout"]
    if settings["variant"] == "attention":
        units, core = width, Attention(width, settings["depth"], settings["window"], dropout)
        return Language(core, text, units, width, settings["window"], dropout)
    units = min(width, max(UNITS, text.vocabulary // UNITS * UNITS))
    recurrent = Recurrent(settings["variant"], units, width, settings["depth"], dropout)
    return Language(recurrent, text, units, width, settings["window"], dropout)
