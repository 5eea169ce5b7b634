"""Cells that are quantities to predict. n rows."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from keepfit.data.cells import numbers
from keepfit.data.evidence import FormEvidence, doubt
from keepfit.data.notation import NumberEvidence
from keepfit.data.shards import read_labels
from keepfit.data.transform import Transform
from keepfit.errors import DataError
from keepfit.features.column import ColumnFacts, Suggestion, between, short
from keepfit.features.shared.figures import NumberFigures
from keepfit.problems.answer import Labels
from keepfit.problems.regression import Settings, Target
from keepfit.problems.regression.space import fitted
from keepfit.problems.target import Counts, Recognised, Tally, TargetColumn, TargetFitter

_FEW = 10
"""Different values up to which `keepfit init` takes a target for classes."""
_READABLE = 0.5
"""Share of the cells that must read as numbers."""
_CODES = 10
_MOST = 1e30
"""The exporter keeps a graph's constants in float32, which ends at 1e38; errors are squared, and their squares too."""


class ValueTally(Tally):
    """Rows, and the range of their values."""

    def __init__(self, name: str, where: str) -> None:
        super().__init__(name, where)
        self.low, self.high = np.inf, -np.inf

    def add(self, cells: pa.ChunkedArray) -> None:
        """Widen the range."""
        self.rows += len(cells)
        ends = pc.min_max(cells).as_py()
        if ends["min"] is not None:
            self.low, self.high = min(self.low, ends["min"]), max(self.high, ends["max"])

    def check(self) -> None:
        """A single value teaches nothing, and too large ones have no standard deviation."""
        if self.low == self.high:
            raise DataError(
                f'every row has the same target "{self.low:g}".',
                allowed="At least two different values are needed.",
                todo=f'Check the column "{self.name}".',
                where=self.where,
            )
        if max(abs(self.low), abs(self.high)) > _MOST or self.high - self.low < 1 / _MOST:
            raise DataError(
                f'the target "{self.name}" has values from {self.low:g} to {self.high:g}.',
                allowed=f"The exported graph holds values up to {_MOST:g} that are at least {1 / _MOST:g} apart.",
                todo="Say it in another unit, or expect the column to be in a sensible range.",
                where=self.where,
            )

    def values(self) -> tuple[str, ...]:
        """Quantities are no names."""
        return ()


class ValueFitter(TargetFitter):
    """Figures of the train rows' values: eight bytes a row are held."""

    def __init__(self, name: str, problem: str) -> None:
        self._name, self._problem = name, problem
        self._figures = NumberFigures()

    def add(self, cells: pa.Array) -> None:
        """Take values."""
        self._figures.add(cells.to_numpy(zero_copy_only=False), None)

    def entry(self) -> Target:
        """Mean, deviation and range; whether the logarithm is learned is decided when there are shards."""
        values = np.concatenate(self._figures.sample)
        if values.min() == values.max():
            raise DataError(
                f'every train row has the same target "{values[0]:g}".',
                allowed="At least two different values are needed.",
                todo="Add rows, or change preprocessing.split.",
                where=f'column "{self._name}"',
            )
        return fitted(values, self._name, log=False, problem=self._problem)

    def profile(self, _counts: Counts) -> dict[str, Any]:
        """As of a column of numbers: min, median, mean, max, histogram."""
        return self._figures.profile()


