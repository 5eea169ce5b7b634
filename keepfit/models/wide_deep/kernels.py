"""The wide part over a series: logits linear in how much of it many small kernels, which are not learned, answer to.

MiniRocket (Dempster, Schmidt and Webb 2021, arXiv:2012.08791): the 84 kernels of 9 steps with three weights of 2 and
six of -1, each over some channels and at several dilations; a column is the share of steps at which the answer is above
a bias, which is a quantile of the answers to one train row. Beside them stand each kernel's strongest answer (as in
Dempster, Petitjean and Webb 2020, arXiv:1910.13051), the same of the differences between steps (Tan et al. 2022,
arXiv:2102.00457) where these help, and each channel's moments, which such kernels do not see.

N rows, B of them a batch, T steps, C channels, V columns, K outputs.
"""

from __future__ import annotations

import math
from itertools import combinations
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from keepfit.data.batch import RaggedTensor, Rows
from keepfit.features.sequence import Entry
from keepfit.features.sequence.net import Steps
from keepfit.models.linear_fit import Floats, Matrix

_LENGTH, _HIGH = 9, 3
KERNELS = math.comb(_LENGTH, _HIGH)
MOST = 60 * KERNELS
"""V at most, of the steps and of their differences each, but for what is not of biases."""
_CELLS, _WORK = 1e8, 3e10
"""Columns of all rows, and steps looked at for them, that are worth their time."""
_SOFT = 0.02
"""Deviations around a bias within which a step counts in part, so that rounding changes nothing."""
_STILL = 1e-4
"""Deviation of a column that says nothing."""
_TURNED = 2000
"""Rows from which their own directions take longer to find than fits along all columns do."""
_ROWS, _AT_ONCE = 64, 4096
"""Rows, and biases times steps of a typical one, that are looked at in one go: some 100 MB."""


def columns_for(rows: int, steps: int) -> int:
    """V that so many rows are worth."""
    return int(min(MOST, max(4 * KERNELS, min(_CELLS / rows, _WORK / rows / steps))))


