"""Binary cross-entropy of each label, and probabilities.

B rows, M ensemble members (1 for a single model), K labels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from keepfit.problems.multilabel import Settings, Target
from keepfit.problems.objective import Objective, Reach, averaged

LACKS = True


class Labels(Objective):
    """The log loss of a row in nats, the mean over its labels.

    `smoothing` draws each label towards its share of the train rows. Towards one half, as of two classes, the answer
    would be that a rare label is twenty times as frequent as it is.
    """

    def __init__(self, target: Target, smoothing: float = 0.0) -> None:
        self.smoothing = smoothing
        self.shares = torch.tensor(target.shares)

    def labels(self, labels: Tensor) -> Tensor:
        """uint8 [N, K] → float32."""
        return labels.float()

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """[B, M, K], [B, K] → summed over the rows."""
        targets = labels
        if self.smoothing:
            targets = torch.lerp(labels, self.shares.to(labels.device).expand_as(labels), self.smoothing)
        members, found = outputs.shape[1], outputs.float()
        wanted = targets[:, None].expand_as(found)
        return F.binary_cross_entropy_with_logits(found, wanted, reduction="sum") / (members * outputs.shape[2])

    def score(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """[B, M, K], [B, K] → [2]: the summed log loss in nats, and the summed shares of right labels."""
        there, absent = log_probabilities(outputs), log_probabilities(-outputs)
        losses = -torch.where(labels > 0, there, absent)
        right = (there >= math.log(0.5)) == (labels > 0)
        return torch.stack([losses.mean(1).sum(), right.float().mean(1).sum()])

    def judged(self, sums: Sequence[float], rows: int) -> dict[str, float]:
        """Log loss and label accuracy."""
        return {"loss": sums[0] / rows, "label_accuracy": sums[1] / rows}


def objective(_settings: Settings, target: Target, smoothing: float) -> Objective:
    """Cross-entropy of each label."""
    return Labels(target, smoothing)


def answers(outputs: Tensor, _target: Target, _reach: Reach) -> Tensor:
    """[B, M, K] → [B, K]: the sigmoid of each, mean over the members."""
    return averaged(outputs.float().sigmoid())


SHARPENED = True
"""Outputs may be multiplied by a number, which makes probabilities surer or less sure."""


def pooled(outputs: Tensor, shares: Tensor) -> Tensor:
    """[B, M, K], [M] → [B, 1, K]: outputs of which the answers are the members' answers, by their shares."""
    lean = shares.clamp_min(1e-30).log()[:, None]
    there, absent = (
        torch.logsumexp(F.logsigmoid(o) + lean, 1, keepdim=True) for o in (outputs.float(), -outputs.float())
    )
    return there - absent


def log_probabilities(logits: Tensor) -> Tensor:
    """[B, M, K] → [B, K]: the logarithm of the members' mean probability."""
    return torch.logsumexp(F.logsigmoid(logits.float()), 1) - math.log(logits.shape[1])
