"""What is minimised, and what an epoch is judged by.

B rows, M ensemble members (1 for a single model), K classes.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812


def cross_entropy(logits: Tensor, labels: Tensor, smoothing: float = 0.0) -> Tensor:
    """[B, M, K], [B] → the summed loss in nats, each member judged on its own and the members averaged.

    `smoothing` spreads that much probability over all classes (Szegedy et al. 2016).
    """
    members = logits.shape[1]
    targets = labels if members == 1 else labels.repeat_interleave(members)
    flat = logits.flatten(0, 1).float()
    return F.cross_entropy(flat, targets, reduction="sum", label_smoothing=smoothing) / members


def log_probabilities(logits: Tensor) -> Tensor:
    """[B, M, K] → [B, K]: the logarithm of the members' mean probability."""
    return torch.logsumexp(F.log_softmax(logits.float(), -1), 1) - math.log(logits.shape[1])


def score(logits: Tensor, labels: Tensor) -> Tensor:
    """[B, M, K], [B] → [2]: the summed log loss in nats, and how many rows are right."""
    found = log_probabilities(logits)
    return torch.stack([F.nll_loss(found, labels, reduction="sum"), (found.argmax(1) == labels).sum().float()])
