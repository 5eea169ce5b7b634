"""What is said of a number column."""

from __future__ import annotations

import re
from typing import ClassVar

import numpy as np

from keepfit.features.column import Choice, ColumnFacts, Suggestion, between, short
from keepfit.features.kind import ServedColumn
from keepfit.features.shared.numeric_words import NumericWords

_SHARE = 0.95
"""From this share of readable cells a column is one of numbers with a few odd cells."""
_MARKED_SHARE = 0.5
"""The same where the odd cells are one to three words, such as "unknown", that stand for a missing value."""


class NumberWords(NumericWords):
    """Words of this kind."""

    kind: ClassVar[str] = "number"
    asked: ClassVar[int] = 3

    def recognise(self, column: ColumnFacts) -> Choice | None:
        """Mostly readable as numbers, and not codes such as 00501."""
        few = len(column.odd) <= 3 and column.number_share >= _MARKED_SHARE and column.distinct > 10
        if _has_leading_zeros(column) or not (column.number_share >= _SHARE or few):
            return None
        finite = column.parsed[np.isfinite(column.parsed)]
        comment = f"{finite.min():g} to {finite.max():g}, {column.distinct:,} different{column.gaps}"
        if not column.odd:
            return Choice(column.name, self.kind, comment)
        words = ", ".join(f'"{short(word)}"' for word in column.odd[:3])
        rows = int(column.counts[~np.isfinite(column.parsed)].sum())
        cells = "1 cell says" if rows == 1 else f"{rows:,} cells say"
        said = f'The column "{column.name}" holds numbers, but {cells} {words}; they count as missing.'
        return Choice(column.name, self.kind, f"{comment}; {words} counts as missing", said)

    def expectations(self, column: ColumnFacts) -> list[Suggestion]:
        """No gap where there was none, and the range seen, widened."""
        return [*super().expectations(column), between(column)]

    def meaning(self, _column: ServedColumn) -> str:
        """In words."""
        return "double, NaN where missing"

    def example(self) -> str:
        """Python."""
        return "np.array([1.5, np.nan])"


WORDS = NumberWords()


def _has_leading_zeros(column: ColumnFacts) -> bool:
    """Codes such as 00501 are names, whatever they look like."""
    coded = [v for v in column.values if re.fullmatch(r"0\d+", v)]
    return bool(coded) and all(v.isdigit() for v in column.values)
