"""Squared, absolute or Huber's loss, and values with their intervals.

B or N rows, M ensemble members (1 for a single model). A network gives one number, the standardised value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from keepfit.problems.objective import Objective, Reach, covering
from keepfit.problems.regression import Settings, Target
from keepfit.problems.regression.space import bounds, learned

_LOSSES = {"mse": F.mse_loss, "mae": F.l1_loss, "huber": F.smooth_l1_loss}
"""Huber's turns from squared to absolute at one standard deviation of the target."""


LACKS = True


class Value(Objective):
    """A loss on standardised values."""

    def __init__(self, settings: Settings, target: Target) -> None:
        self.settings, self.target = settings, target
        self.least, self.most = bounds(target)

    def labels(self, labels: Tensor) -> Tensor:
        """float64 [N] → standardised, float32."""
        return torch.from_numpy(learned(labels.numpy(), self.target)).float()

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """[B, M, 1], [B] → summed over the rows."""
        found = outputs.squeeze(-1).float()
        wanted = labels[:, None].expand_as(found)
        return self._loss(found, wanted) / outputs.shape[1]

    def score(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """[B, M, 1], [B] → [2]: the summed loss of the answers, and their summed error in the target's own unit."""
        found = self._found(outputs)
        off = self._off(found, labels)
        return torch.stack([self._loss(found, labels), (off.square() if self._squared else off.abs()).sum()])

    def judged(self, sums: Sequence[float], rows: int) -> dict[str, float]:
        """Loss, and RMSE or MAE."""
        error = sums[1] / rows
        figure = {"rmse": math.sqrt(error) * self._unit} if self._squared else {"mae": error * self._unit}
        return {"loss": sums[0] / rows, **figure}

    def misses(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """[B, M, 1], [B] → [2, B], both standardised."""
        found = self._found(outputs)
        return torch.stack([self._loss(found, labels, "none"), (found - labels).abs()])

    def reach(self, distances: Tensor) -> Reach:
        """How far the truth lies from an answer, standardised."""
        return {"reach": covering(distances[0], self.settings.interval)}

    @property
    def _squared(self) -> bool:
        return self.settings.loss == "mse"

    @property
    def _unit(self) -> float:
        """Keeps sums in float32 near one."""
        return (self.target.high - self.target.low) or 1.0

    def _off(self, found: Tensor, labels: Tensor) -> Tensor:
        """Errors in units: no value is made on the way that float32 cannot hold, or holds in few digits."""
        if not self.target.log:
            return (found - labels) * (self.target.std / self._unit)
        ends = (values * self.target.std + (self.target.mean - math.log(self._unit)) for values in (found, labels))
        there, wanted = (end.exp() for end in ends)
        return there - wanted

    def _found(self, outputs: Tensor) -> Tensor:
        return outputs.float().mean(1).squeeze(-1).clamp(self.least, self.most)

    def _loss(self, found: Tensor, wanted: Tensor, reduction: str = "sum") -> Tensor:
        return _LOSSES[self.settings.loss](found, wanted, reduction=reduction)


def objective(settings: Settings, target: Target, _smoothing: float) -> Objective:
    """The loss that the settings name."""
    return Value(settings, target)


def answers(outputs: Tensor, target: Target, reach: Reach) -> Tensor:
    """[B, M, 1] → float64 [B, 3]: the value, and the ends of its interval."""
    middle = outputs.double().mean(1).clamp(*bounds(target))
    ends = torch.cat([middle, middle - reach["reach"], middle + reach["reach"]], 1)
    return _values(ends, target)


SHARPENED = False
"""Outputs are values."""


def pooled(outputs: Tensor, shares: Tensor) -> Tensor:
    """[B, M, 1], [M] → [B, 1, 1]: outputs of which the answers are the members' answers, by their shares."""
    return (outputs.float() * shares[:, None]).sum(1, keepdim=True)


def _values(standardised: Tensor, target: Target) -> Tensor:
    """Back to the target's unit.

    No constant is added there but in deviations or offsets: the exporter takes an added 1e-9 for nothing.
    """
    if not target.log:
        return (standardised + target.mean / target.std) * target.std
    if not target.offset:
        return (standardised * target.std + target.mean).exp()
    return ((standardised * target.std + (target.mean - math.log(target.offset))).exp() - 1) * target.offset
