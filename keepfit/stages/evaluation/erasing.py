"""What in a test row its answer rests on: each part of a cell left out, and the network asked again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from keepfit.data.transform import Entry, Transform, in_view
from keepfit.features.erasing import Erased, erasures
from keepfit.features.lookup import kind_of
from keepfit.stages.evaluation.asking import Asking

ASKED = 6000
"""Rows with a part left out, of one column."""

Effect = dict[str, float]
"""How far a part moves the answer towards each side: see `keepfit.problems.answer.Answer.leanings`."""


def in_parts(transform: Transform) -> list[Entry]:
    """The columns whose cells have parts."""
    return [entry for entry in transform.features if kind_of(entry.kind).has_parts]


def asked(asking: Asking, entry: Entry, numbers: Sequence[int]) -> Iterator[tuple[Erased, Effect]]:
    """Every part of a column's cells in these test rows, the first rows first, as far as `ASKED` reaches; none where
    answers have no sides."""
    cells = asking.cells(numbers)
    whole = asking.blocks(cells)
    before = asking.leanings(whole, len(numbers))
    if not before:
        return
    for found, views in erasures(cells[entry.name].to_pylist(), entry, ASKED):
        of = np.array([one.place for one in found])
        changed = {name: block[of] for name, block in whole.items()}
        changed |= {in_view(entry.tensor, view): block for view, block in views.items()}
        after = asking.leanings(changed, len(of))
        moved = {side: before[side][of] - after[side] for side in before}
        yield from ((one, {side: float(m[n]) for side, m in moved.items()}) for n, one in enumerate(found))
