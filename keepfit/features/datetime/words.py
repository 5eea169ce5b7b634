"""What is said of a datetime column."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

import numpy as np
import pyarrow as pa

from keepfit.features.column import Choice, ColumnFacts
from keepfit.features.datetime.cells import KIND
from keepfit.features.kind import ServedColumn
from keepfit.features.shared.numeric_words import NumericWords


class DatetimeWords(NumericWords):
    """Words of this kind."""

    kind: ClassVar[str] = "datetime"
    asked: ClassVar[int] = 2

    def recognise(self, column: ColumnFacts) -> Choice | None:
        """Texts in a form of dates, or whole numbers that are all days, such as 20240131."""
        if not self._are_moments(column):
            return None
        shown = f"such as {column.values[0]}{column.gaps}"
        return Choice(column.name, self.kind, shown, may_all_differ=True)

    def _are_moments(self, column: ColumnFacts) -> bool:
        if column.distinct == 0:
            return False
        if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
            return True
        if column.number_share > 0.5:
            days = column.parsed[np.isfinite(column.parsed)]
            if column.number_share < 1 or days.min() < 19000101 or days.max() > 20991231:
                return False
        return KIND.form_of(pa.array(column.values[:10_000], pa.string())) is not None

    def meaning(self, _column: ServedColumn) -> str:
        """In words."""
        return "double, seconds since 1970-01-01 UTC, NaN where missing"

    def example(self) -> str:
        """Python."""
        return "np.array([1.7e9, np.nan])"

    def shown(self, value: float) -> str:
        """The day."""
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d}"


WORDS = DatetimeWords()
