"""What is said of columns of codes."""

from __future__ import annotations

from typing import Any

from keepfit.features.column import ColumnFacts, Suggestion, full
from keepfit.features.words import Told, Words, heights, share


class CodedWords(Words):
    """What categories and booleans have in common."""

    def expectations(self, column: ColumnFacts) -> list[Suggestion]:
        """No gap where there was none."""
        return [] if column.missing else [full(column.name)]

    def told(self, profile: dict[str, Any], rows: int) -> Told:
        """The most frequent values."""
        text = ", ".join(t["value"] for t in profile["top"][:3]) + ("…" if profile["distinct"] > 3 else "")
        bars = heights([t["rows"] for t in profile["top"]])
        return Told(text, bars, share(profile["missing"], rows), f"{profile['distinct']:,}")
