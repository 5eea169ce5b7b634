"""What is said of columns of numbers."""

from __future__ import annotations

from typing import Any

from keepfit.features.words import Told, Words, heights, share


class NumericWords(Words):
    """What quantities and moments have in common."""

    def shown(self, value: float) -> str:
        """A value in the report."""
        return f"{value:.4g}" if abs(value) < 1e4 else f"{value:,.0f}"

    def told(self, profile: dict[str, Any], rows: int) -> Told:
        """The lowest value, the median and the highest, and a histogram."""
        texts = [self.shown(profile[name]) for name in ("min", "median", "max")]
        bars = heights(profile["histogram"]["counts"])
        return Told(" · ".join(texts), bars, share(profile["missing"], rows), f"{profile['distinct']:,}")