class Kernels(nn.Module):
    """A series → K numbers. Nothing here is learned by steps."""

    strengths: ClassVar[tuple[float, ...]] = (0.3, 3.0, 30.0, 300.0, 3000.0, 30_000.0)
    prior: ClassVar[None] = None
    variants: ClassVar[tuple[bool, ...]] = (False, True)
    """Without the differences between steps, and with them."""
    kernels: Tensor
    """Weights [2 · dilations, 84, C, 9]: for the steps, then for the differences."""
    asked: Tensor
    """Which train row each kernel is asked of for its biases, from 0 to 1 [2, dilations, 84]."""
    levels: Tensor
    """Which of the answers to it are biases, from 0 to 1 [2, dilations, 84, Q]."""
    biases: Tensor
    """[2, dilations, 84, Q]."""
    soft: Tensor
    """Around a bias, [2, dilations]."""
    mean: Tensor
    scale: Tensor
    weight: Tensor

    def __init__(self, entry: Entry, outputs: int, columns: int) -> None:
        super().__init__()
        self.name = entry.tensor
        self.steps = Steps(entry)
        self.dilations = _dilations(entry.steps, columns // KERNELS)
        each = max(1, columns // KERNELS // len(self.dilations))
        self.at_once = max(1, _AT_ONCE // entry.steps)
        shape = (2, len(self.dilations), KERNELS)
        self.plain = math.prod(shape[1:]) * (each + 1) + 4 * entry.channels
        width = math.prod(shape) * (each + 1) + 4 * entry.channels
        drawn = _kernels()[:, None] * _some_channels(shape, entry.channels)[..., None]
        named = {
            "kernels": drawn.flatten(0, 1),
            "asked": torch.rand(shape),
            "levels": torch.arange(math.prod(shape) * each).view(*shape, each) * 0.618034 % 1,
            "biases": torch.zeros(*shape, each),
            "soft": torch.ones(2, len(self.dilations)),
            "mean": torch.zeros(width),
            "scale": torch.zeros(width),
            "weight": torch.zeros(width, outputs),
        }
        for name, value in named.items():
            self.register_buffer(name, value)

    def forward(self, series: Tensor) -> Tensor:
        """[B, T, C], NaN behind the end → [B, K]."""
        found: Tensor = ((self.answers(series) - self.mean) * self.scale) @ self.weight
        return found

    def answers(self, series: Tensor) -> Tensor:
        """[B, T, C] → [B, V]: moments, what is of the steps, and what is of the differences."""
        steps, there = (one.transpose(1, 2) for one in self.steps(series))
        found = [*_moments(steps, there, there / there.sum(2, keepdim=True).clamp_min(1))]
        for of, given in enumerate((steps, _differences(steps, there))):
            for number, dilation in enumerate(self.dilations):
                maps = _convolved(given, self.kernels[of * len(self.dilations) + number], dilation)
                seen = _seen(there, number, dilation)
                share = seen / seen.sum(2, keepdim=True).clamp_min(1)
                found.append(_most(maps, seen))
                for biases in self.biases[of, number].split(self.at_once, 1):
                    above = ((maps[:, :, None] - biases[:, :, None]) / self.soft[of, number] + 0.5).clamp(0, 1)
                    found.append((above * share[:, :, None]).sum(3).flatten(1))
        return torch.cat(found, 1)

    def see(self, rows: Rows, *others: Rows) -> None:
        """Set the biases from the first rows, then look at all of them."""
        series = _series(rows, self.name)
        for number, dilation in enumerate(self.dilations):
            self._ask(series, number, dilation)
        self._seen = [self._all(_series(some, self.name)) for some in (rows, *others)]
        self.mean.copy_(self._seen[0].mean(0))

    def turn(self, variant: bool) -> list[Matrix]:
        """The columns [N, V] of the rows that were seen, as they were given, with the differences or not. Of few rows
        there are as many columns as rows."""
        std = self._seen[0].std(0)
        std[self.plain :] *= variant
        scale = torch.where(std > _STILL, 1 / std.clamp_min(_STILL), 0.0)
        self.scale.copy_(scale / (scale > 0).sum().clamp_min(1).sqrt())
        scaled = [((found - self.mean) * self.scale).double() for found in self._seen]
        few = len(scaled[0]) < min(_TURNED, scaled[0].shape[1])
        self._basis = _basis(scaled[0]) if few else None
        return [self._turned(found) for found in scaled]

    def take(self, weight: Floats) -> None:
        """What was fitted to such columns."""
        whole = torch.from_numpy(weight)
        self.weight.copy_(whole if self._basis is None else self._basis @ whole.double())
        del self._seen, self._basis

    def _ask(self, series: RaggedTensor, number: int, dilation: int) -> None:
        """The biases of one dilation: quantiles of each kernel's answers to a train row."""
        for of in (0, 1):
            asked = (self.asked[of, number] * len(series.lengths)).long()
            steps, there = (one.transpose(1, 2) for one in self.steps(series[asked].padded()))
            given = _differences(steps, there) if of else steps
            maps = _convolved(given, self.kernels[of * len(self.dilations) + number], dilation).diagonal().T
            self.soft[of, number] = _SOFT * float(maps[there[:, 0] > 0].std().nan_to_num(1.0).clamp_min(1e-3))
            ordered = maps.masked_fill(there[:, 0] == 0, torch.inf).sort(1).values
            places = (self.levels[of, number] * (there.sum(2).clamp_min(1) - 1)).round().long()
            self.biases[of, number] = ordered.gather(1, places).nan_to_num(posinf=0.0)

    def _all(self, series: RaggedTensor) -> Tensor:
        """[N, V], some rows of about one length at a time."""
        order = series.lengths.argsort(stable=True)
        found = torch.cat([self.answers(series[some].padded()) for some in order.split(_ROWS)])
        return found[order.argsort()]

    def _turned(self, scaled: Tensor) -> Matrix:
        return (scaled if self._basis is None else scaled @ self._basis).float().numpy()


def _dilations(steps: int, most: int) -> list[int]:
    """From 1 to where a kernel spans a typical row, evenly by their logarithm."""
    highest = math.log2(max(1.0, (steps - 1) / (_LENGTH - 1)))
    count = max(1, min(most, 32, math.ceil(4 * highest) + 1))
    return sorted({int(2**power) for power in np.linspace(0, highest, count)})


def _kernels() -> Tensor:
    """[84, 9]."""
    made = -torch.ones(KERNELS, _LENGTH)
    made[torch.arange(KERNELS)[:, None], torch.tensor([*combinations(range(_LENGTH), _HIGH)])] = 2
    return made


def _some_channels(shape: tuple[int, ...], channels: int) -> Tensor:
    """1 for each channel that a kernel sees [*shape, C]: few more often than many, 9 at most."""
    count = 2 ** (torch.rand(shape) * math.log2(min(channels, 9) + 1))
    order = torch.rand(*shape, channels).argsort(-1).argsort(-1)
    return (order < count.int()[..., None]).float()


def _convolved(steps: Tensor, kernels: Tensor, dilation: int) -> Tensor:
    """[B, C, T], [84, C, 9] → [B, 84, T]."""
    return F.conv1d(steps, kernels, padding=dilation * (_LENGTH // 2), dilation=dilation)


def _seen(there: Tensor, number: int, dilation: int) -> Tensor:
    """[B, 1, T] → which steps each kernel is asked at [B, 84, T]: every second one only where it lies within the row,
    so that it tells where in a row things are. Of rows shorter than it, all."""
    reach = dilation * (_LENGTH // 2)
    place, lengths = torch.arange(there.shape[2], device=there.device), there.sum(2, keepdim=True)
    within = there * ((place >= reach) & (place < lengths - reach))
    second = torch.arange(KERNELS, device=there.device) % 2 == number % 2
    return torch.where(second[:, None] & (lengths > 2 * reach), within, there)


def _differences(steps: Tensor, there: Tensor) -> Tensor:
    """[B, C, T] → each step less the one before it; 0 for the first, and behind the end."""
    return (steps - F.pad(steps, (1, 0))[..., :-1]) * F.pad(there, (1, 0))[..., :-1] * there


def _most(maps: Tensor, there: Tensor) -> Tensor:
    """[B, F, T], [B, 1, T] → the greatest [B, F]; 0 where no step is."""
    return maps.masked_fill(there == 0, -1e9).amax(2).where(there.amax(2) > 0, 0.0)


def _moments(steps: Tensor, there: Tensor, share: Tensor) -> tuple[Tensor, ...]:
    """Mean, deviation, least and most of each channel, each [B, C]."""
    mean = (steps * share).sum(2)
    std = ((steps - mean[..., None]).square() * share).sum(2).clamp_min(1e-12).sqrt()
    return mean, std, -_most(-steps, there), _most(steps, there)


def _basis(scaled: Tensor) -> Tensor:
    """[V, rank]: directions of which the rows [N, V] are made. Small weights along them are small weights at all, and
    fits to N columns take a part of the time of fits to V."""
    values, vectors = torch.linalg.eigh(scaled @ scaled.T)
    kept = values > 1e-9 * values.amax()
    turned: Tensor = scaled.T @ (vectors[:, kept] / values[kept].sqrt())
    return turned


def _series(rows: Rows, name: str) -> RaggedTensor:
    found = rows.inputs[name]
    assert isinstance(found, RaggedTensor)
    return found
