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
from keepfit.problems.classification.decision import counted
from keepfit.problems.objective import Objective, Reach, averaged

LACKS = True


class CrossEntropy(Objective):
    """The log loss in nats.

    `smoothing` spreads that much probability over all classes (Szegedy et al. 2016), `of_classes` says what a row of
    each class counts [K], and `focus` is the power that turns from rows answered well to the others (the γ of Lin et
    al. 2017, "Focal loss").
    """

    def __init__(self, smoothing: float = 0.0, of_classes: Sequence[float] = (), focus: float = 0.0) -> None:
        self.smoothing, self.focus = smoothing, focus
        self.of_classes = torch.tensor(of_classes) if of_classes else None

    def weights(self, labels: Tensor) -> Tensor | None:
        """By the row's class."""
        return None if self.of_classes is None else self.of_classes.to(labels.device)[labels.long()]

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """[B, M, K], [B] → summed over the rows."""
        members = outputs.shape[1]
        targets = labels if members == 1 else labels.repeat_interleave(members)
        flat = outputs.flatten(0, 1).float()
        if self.of_classes is None and not self.focus:
            return F.cross_entropy(flat, targets, reduction="sum", label_smoothing=self.smoothing) / members
        losses = F.cross_entropy(flat, targets, reduction="none", label_smoothing=self.smoothing)
        if self.focus:
            right = flat.log_softmax(1).gather(1, targets.long()[:, None])[:, 0].exp()
            losses = losses * (1 - right).clamp_min(_LEAST) ** self.focus
        weights = self.weights(targets)
        return (losses if weights is None else losses * weights).sum() / members

    def score(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """[B, M, K], [B] → [2]: the summed log loss in nats, by the classes' weights, and how many rows are right."""
        found = log_probabilities(outputs)
        weights = None if self.of_classes is None else self.of_classes.to(found.device)
        loss = F.nll_loss(found, labels, weight=weights, reduction="sum")
        return torch.stack([loss, (found.argmax(1) == labels).sum().float()])

    def judged(self, sums: Sequence[float], rows: int) -> dict[str, float]:
        """Log loss and accuracy."""
        return {"loss": sums[0] / rows, "accuracy": sums[1] / rows}


_LEAST = 1e-6
"""Below it a power of under 1 has no slope."""


def objective(settings: Settings, target: Target, smoothing: float) -> Objective:
    """Cross-entropy."""
    return CrossEntropy(smoothing, _of_classes(settings, target), settings.focus)


def _of_classes(settings: Settings, target: Target) -> list[float]:
    """[K], with a mean of 1 over the train rows; empty where all count alike."""
    if settings.weights is None:
        return []
    return [weight / max(rows, 1) for weight, rows in zip(counted(settings, target), target.rows, strict=True)]


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
