"""What in a row its answer rests on: each part of a cell left out, and the network asked again.

Li, Monroe and Jurafsky 2016, "Understanding neural networks through representation erasure" (arXiv:1612.08220). It asks
nothing of a family, and what it says holds of the whole network. n rows, v rows with a part left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

from keepfit.data import feed
from keepfit.data.batch import Rows, tensor_or_ragged
from keepfit.data.picking import pick
from keepfit.data.ragged import Block
from keepfit.data.transform import Entry, Transform, in_view
from keepfit.features.encoding import encoded
from keepfit.features.kind import in_views
from keepfit.features.lookup import kind_of
from keepfit.models.architecture import TrainedModel
from keepfit.problems.answer import Answer

PARTS = 100
"""Of a cell; of more, neighbours are left out together."""
ASKED = 6000
"""Rows with a part left out, of one column."""
_WINDOW = 256


@dataclass(frozen=True)
class Erased:
    """One part of one cell."""

    row: int
    """In test_raw."""
    start: int
    stop: int
    """Where it stands in the cell's text, from and to."""
    name: str
    """What stands there, whatever its case."""
    effect: dict[str, float]
    """How far it moves the answer towards each side: see `keepfit.problems.answer.Answer.leanings`."""


@dataclass(frozen=True)
class Erasing:
    """A trained network and the test rows that it is asked again about."""

    model: TrainedModel
    transform: Transform
    folder: Path
    """test_raw."""
    answer: Answer
    schema: dict[str, Any]

    def columns(self) -> list[Entry]:
        """Whose cells have parts."""
        return [entry for entry in self.transform.features if kind_of(entry.kind).has_parts]

    def asked(self, entry: Entry, numbers: Sequence[int]) -> list[Erased]:
        """Every part of a column's cells in these test rows, the first rows first, as far as `ASKED` reaches."""
        names = [feature.name for feature in self.transform.features]
        table = pick(self.folder, numbers, names)
        typed = {one.name: _read(table[one.name], one) for one in self.transform.features}
        cells = typed[entry.name].to_pylist()
        found = [
            (place, start, stop)
            for place, cell in enumerate(cells)
            for start, stop in _joined(kind_of(entry.kind).parts(cell, entry) if cell else [])
        ][:ASKED]
        if not found:
            return []
        whole = encoded(typed, self.transform, lambda _: list)
        without = pa.array([cells[place][:start] + cells[place][stop:] for place, start, stop in found], pa.string())
        views = in_views(kind_of(entry.kind).encode(kind_of(entry.kind).read(without), entry, list))
        of = np.array([place for place, *_ in found])
        changed = {name: block[of] for name, block in whole.items()}
        changed |= {in_view(entry.tensor, name): block for name, block in views.items()}
        before, after = self._leanings(whole, len(table)), self._leanings(changed, len(of))
        effects = {side: (before[side][of] - after[side]).tolist() for side in before}
        return [
            Erased(
                numbers[place],
                start,
                stop,
                cells[place][start:stop].casefold(),
                {k: v[number] for k, v in effects.items()},
            )
            for number, (place, start, stop) in enumerate(found)
        ]

    def _leanings(self, blocks: Mapping[str, Block], rows: int) -> dict[str, NDArray[np.float64]]:
        inputs = {name: tensor_or_ragged(block) for name, block in blocks.items()}
        answers = self.model.answers(feed.held(Rows(inputs, torch.zeros(rows))), _WINDOW)
        return self.answer.leanings(answers, self.schema)


def _read(cells: pa.ChunkedArray, entry: Entry) -> pa.Array:
    return kind_of(entry.kind).read(cells.combine_chunks())


def _joined(parts: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    if len(parts) <= PARTS:
        return [*parts]
    return [(int(some[0][0]), int(some[-1][1])) for some in np.array_split(np.array(parts), PARTS)]
