"""The groups of rows of which each part should get its share, as the problem has them: classes, or all rows as one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.config import Pipeline
from keepfit.data.snapshot import SnapshotRows
from keepfit.errors import DataError
from keepfit.problems.lookup import target_column
from keepfit.problems.target import Counts, TargetColumn
from keepfit.stages.preprocessing.split import OUT, Parts
from keepfit.store.artifacts import PARTS


@dataclass(frozen=True)
class Strata:
    """Some groups by a column."""

    column: str
    names: pa.Array
    target: TargetColumn

    def __len__(self) -> int:
        return len(self.names)

    def of(self, batch: pa.RecordBatch) -> NDArray[np.int32]:
        """The group of each row [n], -1 for none."""
        return self.target.stratum(batch[self.column], self.names)


def of_target(rows: SnapshotRows, parts: Parts, config: Pipeline) -> Strata:
    """The groups among the rows that are used. Raises DataError where the target has nothing to tell apart."""
    name, target = config.target, target_column(config.problem.kind)
    used = (batch[name].filter(pa.array(parts[place] != OUT)) for place, batch in rows.read([name]))
    return Strata(name, target.strata(used, name), target)


def count(rows: SnapshotRows, parts: Parts, strata: Strata) -> Counts:
    """Rows of each group in each part, [part, group]."""
    counts = np.zeros((OUT + 1) * (len(strata) + 1), np.int64)
    for place, batch in rows.read([strata.column]):
        codes = strata.of(batch) + 1  # 0 for a group that quarantine emptied
        counts += np.bincount(parts[place].astype(np.int64) * (len(strata) + 1) + codes, minlength=len(counts))
    return counts.reshape(OUT + 1, len(strata) + 1)[: len(PARTS), 1:]


def notes(counts: Counts, strata: Strata) -> Iterator[str]:
    """What a person should know of the split; raises DataError where the model could not learn or be judged."""
    for part, held in zip(PARTS, counts.sum(axis=1).tolist(), strict=True):
        if not held:
            raise DataError(
                f"the {part} part is empty: {int(counts.sum())} rows are too few for this split.",
                allowed="Each of train, validation and test needs at least one row.",
                todo="Add rows, or change preprocessing.split.",
            )
    yield from strata.target.notes(counts, strata.names.to_pylist())
