"""What is said of a category column."""

from __future__ import annotations

from typing import ClassVar

from keepfit.features.column import Choice, ColumnFacts, Suggestion, short
from keepfit.features.kind import ServedColumn
from keepfit.features.shared.coded_words import CodedWords

_SET = 20
"""A category with more values than this is not a closed set."""
_SEEN = 5
"""Nor is one that has a value in fewer rows than this: others as rare were not seen yet."""


class CategoryWords(CodedWords):
    """Words of this kind."""

    kind: ClassVar[str] = "category"
    asked: ClassVar[int] = 9

    def recognise(self, column: ColumnFacts) -> Choice | None:
        """Whatever no other kind has taken."""
        many = f"{column.distinct:,} values, most often {short(column.top[0][0])}"
        return Choice(column.name, self.kind, many + column.gaps)

    def expectations(self, column: ColumnFacts) -> list[Suggestion]:
        """No gap where there was none, and the values where they are few and each is frequent."""
        lines = super().expectations(column)
        if 2 <= column.distinct <= _SET and column.counts.min() >= _SEEN:
            kwargs = {"column": column.name, "value_set": sorted(column.values)}
            lines.append(Suggestion("expect_column_values_to_be_in_set", kwargs, "warning"))
        return lines

    def meaning(self, _column: ServedColumn) -> str:
        """In words."""
        return 'string, "" where missing; one never seen in training is allowed'

    def example(self) -> str:
        """Python."""
        return 'np.array(["a", ""], dtype=object)'


WORDS = CategoryWords()
