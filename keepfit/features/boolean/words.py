"""What is said of a boolean column."""

from __future__ import annotations

from typing import ClassVar

import pyarrow as pa

from keepfit.features.column import Choice, ColumnFacts
from keepfit.features.kind import ServedColumn
from keepfit.features.shared.coded_words import CodedWords

_PAIRS = ({"true", "false"}, {"yes", "no"}, {"t", "f"}, {"y", "n"})
"""Written with 1 and 0 a column may as well be a number."""


class BooleanWords(CodedWords):
    """Words of this kind."""

    kind: ClassVar[str] = "boolean"
    asked: ClassVar[int] = 1

    def recognise(self, column: ColumnFacts) -> Choice | None:
        """Booleans, or both words of a pair."""
        if not (pa.types.is_boolean(column.type) or {value.lower() for value in column.values} in _PAIRS):
            return None
        return Choice(column.name, self.kind, " or ".join(column.values[:2]) + column.gaps)

    def meaning(self, _column: ServedColumn) -> str:
        """In words."""
        return 'string, "true", "false" or "" where missing'

    def example(self) -> str:
        """Python."""
        return 'np.array(["true", ""], dtype=object)'


WORDS = BooleanWords()
