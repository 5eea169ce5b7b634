"""Whole rows, of which no column is the target. n rows."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.data.transform import Transform
from keepfit.errors import DataError
from keepfit.features.column import ColumnFacts, Suggestion
from keepfit.problems.answer import Labels
from keepfit.problems.described import rebuilt
from keepfit.problems.reconstruction import Settings, Target
from keepfit.problems.target import Counts, Recognised, Tally, TargetColumn, TargetFitter

LEAST = 20
"""Rows by which an ordinary one can be told."""
_CODE = 16


class RowTally(Tally):
    """Rows."""

    def add(self, cells: pa.ChunkedArray) -> None:
        """Count."""
        self.rows += len(cells)

    def check(self) -> None:
        """What is ordinary needs rows."""
        if self.rows < LEAST:
            raise DataError(
                f"there are {self.rows} rows.",
                allowed=f"What an ordinary row is needs {LEAST} at least.",
                todo="Give a source with more rows.",
                where=self.where,
            )

    def values(self) -> tuple[str, ...]:
        """None."""
        return ()


class RowFitter(TargetFitter):
    """Nothing is fitted."""

    def __init__(self, name: str, problem: str) -> None:
        self._name, self._problem, self._rows = name, problem, 0

    def add(self, cells: pa.Array) -> None:
        """Count."""
        self._rows += len(cells)

    def entry(self) -> Target:
        """Completed when the columns are known."""
        return Target(name=self._name, problem=self._problem)

    def profile(self, _counts: Counts) -> dict[str, Any]:
        """rows."""
        return {"rows": self._rows}


class WholeRow(TargetColumn):
    """The column that stands for the whole row."""

    def read(self, cells: pa.Array, *, form: str = "") -> pa.Array:  # noqa: ARG002
        """As it is."""
        return cells

    def tally(self, name: str, where: str) -> Tally:
        """Rows."""
        return RowTally(name, where)

    def strata(self, cells: Iterable[pa.Array], name: str) -> pa.Array:  # noqa: ARG002
        """One group: all rows."""
        return pa.array(["all"], pa.string())

    def stratum(self, cells: pa.Array, strata: pa.Array) -> NDArray[np.int32]:  # noqa: ARG002
        """The one group."""
        return np.zeros(len(cells), np.int32)

    def fitter(self, name: str, strata: list[str]) -> TargetFitter:  # noqa: ARG002
        """Nothing to fit."""
        return RowFitter(name, "reconstruction")

    def encode(self, cells: pa.Array, target: Target) -> Labels:  # noqa: ARG002
        """0."""
        return np.zeros(len(cells), np.uint8)

    def completed(self, target: Any, _prepared: Path, transform: Transform, settings: Settings) -> Target:
        """With the columns, and the length of a code."""
        columns = rebuilt(transform)
        cells = sum(column.cells for column in columns)
        code = settings.code or min(max(cells // 2, 1), _CODE)
        return Target(name=target.name, problem=target.problem, columns=columns, code=code)

    def told(self, _values: NDArray[np.float64], _labels: Labels) -> tuple[float, float, float]:
        """Nothing: there is no target."""
        return 1.0, 1.0, 0.0

    def leak(self, figure: float) -> str:
        """What is left of it."""
        return f"to {figure:.1%}"

    def recognise(self, column: ColumnFacts) -> Recognised | str:  # noqa: ARG002
        """It is asked of no column."""
        return "it is asked of whole rows, and no column is its target"

    def expectations(self, column: ColumnFacts) -> list[Suggestion]:  # noqa: ARG002
        """None."""
        return []

    def codes(self, column: ColumnFacts) -> tuple[NDArray[np.int64], int]:
        """All alike."""
        return np.where(column.codes < 0, -1, 0), 1


TARGET = WholeRow()
