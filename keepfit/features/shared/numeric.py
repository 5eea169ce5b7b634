"""Kinds whose cells are numbers to a network: quantities, moments. n rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.config import Feature, Preprocessing
from keepfit.data.transform import Entry
from keepfit.features.kind import Binned, Bins, ClassicalColumns, Fitter, Kind, Seen, ServedColumn
from keepfit.features.lookup import entry_of
from keepfit.features.shared.figures import NumberFigures, Values, fallen, ranges, tenths
from keepfit.metrics.naming import quantity

STRANGE = (float("nan"), float("inf"), -float("inf"), 1.7e308, -1.7e308, 5e-324, 0.0, -0.0, 1e6)


@lru_cache(maxsize=4096)
def _edges(quantiles: tuple[float, ...]) -> Values:
    """Found once a column, and not once a batch."""
    return tenths(quantiles)


class NumericFitter(Fitter):
    """Figures of the values that a function makes of cells."""

    def __init__(self, kind: str, scale: str, values: Callable[[pa.Array], Values]) -> None:
        self._kind, self._scale, self._values = kind, scale, values
        self._figures = NumberFigures()

    def add(self, cells: pa.Array, seen: Seen) -> None:
        """Take cells [n]."""
        self._figures.add(self._values(cells)[seen.rows], seen.sampled)
        self.held = self._figures.held

    def entry(self, name: str, slot: int) -> Entry:
        """The figures. Raises DataError for values without a standard deviation."""
        self._figures.check(name)
        found = {"name": name, "kind": self._kind, "slot": slot, "scale": self._scale, **self._figures.fitted()}
        return entry_of(self._kind).model_validate(found)

    def profile(self, entry: Any) -> dict[str, Any]:
        """Count, gaps, figures, histogram, and the bins."""
        return {**self._figures.profile(), "bins": {"": self._figures.binned(_edges(entry.quantiles))}}


class NumericKind(Kind):
    """What quantities and moments have in common."""

    coded: ClassVar[bool] = False

    def values(self, cells: pa.Array) -> Values:
        """Typed cells → doubles [n], NaN where missing."""
        return np.asarray(cells.to_numpy(zero_copy_only=False), np.float64)

    def fitter(self, _feature: Feature, settings: Preprocessing, _source: dict[str, Any]) -> Fitter:
        """Figures of the values."""
        return NumericFitter(self.name, settings.numbers, self.values)

    def encode(self, cells: pa.Array, _entry: Entry, _called: Callable[[], list[str]]) -> Values:
        """Doubles [n], NaN where missing."""
        return self.values(cells)

    def plain(self, values: NDArray[Any]) -> ClassicalColumns:
        """As they are, NaN where missing."""
        return ClassicalColumns(values)

    def rebuilding(self, entry: Any) -> dict[str, Any]:
        """Mean and deviation."""
        return {"mean": entry.mean, "std": entry.std}

    def rebuilt(self, values: NDArray[np.float64], how: Mapping[str, Any]) -> NDArray[Any] | pa.Array:
        """From deviations."""
        return values * how["std"] + how["mean"]

    def schema(self, _entry: Entry, _form: str | None) -> dict[str, Any]:
        """A double; NaN where missing."""
        return {"type": "double", "missing": "NaN"}

    def feed(self, cells: pa.Array, _column: ServedColumn, _unfit: dict[int, str]) -> Values:
        """Doubles [n], NaN where missing."""
        return self.values(cells)

    def bins(self, entry: Any) -> dict[str, Bins]:
        """Missing, and tenths of the train rows."""
        return {"": Bins(ranges(_edges(entry.quantiles), self.written))}

    def written(self, value: float) -> str:
        """One of its values for a person."""
        return quantity(value)

    def binned(self, _cells: pa.Array, fed: NDArray[Any], entry: Any) -> Binned:
        """By the tenths."""
        return {"": fallen(fed, _edges(entry.quantiles))}

    def served(self, values: NDArray[Any], _entry: Entry) -> Values:
        """Infinite counts as missing."""
        return np.where(np.isinf(values), np.nan, values)

    def edges(self, entry: Any) -> Values:
        """Missing, infinite, huge, tiny, both zeros, and the largest seen."""
        return np.array([*STRANGE, entry.max], dtype=np.float64)
