"""What is said of columns of numbers."""

from __future__ import annotations

from typing import Any

from keepfit.data.cells import is_text
from keepfit.features.column import ColumnFacts, Suggestion, full
from keepfit.features.words import Told, Words, heights, share


class NumericWords(Words):
    """What quantities and moments have in common."""

    def shown(self, value: float) -> str:
        """A value in the report."""
        return f"{value:.4g}" if abs(value) < 1e4 else f"{value:,.0f}"

    def expectations(self, column: ColumnFacts) -> list[Suggestion]:
        """No gap where there was none and nothing can be unreadable."""
        readable = column.number_share == 1 or not is_text(column.type)
        return [full(column.name)] if readable and not column.missing else []

    def told(self, profile: dict[str, Any], rows: int) -> Told:
        """The lowest value, the median and the highest, and a histogram."""
        texts = [self.shown(profile[name]) for name in ("min", "median", "max")]
        bars = heights(profile["histogram"]["counts"])
        return Told(" · ".join(texts), bars, share(profile["missing"], rows), f"{profile['distinct']:,}")
