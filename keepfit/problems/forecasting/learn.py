"""Squared or absolute errors of what comes next, and forecasts with their intervals.

B or N rows, M ensemble members, H steps ahead. A network gives a number a step, in units of what differences leave.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from keepfit.config.source import HISTORY
from keepfit.data.feed import Part
from keepfit.data.transform import Transform
from keepfit.problems.forecasting import Settings, Target
from keepfit.problems.forecasting.histories import drawn
from keepfit.problems.forecasting.naive import forecasts
from keepfit.problems.forecasting.network import network
from keepfit.problems.forecasting.space import bounds, learned
from keepfit.problems.forecasting.spread import distances, far, level, reach_of
from keepfit.problems.objective import Objective, Reach

__all__ = ["answers", "network", "objective", "told"]


class Ahead(Objective):
    """The mean error over the steps of a row, in units of what differences leave."""

    def __init__(self, settings: Settings, target: Target) -> None:
        self.settings, self.target = settings, target
        self.least, self.most = bounds(target)

    def labels(self, labels: Tensor) -> Tensor:
        """float64 [N, H] → as learned."""
        return torch.from_numpy(learned(labels.numpy(), self.target))

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """[B, M, H], [B, H] → summed over the rows."""
        return self._loss(outputs - labels[:, None]).mean((1, 2)).sum()

    def score(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """[B, M, H], [B, H] → [2]: the summed loss of the answers, and their summed error in the target's own unit."""
        found = self._found(outputs)
        off = _values(found, self.target) - _values(labels, self.target)
        return torch.stack([self._loss(one).mean(1).sum() for one in (found - labels, off)])

    def judged(self, sums: Sequence[float], rows: int) -> dict[str, float]:
        """Loss, and RMSE or MAE."""
        error = sums[1] / rows
        return {"loss": sums[0] / rows, **({"rmse": float(np.sqrt(error))} if self._squared else {"mae": error})}

    def misses(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """[B, M, H], [B, H] → [1 + D, B], D as `keepfit.problems.forecasting.spread` has it."""
        found = self._found(outputs)
        off = found - labels
        levels = level(_values(found, self.target), self.target)
        return torch.cat([self._loss(off).mean(1, keepdim=True), distances(off, levels)], 1).T

    def reach(self, distances: Tensor) -> Reach:
        """How far the truth lies from the forecast of each step, by its number."""
        return reach_of(distances, self.settings.interval)

    @property
    def _squared(self) -> bool:
        return self.settings.loss == "mse"

    def _found(self, outputs: Tensor) -> Tensor:
        return outputs.double().mean(1).clamp(self.least, self.most)

    def _loss(self, off: Tensor) -> Tensor:
        return off.square() if self._squared else off.abs()


def objective(settings: Settings, target: Target, _smoothing: float) -> Objective:
    """The loss that the settings name."""
    return Ahead(settings, target)


def answers(outputs: Tensor, target: Target, reach: Reach) -> Tensor:
    """[B, M, H] → float64 [B, 3 H]: the values of all steps, then the low and then the high ends of their intervals."""
    middle = outputs.double().mean(1)
    off = far(_values(middle.clamp(*bounds(target)), target), target, reach)
    ends = torch.cat([middle, middle - off, middle + off], 1)
    return _values(ends.clamp(*bounds(target)), target)


def _values(found: Tensor, target: Target) -> Tensor:
    """Back to the target's unit."""
    return (found * target.std + target.mean).exp() if target.log else (found + target.mean / target.std) * target.std


@torch.no_grad()
def told(_model: Any, part: Callable[[str], Part], transform: Transform) -> dict[str, Any]:
    """`naive`: the errors of forecasts for which nothing is learned; `histories`: the values before those test rows
    whose whole forecast is drawn."""
    target = transform.target
    assert isinstance(target, Target)
    rows = part("test").load((0,)).batch()
    series, labels = rows.inputs[transform.entries[HISTORY].tensor], rows.labels.numpy()
    seen = series[..., 0].double().numpy()
    naive = [{"name": name, **_errors(found - labels, target.scale)} for name, found in forecasts(seen, target).items()]
    return {"naive": naive, "histories": seen[drawn(len(rows))].tolist()}


def _errors(off: Any, scale: float) -> dict[str, Any]:
    steps = np.sqrt(np.square(off).mean(0)).tolist()
    mae = float(np.abs(off).mean())
    return {"rmse": float(np.sqrt(np.square(off).mean())), "mae": mae, "mase": mae / scale, "steps": steps}
