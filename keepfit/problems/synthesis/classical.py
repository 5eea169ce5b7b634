"""What new rows are set beside: rows of other rows' cells, and rows of principal components. N rows, C cells."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from keepfit.data import feed
from keepfit.data.transform import Transform
from keepfit.features.principal import principal
from keepfit.features.whole import Whole
from keepfit.problems.answer import Answers
from keepfit.problems.synthesis import Target, given_places

_MOST = 20_000
"""Train rows that are looked at."""
_FEW = 5
"""Rows of what is given, below which those of all are taken."""


@torch.no_grad()
def baselines(folder: Path, transform: Transform) -> tuple[str, Answers, Answers]:
    """The second one in words; the answers of both for the test rows."""
    target, whole = transform.target, Whole(transform)
    assert isinstance(target, Target)
    train = whole.cells_of(next(iter(feed.read(folder / "train", transform).in_order(_MOST))).inputs).double()
    test = feed.read(folder / "test", transform)
    own = torch.cat([whole.cells_of(batch.inputs) for batch in test.in_order(4096)]).double()
    given, draw = given_places(target), torch.Generator().manual_seed(0)
    free = [place for place in range(target.cells) if place not in given]
    names = _names(target)
    found = []
    for components in (0, target.code):
        made = own.clone()
        for key in own[:, given].unique(dim=0):
            asked = (own[:, given] == key).all(1)
            there = (train[:, given] == key).all(1)
            rows = train[there] if int(there.sum()) >= _FEW else train
            count = int(asked.sum())
            new = torch.stack([column[torch.randint(len(rows), (count,), generator=draw)] for column in rows.T], 1)
            if components:
                new = torch.where(names, new, _normal(rows, components, count, draw))
            made[asked.nonzero(), free] = new[:, free]
        found.append(np.concatenate([np.zeros((len(own), 1)), own.numpy(), made.numpy()], axis=1))
    return f"rows of {target.code} principal components", found[0], found[1]


def _normal(rows: Tensor, components: int, count: int, draw: torch.Generator) -> Tensor:
    """New rows by a normal density of rows [N, C]."""
    found = principal(rows, min(components, max(len(rows) - 1, 1)))
    code = torch.randn(count, found.ways.shape[1], generator=draw, dtype=torch.float64)
    grain = torch.randn(count, rows.shape[1], generator=draw, dtype=torch.float64) * found.noise.sqrt()
    made = found.centre + code @ found.ways.T + grain
    return made.clamp(rows.amin(0), rows.amax(0))


def _names(target: Target) -> Tensor:
    """Which cells are codes [C]."""
    return torch.tensor([is_name for c in target.columns for is_name in [bool(c.how.get("vocabulary"))] * c.cells])
