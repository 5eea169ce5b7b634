"""The histories and targets of a prepared part, as they are in the source's unit. N rows, L values, H steps ahead."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from keepfit.config.source import HISTORY
from keepfit.data.ragged import Block, Ragged
from keepfit.data.shards import LABEL, read_arrays, row_groups
from keepfit.data.transform import Transform
from keepfit.problems.forecasting.linear import Floats

_DRAWN = 3


def read(folder: Path, transform: Transform) -> tuple[Floats, Floats]:
    """[N, L] and [N, H] of a part such as `prepared/train`."""
    arrays = read_arrays(row_groups(folder), transform)
    return of_block(arrays[transform.entries[HISTORY].tensor]), np.asarray(arrays[LABEL], np.float64)


def of_block(block: Block) -> Floats:
    """Series of one channel and one length → [N, L]."""
    values = block.values if isinstance(block, Ragged) else block
    return np.asarray(values, np.float64).reshape(len(block), -1)


def drawn(rows: int) -> list[int]:
    """The rows of so many whose whole forecast the report draws, evenly picked."""
    picked: list[int] = np.unique(np.linspace(0, rows - 1, _DRAWN).round().astype(int)).tolist()
    return picked
