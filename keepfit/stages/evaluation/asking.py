"""A trained network that is asked about test rows again, some of their cells changed. n rows, A numbers an answer."""

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
from keepfit.data.transform import Entry, Transform
from keepfit.features.encoding import encoded
from keepfit.features.kind import in_views
from keepfit.features.lookup import kind_of
from keepfit.models.architecture import TrainedModel
from keepfit.problems.answer import Answer, Answers

_WINDOW = 256

Cells = dict[str, pa.Array]
"""Column → its typed cells [n]."""
Blocks = dict[str, Block]
"""Tensor of the transform → its rows [n, …]."""


@dataclass(frozen=True)
class Asking:
    """The network, and where its test rows lie."""

    model: TrainedModel
    transform: Transform
    folder: Path
    """test_raw."""
    answer: Answer
    schema: dict[str, Any]

    def cells(self, numbers: Sequence[int]) -> Cells:
        """All columns of these test rows, in this order."""
        table = pick(self.folder, numbers, [entry.name for entry in self.transform.features])
        return {entry.name: _read(table[entry.name], entry) for entry in self.transform.features}

    def blocks(self, cells: Cells) -> Blocks:
        """As the network takes them."""
        rows = len(next(iter(cells.values())))
        return encoded(cells, self.transform, lambda _: lambda: [f"row {row + 1}" for row in range(rows)])

    def replaced(self, blocks: Blocks, entry: Entry, cells: pa.Array) -> Blocks:
        """The rows with other cells [n] in a column of single values."""
        (view,) = in_views(kind_of(entry.kind).encode(cells, entry, list)).values()
        changed = np.array(blocks[entry.tensor])
        changed[:, entry.slot] = view
        return {**blocks, entry.tensor: changed}

    def answers(self, blocks: Mapping[str, Block], rows: int) -> Answers:
        """[n, A]."""
        inputs = {name: tensor_or_ragged(block) for name, block in blocks.items()}
        return self.model.answers(feed.held(Rows(inputs, torch.zeros(rows))), _WINDOW)

    def leanings(self, blocks: Mapping[str, Block], rows: int) -> dict[str, NDArray[np.float64]]:
        """Of the answers: see `keepfit.problems.answer.Answer.leanings`."""
        return self.answer.leanings(self.answers(blocks, rows), self.schema)


def _read(cells: pa.ChunkedArray, entry: Entry) -> pa.Array:
    return kind_of(entry.kind).read(cells.combine_chunks())
