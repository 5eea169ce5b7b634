"""Whole rows, of which new ones are made. n rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from keepfit.data.ragged import filled
from keepfit.data.shards import read_arrays, row_groups
from keepfit.data.transform import Transform
from keepfit.features.column import ColumnFacts
from keepfit.features.lookup import kind_of
from keepfit.problems.described import Rebuilt, rebuilt
from keepfit.problems.reconstruction.target import RowFitter, WholeRow
from keepfit.problems.synthesis import Settings, Target
from keepfit.problems.target import Recognised, TargetFitter

_CODE = 32
_GROUPS = 1000


class Fitter(RowFitter):
    """Nothing is fitted."""

    def entry(self) -> Target:  # type: ignore[override]
        """Completed when the columns are known."""
        return Target(name=self._name, problem=self._problem)


class NewRow(WholeRow):
    """The column that stands for the whole row."""

    def fitter(self, name: str, strata: list[str]) -> TargetFitter:  # noqa: ARG002
        """Nothing to fit."""
        return Fitter(name, "synthesis")

    def completed(  # type: ignore[override]
        self, target: Any, prepared: Path, transform: Transform, settings: Settings
    ) -> Target:
        """With the columns, what is given, and which of its values occur together."""
        columns = rebuilt(transform)
        cells = sum(column.cells for column in columns)
        code = settings.code or min(max(cells // 2, 4), _CODE)
        groups = _groups(prepared / "train", transform, columns, settings.given)
        return Target(
            name=target.name, problem=target.problem, columns=columns, given=settings.given, code=code, groups=groups
        )

    def recognise(self, column: ColumnFacts) -> Recognised | str:  # noqa: ARG002
        """It is asked of no column."""
        return "it is asked of whole rows, and no column is its target"


TARGET = NewRow()


def _groups(
    folder: Path, transform: Transform, columns: tuple[Rebuilt, ...], given: tuple[str, ...]
) -> tuple[tuple[tuple[str, ...], int], ...]:
    """Values of what is given → how often they occur together; rows with one that is missing or rare apart."""
    if not given:
        return ()
    arrays = read_arrays(row_groups(folder), transform)
    entries = [transform.entries[name] for name in given]
    codes = np.stack([filled(arrays[entry.tensor])[:, entry.slot] for entry in entries], 1)
    known = {column.name: column for column in columns}
    found, counts = np.unique(codes, axis=0, return_counts=True)
    groups = []
    for row, count in zip(found, counts.tolist(), strict=True):
        words = [_word(known[name], code) for name, code in zip(given, row.tolist(), strict=True)]
        if all(words):
            groups.append((tuple(words), count))
    return tuple(sorted(groups, key=lambda one: (-one[1], one[0]))[:_GROUPS])


def _word(column: Rebuilt, code: int) -> str:
    (found,) = kind_of(column.kind).rebuilt(np.array([code], np.float64), column.how)
    return found.as_py() if isinstance(found, pa.Scalar) else str(found)
