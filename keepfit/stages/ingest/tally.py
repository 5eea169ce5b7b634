"""What is counted while the rows go by, and what makes them unfit to learn from."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from keepfit.errors import DataError

MAX_CLASSES = 10_000
"""More different target values than this are no classes."""


class Tally:
    """Counts over all rows of a source."""

    def __init__(self, target: str, features: list[str], where: str) -> None:
        self.target = target
        self.where = where
        self.rows = 0
        self.read = 0
        """Rows of the source so far, whether or not they are kept."""
        self.without_target: list[NDArray[np.int64]] = []
        """The places of those left out, from 1."""
        self.classes: Counter[str] = Counter()
        self.unreadable: Counter[str] = Counter()
        self.filled: Counter[str] = Counter(dict.fromkeys(features, 0))
        self.examples: dict[str, str] = {}
        """Column → one cell that could not be read."""

    def leave_out(self, has_target: pa.ChunkedArray) -> None:
        """Note the next rows of the source, and which of them are left out since they have no target."""
        self.without_target.append(np.flatnonzero(~has_target.to_numpy(zero_copy_only=False)) + self.read + 1)
        self.read += len(has_target)

    def count(self, table: pa.Table) -> None:
        """Count typed rows, all of which have a target. Raises DataError for a target without classes."""
        self.rows += len(table)
        for name in self.filled:
            self.filled[name] += len(table) - table[name].null_count
        for entry in pc.value_counts(table[self.target]).to_pylist():
            self.classes[entry["values"]] += entry["counts"]
        if len(self.classes) > MAX_CLASSES:
            raise self._error(
                f'the target "{self.target}" has more than {MAX_CLASSES:,} different values.',
                todo="keepfit classifies: choose a target with classes, or cut this one into ranges first.",
            )

    def check(self) -> None:
        """Raise DataError where nothing can be learned: no row, one class, an empty or unreadable feature."""
        if self.rows == 0:
            raise self._error(f'no row has a value in the target "{self.target}".', todo="Choose another target.")
        if len(self.classes) == 1:
            raise self._error(
                f'every row has the same target "{next(iter(self.classes))}".',
                allowed="At least two classes are needed.",
                todo=f'Check the column "{self.target}".',
            )
        for name, filled in self.filled.items():
            self._check_feature(name, filled)

    def _check_feature(self, name: str, filled: int) -> None:
        bad = self.unreadable[name]
        if bad > filled:
            raise self._error(
                f'{bad} cells of the feature "{name}" cannot be read as its kind, such as "{self.examples.get(name)}".',
                todo="Give it another kind in the YAML (category reads anything), or mend the cells.",
            )
        if filled == 0:
            raise self._error(
                f'the feature "{name}" is empty in all {self.rows} rows.', todo="Take it out of features in the YAML."
            )

    def _error(self, found: str, *, allowed: str = "", todo: str = "") -> DataError:
        return DataError(found, allowed=allowed, todo=todo, where=self.where)
