"""What in a test row its answer rests on: each part of a cell left out, and the network asked again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from keepfit.data.transform import Entry, Transform
from keepfit.features.erasing import Erased, effects
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
    typed, rows = cells[entry.name].to_pylist(), asking.blocks(cells)
    for found, moved in effects(typed, entry, rows, entry.tensor, asking.leanings, ASKED):
        yield from ((one, {side: float(m[n]) for side, m in moved.items()}) for n, one in enumerate(found))
