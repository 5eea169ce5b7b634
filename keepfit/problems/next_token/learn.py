"""What each token cost, in nats: the negative logarithm of how likely it was held to be.

B rows, M ensemble members. A network gives two numbers a row: what its text cost, and how many tokens it has.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from keepfit.data.feed import Part
from keepfit.data.transform import Transform
from keepfit.features.passage import tokens
from keepfit.problems.next_token import Settings, Target
from keepfit.problems.next_token.writing import written
from keepfit.problems.objective import Objective, Reach

SAMPLES, PROMPT, WRITTEN, TEMPERATURE = 3, 40, 240, 0.8
"""Continuations that the report shows; tokens of their beginnings, and of what is written behind them."""


class Cost(Objective):
    """Nats a character of a text of the usual length."""

    def __init__(self, target: Target) -> None:
        self.characters = max(target.characters, 1.0)

    def labels(self, labels: Tensor) -> Tensor:
        """Characters as float32."""
        return labels.float()

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:  # noqa: ARG002
        """[B, M, 2] → summed over the rows, in such units."""
        return outputs[..., 0].float().mean(1).sum() / self.characters

    def score(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """[B, M, 2], [B] → nats, and characters."""
        return torch.stack([outputs[..., 0].double().mean(1).sum(), labels.double().sum()])

    def judged(self, sums: Sequence[float], rows: int) -> dict[str, float]:  # noqa: ARG002
        """Nats a character, and the same in bits."""
        nats = sums[0] / max(sums[1], 1)
        return {"loss": nats, "bits_per_character": nats / math.log(2)}


def objective(_settings: Settings, target: Target, _smoothing: float) -> Objective:
    """The one there is."""
    return Cost(target)


def answers(outputs: Tensor, _target: Target, _reach: Reach) -> Tensor:
    """[B, M, 2] → float64 [B, 2]."""
    return outputs.double().mean(1)


@torch.no_grad()
def told(model: Any, part: Callable[[str], Part], transform: Transform) -> dict[str, Any]:
    """`samples`: what it writes behind the beginnings of some test texts, for metrics.json."""
    net, test = model.net, part("test")
    texts, tokenizer = test.load((0,)), transform.entries[transform.target.name].tokenizer  # type: ignore[attr-defined]
    (rows,) = texts.inputs.values()
    found = []
    for seed, row in enumerate(torch.linspace(0, len(texts) - 1, min(SAMPLES, len(texts))).long()):
        prompt = rows[row[None]].padded()[0, :PROMPT]  # type: ignore[union-attr]
        first = net.core.begin(prompt[None])
        ids = [*written(partial(_step, net), first, prompt.tolist(), WRITTEN, TEMPERATURE, seed)]
        found.append({"prompt": tokens.decoded(prompt.tolist(), tokenizer), "text": tokens.decoded(ids, tokenizer)})
    return {"samples": found}


def _step(net: Any, ids: NDArray[np.int64], state: Any) -> tuple[NDArray[np.float32], Any]:
    logits, state = net.logits(torch.from_numpy(ids), state)
    return logits.numpy(), state
