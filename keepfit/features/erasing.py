"""A column's cells with parts of them left out, one at a time: what an answer rests on shows in how far it moves.

Li, Monroe and Jurafsky 2016, "Understanding neural networks through representation erasure" (arXiv:1612.08220). It asks
nothing of a model, and what it says holds of the whole of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keepfit.data.ragged import Block, behind
from keepfit.data.transform import Entry, in_view
from keepfit.features.kind import Region, in_views
from keepfit.features.lookup import kind_of

_TOGETHER = 256
"""Parts that are left out together, each in a row of its own, at least."""


@dataclass(frozen=True)
class Erased:
    """One part of one cell."""

    place: int
    """Of the cell among those that were asked about."""
    part: Region
    """Where it stands: see `keepfit.features.kind.Region`."""
    name: str
    """What stands there, where the same may stand elsewhere."""


Leanings = dict[str, NDArray[np.float64]]
"""Side → how far each row's answer leans to it: see `keepfit.problems.answer.Answer.leanings`."""
Group = tuple[list[Erased], dict[str, Block]]
"""Some parts, and the column's views without them, a row each; "" where there is one view alone."""


def erasures(cells: Sequence[Any], entry: Entry, most: int) -> Iterator[Group]:
    """Every part of typed cells, the first cells first, as far as `most` reaches; a missing cell has none."""
    kind, found, views, left = kind_of(entry.kind), list[Erased](), list[dict[str, Block]](), most
    for place, cell in enumerate(cells):
        parts = kind.parts(cell, entry)[:left] if cell is not None else []
        if parts:
            left -= len(parts)
            found += [Erased(place, part, kind.part_name(cell, part)) for part in parts]
            views.append(in_views(kind.without(cell, parts, entry)))
        if len(found) >= _TOGETHER:
            yield found, _joined(views)
            found, views = [], []
    if found:
        yield found, _joined(views)


def effects(
    cells: Sequence[Any],
    entry: Entry,
    rows: dict[str, Block],
    tensor: str,
    leanings: Callable[[dict[str, Block], int], Leanings],
    most: int,
) -> Iterator[tuple[list[Erased], Leanings]]:
    """The same parts, and how much less answers lean to each side without each of them; none where there are no sides.

    `rows` are what a model takes, the cells' as `tensor` among them; of so many such rows `leanings` tells.
    """
    before = leanings(rows, len(cells))
    if not before:
        return
    for found, views in erasures(cells, entry, most):
        of = np.array([one.place for one in found])
        changed = {name: block[of] for name, block in rows.items()}
        changed |= {in_view(tensor, view): block for view, block in views.items()}
        after = leanings(changed, len(of))
        yield found, {side: before[side][of] - after[side] for side in before}


def _joined(views: list[dict[str, Block]]) -> dict[str, Block]:
    return {name: behind([one[name] for one in views]) for name in views[0]}
