"""Cells that hold the next values of a series. n rows, H steps ahead."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.config.source import HISTORY
from keepfit.data.transform import Transform
from keepfit.errors import ConfigError, DataError
from keepfit.features.column import ColumnFacts, Suggestion
from keepfit.features.shared.figures import NumberFigures
from keepfit.problems.answer import Labels
from keepfit.problems.forecasting import Settings, Target
from keepfit.problems.target import Counts, Recognised, Tally, TargetColumn, TargetFitter

_MOST = 1e30
"""Errors are squared, and their squares too."""


class AheadTally(Tally):
    """Rows, and the range of their values."""

    def __init__(self, name: str, where: str) -> None:
        super().__init__(name, where)
        self.low, self.high = np.inf, -np.inf

    def add(self, cells: pa.ChunkedArray) -> None:
        """Widen the range."""
        self.rows += len(cells)
        values = unpacked(cells)
        if values.size:
            self.low, self.high = min(self.low, float(values.min())), max(self.high, float(values.max()))

    def check(self) -> None:
        """A series that never changes, or that no double can square."""
        if self.low == self.high or max(abs(self.low), abs(self.high)) > _MOST:
            raise DataError(
                f'the values of "{self.name}" go from {self.low:g} to {self.high:g}.',
                allowed=f"A series changes, and its values are at most {_MOST:g}.",
                todo=f'Check the column "{self.name}", or say it in another unit.',
                where=self.where,
            )

    def values(self) -> tuple[str, ...]:
        """Quantities are no names."""
        return ()


class AheadFitter(TargetFitter):
    """Figures of the train rows' values."""

    def __init__(self, name: str) -> None:
        self._name, self._horizon = name, 0
        self._figures = NumberFigures()

    def add(self, cells: pa.Array) -> None:
        """Take the next value of each row: the others are those of later rows."""
        values = unpacked(cells)
        if len(values):
            self._horizon = values.shape[1]
            self._figures.add(np.ascontiguousarray(values[:, 0]), None)

    def entry(self) -> Target:
        """The range; the rest is known when there are shards with histories."""
        values = np.concatenate(self._figures.sample)
        if values.min() == values.max():
            raise DataError(
                f'every value of the train rows is "{values[0]:g}".',
                allowed="A series changes.",
                todo="Add points, or change preprocessing.split.",
                where=f'column "{self._name}"',
            )
        return Target(
            name=self._name, problem="forecasting", horizon=self._horizon, mean=float(values.mean()),
            std=float(values.std()), low=float(values.min()), high=float(values.max()),
        )  # fmt: skip

    def profile(self, _counts: Counts) -> dict[str, Any]:
        """As of a column of numbers: min, median, mean, max, histogram."""
        return self._figures.profile()


class AheadColumn(TargetColumn):
    """Lists of the next values."""

    lists: ClassVar[bool] = True

    def read(self, cells: pa.Array, *, form: str = "") -> pa.Array:  # noqa: ARG002
        """Lists of numbers as bytes; null where one is missing."""
        if pa.types.is_binary(cells.type):
            return cells
        if not (pa.types.is_list(cells.type) and pa.types.is_floating(cells.type.value_type)):
            raise pa.ArrowNotImplementedError(f"no values ahead can be read from {cells.type}")
        rows = (None if cell is None or None in cell else np.array(cell, "<f8") for cell in cells.to_pylist())
        return pa.array([None if row is None else row.tobytes() for row in rows], pa.binary())

    def tally(self, name: str, where: str) -> Tally:
        """Rows and their range."""
        return AheadTally(name, where)

    def strata(self, cells: Iterable[pa.Array], name: str) -> pa.Array:
        """One group: all rows."""
        if not any(len(some) for some in cells):
            raise DataError(
                f'the target "{name}" has no row after validation.', todo="Look at the rows that were quarantined."
            )
        return pa.array(["all"], pa.string())

    def stratum(self, cells: pa.Array, strata: pa.Array) -> NDArray[np.int32]:  # noqa: ARG002
        """The one group."""
        return np.zeros(len(cells), np.int32)

    def fitter(self, name: str, strata: list[str]) -> TargetFitter:  # noqa: ARG002
        """Figures of the values."""
        return AheadFitter(name)

    def encode(self, cells: pa.Array, target: Target) -> Labels:
        """[n, H] doubles."""
        return unpacked(cells).reshape(-1, target.horizon)

    def completed(self, target: Target, prepared: Path, transform: Transform, settings: Settings) -> Target:
        """With the differences that the YAML or the validation rows say. Raises ConfigError where there are none."""
        from keepfit.problems.forecasting import choosing, histories

        kinds = {entry.name: entry.kind for entry in transform.features}
        if kinds[HISTORY] != "sequence":
            raise ConfigError(
                f'the feature "{HISTORY}" is of the kind {kinds[HISTORY]}.',
                allowed="The values before a forecast are a sequence.",
                todo=f"Say features: {{{HISTORY}: sequence}}.",
            )
        train, validation = (
            choosing.Windows(*histories.read(prepared / part, transform)) for part in ("train", "validation")
        )
        return choosing.completed(target, train, validation, settings)

    def told(self, values: NDArray[np.float64], labels: Labels) -> tuple[float, float, float]:  # noqa: ARG002
        """Nothing: a column may well tell a value that comes next, as it is known before."""
        return 1.0, 1.0, 0.0

    def leak(self, figure: float) -> str:
        """How much of the spread is left."""
        return f"to {figure:.1%} of its spread"

    def recognise(self, column: ColumnFacts) -> Recognised | str:  # noqa: ARG002
        """Whether the rows of a table are points of series is a person's to say."""
        return "what comes next in a series must be asked for, with source.window"

    def expectations(self, column: ColumnFacts) -> list[Suggestion]:  # noqa: ARG002
        """None."""
        return []

    def codes(self, column: ColumnFacts) -> tuple[NDArray[np.int64], int]:
        """One group."""
        return np.zeros(column.rows, np.int64), 1


TARGET = AheadColumn()


def unpacked(cells: pa.Array | pa.ChunkedArray) -> Labels:
    """Bytes, none missing → [n, H]."""
    rows = [np.frombuffer(cell, "<f8") for cell in cells.to_pylist()]
    return np.stack(rows) if rows else np.empty((0, 0))
