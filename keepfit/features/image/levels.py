"""How light and how varied pictures are: what shows when a camera, a scanner or a lamp was changed.

n pictures of h × w × c bytes.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keepfit.features.image import Entry
from keepfit.features.shared.figures import tenths

_RANKS = 1001
Counts = dict[str, NDArray[np.int64]]
SIZES = {"brightness": 256, "contrast": 128}
"""What is looked at → how many levels it has: the mean of a picture's bytes, and their standard deviation."""


def counted(pictures: NDArray[Any]) -> Counts:
    """[n, h, w, c] → pictures of each level."""
    return {part: np.bincount(found, minlength=SIZES[part]) for part, found in _levels(pictures).items()}


def of_train(entry: Entry) -> dict[str, list[int]]:
    """Train pictures in each bin; nothing of an entry that was fitted before they were counted."""
    return {part: np.add.reduceat(counts, [0, *edges]).tolist() for part, (counts, edges) in _cuts(entry).items()}


def names(entry: Entry) -> dict[str, tuple[str, ...]]:
    """The bins in words, in per cent of white."""
    return {part: _named(part, edges) for part, (_, edges) in _cuts(entry).items()}


def fallen(pictures: NDArray[Any], entry: Entry) -> Counts:
    """[n, h, w, c] → pictures in each bin."""
    found, cuts = counted(pictures), _cuts(entry)
    return {part: np.add.reduceat(found[part], [0, *edges]) for part, (_, edges) in cuts.items()}


def _levels(pictures: NDArray[Any]) -> Counts:
    axes = tuple(range(1, pictures.ndim))
    found = {"brightness": pictures.mean(axes, np.float32).round(), "contrast": pictures.std(axes, np.float32)}
    return {part: values.astype(np.int64) for part, values in found.items()}


def _cuts(entry: Entry) -> dict[str, tuple[NDArray[np.int64], list[int]]]:
    """Train pictures of each level, and the levels at which a bin begins, but for the first."""
    cuts = {}
    for part in SIZES:
        counts = np.array(getattr(entry, part), np.int64)
        if not counts.sum():
            continue
        evenly = np.searchsorted(np.cumsum(counts), np.linspace(1, counts.sum(), _RANKS))
        edges = np.unique(np.ceil(tenths(evenly.astype(np.float64))).astype(int)).tolist()
        cuts[part] = (counts, [edge for edge in edges if 0 < edge < len(counts)])
    return cuts


def _named(part: str, edges: list[int]) -> tuple[str, ...]:
    ends = [0, *edges, SIZES[part]]
    top = SIZES[part] - 1
    return tuple(f"{part} {100 * low / top:.0f} to {100 * (high - 1) / top:.0f} %" for low, high in pairwise(ends))
