"""Cross-entropy, and probabilities.

B rows, M ensemble members (1 for a single model), K classes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from keepfit.problems.classification import Settings, Target
from keepfit.problems.objective import Objective, Reach, averaged


class CrossEntropy(Objective):
    """The log loss in nats; `smoothing` spreads that much probability over all classes (Szegedy et al. 2016)."""

    def __init__(self, smoothing: float = 0.0) -> None:
        self.smoothing = smoothing

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """[B, M, K], [B] → summed over the rows."""
        members = outputs.shape[1]
        targets = labels if members == 1 else labels.repeat_interleave(members)
        flat = outputs.flatten(0, 1).float()
        return F.cross_entropy(flat, targets, reduction="sum", label_smoothing=self.smoothing) / members

    def score(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """[B, M, K], [B] → [2]: the summed log loss in nats, and how many rows are right."""
        found = log_probabilities(outputs)
        return torch.stack([F.nll_loss(found, labels, reduction="sum"), (found.argmax(1) == labels).sum().float()])

    def judged(self, sums: Sequence[float], rows: int) -> dict[str, float]:
        """Log loss and accuracy."""
        return {"loss": sums[0] / rows, "accuracy": sums[1] / rows}


def objective(_settings: Settings, _target: Target, smoothing: float) -> Objective:
    """Cross-entropy."""
    return CrossEntropy(smoothing)


def answers(outputs: Tensor, _target: Target, _reach: Reach) -> Tensor:
    """[B, M, K] → [B, K]: softmax over the classes, mean over the members."""
    return averaged(outputs.float().softmax(dim=-1))


SHARPENED = True
"""Outputs may be multiplied by a number, which makes probabilities surer or less sure."""


def pooled(outputs: Tensor, shares: Tensor) -> Tensor:
    """[B, M, K], [M] → [B, 1, K]: outputs of which the answers are the members' answers, by their shares."""
    logarithms = F.log_softmax(outputs.float(), -1) + shares.clamp_min(1e-30).log()[:, None]
    return torch.logsumexp(logarithms, 1, keepdim=True)


def log_probabilities(logits: Tensor) -> Tensor:
    """[B, M, K] → [B, K]: the logarithm of the members' mean probability."""
    return torch.logsumexp(F.log_softmax(logits.float(), -1), 1) - math.log(logits.shape[1])
