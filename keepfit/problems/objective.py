"""What is minimised, what an epoch is judged by, and how a network's outputs become answers.

A problem's `learn` module has

    objective(settings, target, smoothing) → Objective    `settings` is its section of the YAML
    answers(outputs, target, reach) → Tensor [B, A]        in the target's unit; `reach` is what `Objective.reach` gave

and may have

    LACKS = True                            where a feature may be missing that others stand beside: see
                                            `keepfit.learning.changes`
    network(build, transform) → Module     what is trained, where a family's network, which `build` makes for a
                                            transform, is a part of it
    told(model, part, transform) → dict     what else metrics.json holds of the network itself, the `TrainedModel`;
                                            `part("test")` gives the test part. What is in `figures` are metrics of the
                                            model

B rows, M ensemble members (1 for a single network), O numbers a row (`target.outputs`), A numbers an answer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from torch import Tensor

Reach = dict[str, float]
"""What answers need beside the weights: how far the truth lies from them, for example."""


class Objective(ABC):
    """What one training is for."""

    def labels(self, labels: Tensor) -> Tensor:
        """Labels of the shards [N] as `loss` and `score` take them, made once."""
        return labels

    def weights(self, _labels: Tensor) -> Tensor | None:
        """How much each row counts in the loss, [N], with a mean of about 1; None where all count alike."""
        return None

    @abstractmethod
    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """[B, M, O], [B] → the summed loss, each member judged on its own and the members averaged."""

    @abstractmethod
    def score(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """[B, M, O], [B] → sums over the rows, of which `judged` makes figures."""

    @abstractmethod
    def judged(self, sums: Sequence[float], rows: int) -> dict[str, float]:
        """`loss`, by which the best epoch is chosen, and one more figure for a person, by the metric's name."""

    def losses(self, outputs: Tensor, labels: Tensor, groups: int) -> list[float]:
        """The mean loss of each of so many groups of rows, one behind the other, whose sizes differ by one at most."""
        pairs = zip(outputs.tensor_split(groups), labels.tensor_split(groups), strict=True)
        sums = ((self.score(some, true).tolist(), len(true)) for some, true in pairs)
        return [self.judged(total, rows)["loss"] for total, rows in sums]

    def misses(self, outputs: Tensor, _labels: Tensor) -> Tensor:
        """[B, M, O], [B] → [1 + D, B]: each row's loss, and how far the truth lies from its answer, in one number or
        several; [2, 0] for no reach."""
        return outputs.new_empty(2, 0)

    def reach(self, _distances: Tensor) -> Reach:
        """What answers need, from such distances [D, N] of rows that neither were learned from nor chose the epoch."""
        return {}


def averaged(answers: Tensor) -> Tensor:
    """[B, M, O] → [B, O], the mean over the members.

    Of one member it is that member's, and to the bit: the mean of one costs ONNX Runtime 2 % of Adult's whole graph.
    """
    return answers[:, 0] if answers.shape[1] == 1 else answers.mean(dim=1)


def covering(distances: Tensor, share: float, alike: float = 1.0) -> float:
    """How far the truth lies from an answer: split conformal prediction (Papadopoulos et al. 2002).

    Of n distances the (n + 1) · share-th smallest; a new row of the same kind lies within it with about that
    probability. Between two of them on the straight line: the next larger one would cover 91.3 % of new rows for
    90 where n is 45, by intervals 4 % wider. Beyond the n-th there is none, and it is the largest.
    Where `alike` of the distances say what one does, there are so many times fewer of them.
    """
    rows = len(distances)
    level = min(share * (rows + alike) / (rows + 1), 1.0)
    return float(np.quantile(distances.numpy(), level, method="weibull"))
