"""Cells that are numbers. n rows."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from keepfit.data.cells import numbers, truths
from keepfit.data.evidence import FormEvidence
from keepfit.data.notation import NumberEvidence
from keepfit.features.kind import ServedColumn
from keepfit.features.shared.figures import Values
from keepfit.features.shared.numeric import NumericKind


class Number(NumericKind):
    """A quantity."""

    name: ClassVar[str] = "number"
    is_quantity: ClassVar[bool] = True

    def read(self, cells: pa.Array, *, form: str = "") -> pa.Array:
        """float64; null where there is no finite number. Yes and no are 1 and 0 here too, as a database has them."""
        found = numbers(cells, form)
        return pc.coalesce(found, truths(cells).cast(found.type)) if found.null_count > cells.null_count else found

    def evidence(self) -> FormEvidence:
        """Its notation."""
        return NumberEvidence()

    def schema(self, entry: Any, form: str | None) -> dict[str, Any]:
        """A double, and how the source writes its numbers, where that is not the plain way."""
        return {**super().schema(entry, form), **({"format": form} if form else {})}

    def values(self, cells: pa.Array) -> Values:
        """Doubles [n], NaN where missing or infinite."""
        values = super().values(cells)
        return np.where(np.isinf(values), np.nan, values) if np.isinf(values).any() else values

    def feed(self, cells: pa.Array, _column: ServedColumn, _unfit: dict[int, str]) -> Values:
        """Doubles [n], NaN where missing; infinite ones are the graph's to deal with."""
        return super().values(cells)


KIND = Number()
