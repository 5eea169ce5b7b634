"""Features that say the target all by themselves: most often they were written down after it, or from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from keepfit.data.shards import LABEL
from keepfit.data.transform import Tensor, Transform
from keepfit.problems.lookup import target_column

LOOKED_AT = 20_000
"""Train rows looked at."""
GROUPS = 8
"""Row groups they come from, spread over the part, as the source may be sorted."""
REMAINING = 0.02
"""A leak leaves less than this share of the errors that guessing makes."""
_ENOUGH = 10


@dataclass(frozen=True)
class Leak:
    """A feature from which the target can be told."""

    feature: str
    figure: float
    """How well, on train rows other than those its values were learned from."""
    told: str
    """The same in words."""

    def sentence(self, target: str) -> str:
        """The warning."""
        return (
            f'the feature "{self.feature}" alone tells "{target}" {self.told}. '
            "If it is not known before the target is, take it out of features."
        )


def find(train: Path, transform: Transform) -> list[Leak]:
    """The features of single values that leak, judged on the train shards alone."""
    stacked = [tensor for tensor in transform.tensors if tensor.view.stacks]
    if not stacked:
        return []
    sample, target = _sample(train, transform, stacked), target_column(transform.target.problem)
    cells = {e.name: sample[t.name][:, e.slot].astype(np.float64) for t in stacked for e in t.entries}
    leaks = []
    for entry in transform.features:
        if entry.name in cells:
            remaining, figure, errors = target.told(_known(cells[entry.name]), sample[LABEL])
            if errors >= _ENOUGH and remaining < REMAINING:
                leaks.append(Leak(entry.name, figure, target.leak(figure)))
    return leaks


def _known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """[n] with a value of its own where one is missing: that may be what tells."""
    return np.nan_to_num(values, nan=np.nanmin(values, initial=0.0) - 1)


def _sample(train: Path, transform: Transform, tensors: list[Tensor]) -> dict[str, NDArray[Any]]:
    """The labels [n, …] and the named tensors [n, …] of at most LOOKED_AT rows or so."""
    paths = sorted(train.glob("part-*.parquet"))
    groups = [(path, g) for path in paths for g in range(pq.read_metadata(path).num_row_groups)]
    spread = groups[:: max(1, -(-len(groups) // GROUPS))]
    names = [LABEL, *(tensor.name for tensor in tensors)]
    tables = [_every(path, group, names, -(-LOOKED_AT // len(spread))) for path, group in spread]
    table = pa.concat_tables(tables).combine_chunks()
    target = transform.target
    labels = _array(table[LABEL].chunk(0), target.dtype) if target.shape else table[LABEL].to_numpy()
    return {LABEL: labels, **{t.name: _array(table[t.name].chunk(0), t.dtype) for t in tensors}}


def _every(path: Path, group: int, columns: list[str], rows: int) -> pa.Table:
    """About so many evenly spaced rows of a row group."""
    with pq.ParquetFile(path) as file:
        table = file.read_row_group(group, columns=columns)
    return table.take(pa.array(range(0, table.num_rows, max(1, table.num_rows // rows)), pa.int64()))


def _array(column: pa.Array, dtype: str) -> NDArray[Any]:
    return np.frombuffer(column.buffers()[1], dtype).reshape(len(column), -1)
