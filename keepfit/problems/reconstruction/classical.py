"""What the network is set against: each column by itself, and probabilistic principal components.

Names have no components: both tell them by their shares. The rest of the way, to strangeness and shares, is the
network's own. B rows, D cells that are quantities, K numbers a row.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from keepfit.data import feed
from keepfit.data.batch import Inputs
from keepfit.data.transform import Transform
from keepfit.features.principal import principal
from keepfit.features.whole import Whole
from keepfit.problems.answer import Answers
from keepfit.problems.described import layout_of
from keepfit.problems.reconstruction import Target
from keepfit.problems.reconstruction.learn import answers, figures
from keepfit.problems.reconstruction.strangeness import reach

_MOST = 20_000
"""Train rows that components are found from."""
_AT_ONCE = 4096


@torch.no_grad()
def baselines(folder: Path, transform: Transform) -> tuple[str, Answers, Answers]:
    """The second one in words; the answers of both to the test rows."""
    train, validation, test = (feed.read(folder / part, transform) for part in ("train", "validation", "test"))
    learned = next(iter(train.in_order(_MOST))).inputs
    target, found = transform.target, list[NDArray[np.float64]]()
    assert isinstance(target, Target)
    for components in (0, target.code):
        model = Components(transform, learned, components)
        ordinary = torch.cat([model(batch.inputs) for batch in validation.in_order(_AT_ONCE)])
        known = reach(figures(ordinary, target).T.numpy())
        asked = (answers(model(batch.inputs), target, known) for batch in test.in_order(_AT_ONCE))
        found.append(np.concatenate([some.numpy() for some in asked]))
    return f"{target.code} probabilistic principal components", found[0], found[1]


class Components:
    """A normal density of all that is a quantity, and shares of all that is a name."""

    def __init__(self, transform: Transform, learned: Inputs, components: int) -> None:
        self.whole, self.layout = Whole(transform), layout_of(transform.target)
        self.shares = self.whole.shares(learned)
        self.normal = principal(self.whole.levels(learned), components)
        self.whole.spread(self.normal.noise.sqrt())

    def __call__(self, inputs: Inputs) -> Tensor:
        """A batch's inputs → [B, 1, K] as a network gives it."""
        levels, normal = self.whole.levels(inputs), self.normal
        off_centre = (levels - normal.centre) / normal.noise.sqrt()
        read = off_centre @ normal.scaled
        code = torch.linalg.solve(normal.inner, read.T).T
        given = self._given(normal.centre + code @ normal.ways.T)
        _, off = self.whole.cost(given, inputs)
        plain, _ = self.whole.cost(self._given(levels), inputs)  # as if nothing were off
        apart = 0.5 * (off_centre.square().sum(1) - (code * read).sum(1) + torch.logdet(normal.inner))
        cost = plain.double().sum(1) + apart
        padded = torch.zeros(len(levels), self.layout.code, dtype=torch.float64)
        padded[:, : code.shape[1]] = code
        none = torch.zeros(len(levels), 1, dtype=torch.float64)
        said = (cost[:, None], none, self.whole.look(inputs), padded, off, self.whole.mended(given))
        return torch.cat([one.double() for one in said], 1)[:, None]

    def _given(self, levels: Tensor) -> Tensor:
        """[B, D] → what a network would give [B, O]."""
        given = self.shares.repeat(len(levels), 1)
        given[:, self.whole.quantities[1]] = levels.float()
        return given