class ValueColumn(TargetColumn):
    """Numbers."""

    problem: ClassVar[str] = "regression"
    """Its name; a problem of a user's that builds on this one has its own."""

    def read(self, cells: pa.Array, *, form: str = "") -> pa.Array:
        """float64; null where there is no finite number."""
        return numbers(cells, form)

    def evidence(self) -> FormEvidence:
        """The notation of its numbers."""
        return NumberEvidence()

    def tally(self, name: str, where: str) -> Tally:
        """Rows and their range."""
        return ValueTally(name, where)

    def strata(self, cells: Iterable[pa.Array], name: str) -> pa.Array:
        """One group: all rows."""
        ends = [pc.min_max(some).as_py() for some in cells]
        known = [end for pair in ends for end in (pair["min"], pair["max"]) if end is not None]
        if len(set(known)) < 2:
            found = f'only the value "{known[0]:g}"' if known else "no row"
            raise DataError(
                f'the target "{name}" has {found} after validation.',
                allowed="At least two different values are needed.",
                todo="Add rows, or name another target.",
                where=f'column "{name}"',
            )
        return pa.array(["all"], pa.string())

    def stratum(self, cells: pa.Array, strata: pa.Array) -> NDArray[np.int32]:  # noqa: ARG002
        """The one group."""
        return np.zeros(len(cells), np.int32)

    def fitter(self, name: str, strata: list[str]) -> TargetFitter:  # noqa: ARG002
        """Figures of the values."""
        return ValueFitter(name, self.problem)

    def encode(self, cells: pa.Array, target: Target) -> Labels:  # noqa: ARG002
        """Doubles, as they are."""
        values: Labels = cells.to_numpy(zero_copy_only=False)
        return values

    def completed(self, target: Target, prepared: Path, transform: Transform, settings: Settings) -> Target:
        """With the logarithm where the YAML or the validation rows say so."""
        from keepfit.problems.regression.logarithm import is_better

        if settings.log is False or target.low < 0 or target.high <= 0:
            return target
        values = read_labels(prepared / "train", target)
        other = fitted(values, target.name, log=True, problem=self.problem)
        return other if settings.log or is_better(target, other, prepared, transform, settings.loss) else target

    def told(self, values: NDArray[np.float64], labels: Labels) -> tuple[float, float, float]:
        """A straight line between the neighbours among every other row; the figure is the error left, as a share of
        guessing's."""
        levels, place = np.unique(values[::2], return_inverse=True)
        known = np.bincount(place, labels[::2]) / np.bincount(place)
        between = (values[1::2] >= levels[0]) & (values[1::2] <= levels[-1])
        new, truth = values[1::2][between], labels[1::2][between]
        wrong = float(np.abs(np.interp(new, levels, known) - truth).sum())
        guessed = float(np.abs(labels[::2].mean() - truth).sum())
        remaining = wrong / guessed if guessed else 1.0
        return remaining, remaining, float(len(new))

    def leak(self, figure: float) -> str:
        """How much of the spread is left."""
        return f"to {figure:.1%} of its spread"

    def recognise(self, column: ColumnFacts) -> Recognised | str:
        """Numbers with many values."""
        if column.number_share < _READABLE:
            return f"its cells are no numbers, such as {', '.join(short(value) for value in column.odd[:3])}"
        finite = column.parsed[np.isfinite(column.parsed)]
        if np.abs(finite).max() > _MOST or 0 < np.ptp(finite) < 1 / _MOST:
            return f"its values go beyond {_MOST:g}, or lie within {1 / _MOST:g}"
        comment = f"{finite.min():g} to {finite.max():g}, median {np.nanmedian(column.numbers):g}"
        said = []
        if len(finite) <= _FEW:
            said.append(f'The target "{column.name}" has {len(finite)} different values.')
        if column.odd:
            rows = int(column.counts[~np.isfinite(column.parsed)].sum())
            said.append(f'{rows:,} rows say "{short(column.odd[0])}" for the target, and will be left out.')
        found = column.notation
        if found.others:
            said.append(doubt(column.name, found))
        form = found.called if found.others else found.form
        return Recognised(comment, tuple(said), {"format": form} if form else {})

    def expectations(self, column: ColumnFacts) -> list[Suggestion]:
        """The range seen, widened."""
        return [between(column)]

    def codes(self, column: ColumnFacts) -> tuple[NDArray[np.int64], int]:
        """Tenths by size."""
        values = column.numbers
        finite = np.isfinite(values)
        edges = np.unique(np.quantile(values[finite], np.linspace(0, 1, _CODES + 1)[1:-1]))
        return np.where(finite, np.searchsorted(edges, values, side="right"), -1), len(edges) + 1


TARGET = ValueColumn()
