"""ROCKET (Dempster, Petitjean and Webb 2020) with ridge regression, as a baseline for series of any length.

Random kernels of 7, 9 or 11 weights, each dilated at random, over some of the channels; of each its greatest answer and
the share of steps that it answers above zero. Series are standardised by channel. N series, T steps, C channels.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import RidgeClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from keepfit.data.batch import RaggedTensor, Rows, joined

KERNELS = 2_000
NAME = f"ROCKET, {KERNELS:,} kernels"


def right(train: list[Rows], test: Rows, seed: int) -> float:
    """The share of right answers to the test rows, learned from the others."""
    known = joined(train)
    count = len(known)
    series, there = padded(joined([known, test]), count)
    found = answers(series, there, np.random.default_rng(seed))
    model = make_pipeline(StandardScaler(), RidgeClassifierCV(np.logspace(-3, 3, 10)))
    model.fit(found[:count], known.labels.numpy())
    return float((model.predict(found[count:]) == test.labels.numpy()).mean())


def padded(rows: Rows, train: int) -> tuple[Tensor, Tensor]:
    """[N, C, T] with 0 behind the ends and for what is missing, and which steps are there [N, 1, T]."""
    (held,) = rows.inputs.values()
    values, lengths = (
        (held.padded(), held.lengths)
        if isinstance(held, RaggedTensor)
        else (held, torch.full((len(held),), held.shape[1]))
    )
    values = values.double()
    there = torch.arange(values.shape[1]) < lengths[:, None]
    known = values[:train][there[:train]]
    mean, deviation = known.nanmean(0), (known - known.nanmean(0)).square().nanmean(0).sqrt()
    scaled = ((values - mean) / deviation.clamp_min(1e-12)).nan_to_num() * there[..., None]
    return scaled.transpose(1, 2).float(), there[:, None]


def answers(series: Tensor, there: Tensor, random: np.random.Generator) -> NDArray[np.float32]:
    """[N, 2 KERNELS]."""
    channels, steps = series.shape[1:]
    columns = []
    for _ in range(KERNELS):
        size = int(random.choice((7, 9, 11)))
        some = random.choice(channels, int(2 ** random.uniform(0, np.log2(min(channels, size) + 1))), replace=False)
        weight = random.normal(size=(1, len(some), size))
        weight = torch.from_numpy(weight - weight.mean(2, keepdims=True)).float()
        dilation = int(2 ** random.uniform(0, np.log2(max((steps - 1) / (size - 1), 1))))
        reach = dilation * (size - 1) // 2
        found = F.conv1d(series[:, some], weight, torch.tensor([random.uniform(-1, 1)]).float(), 1, reach, dilation)
        seen = _seen(there, reach) if random.integers(2) else there
        counted = ((found > 0) & seen).sum((1, 2)) / seen.sum((1, 2))
        columns += [found.masked_fill(~seen, -torch.inf).amax((1, 2)), counted]
    return torch.stack(columns, 1).numpy()


def _seen(there: Tensor, reach: int) -> Tensor:
    """Where a kernel lies within its series; everywhere, of series shorter than the kernel."""
    place, lengths = torch.arange(there.shape[2]), there.sum(2, keepdim=True)
    inside = (place >= reach) & (place < lengths - reach)
    return torch.where(lengths > 2 * reach, inside, there)
