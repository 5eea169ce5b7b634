"""The rows to learn from, cut anew: all of them in turn choose an epoch, and all others are then learned from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from keepfit.data import feed
from keepfit.data.batch import Rows, joined
from keepfit.data.feed import Part, held
from keepfit.data.transform import Transform
from keepfit.models.fitted import dealt
from keepfit.stages.training.enriched import Enriched, enriched
from keepfit.store.artifacts import Learnable
from keepfit.store.files import digest_of


class Fold(Learnable):
    """Train and validation rows together, of which one part in `of` is for choosing."""

    number: int
    """Which, from 0."""
    of: int


def fold(prepared: Learnable, number: int, of: int, rows: int) -> Fold:
    """The `number`-th cut of so many `rows`."""
    digest = digest_of({"learned": prepared.digest, "cut": number, "of": of})
    train = rows - len(range(number, rows, of))
    return Fold(path=prepared.path, digest=digest, train=train, number=number, of=of)


def parts(store: Path, transform: Transform, cut: Learnable) -> tuple[Part, Part, Tensor]:
    """The rows to learn from, those to choose by, and which of all these are, the train rows being first: int64 [n]."""
    train, validation = (feed.read(store / cut.path / part, transform) for part in ("train", "validation"))
    if isinstance(cut, Enriched):
        train = held(enriched(train.load((0,)), cut, transform, store))
    if not isinstance(cut, Fold):
        return train, validation, torch.arange(len(train), len(train) + len(validation))
    rows = whole(train, validation)
    chosen = torch.from_numpy(places(rows.labels.numpy(), cut))
    others = torch.ones(len(rows), dtype=torch.bool)
    others[chosen] = False
    return held(rows.take(others.nonzero()[:, 0])), held(rows.take(chosen)), chosen


def whole(train: Part, validation: Part) -> Rows:
    """All of the two parts, the train rows first. Both must be held."""
    return joined([train.load((0,)), validation.load((0,))])


def places(labels: NDArray[np.generic], cut: Fold) -> NDArray[np.int64]:
    """Which of all rows choose in this cut, rising."""
    return np.flatnonzero(dealt(labels, cut.of) == cut.number)
