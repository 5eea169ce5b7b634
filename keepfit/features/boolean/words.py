"""What is said of a boolean column."""

from __future__ import annotations

from typing import ClassVar

from keepfit.features.boolean.cells import FALSE, TRUE
from keepfit.features.column import Choice, ColumnFacts
from keepfit.features.kind import ServedColumn
from keepfit.features.shared.coded_words import CodedWords

_OTHERWISE = ({"0", "1"}, {"n", "s"}, {"n", "o"})
"""These may as well be numbers, or north and south."""


class BooleanWords(CodedWords):
    """Words of this kind."""

    kind: ClassVar[str] = "boolean"
    asked: ClassVar[int] = 1

    def recognise(self, column: ColumnFacts) -> Choice | None:
        """Booleans, or words for both."""
        words = {value.lower() for value in column.values}
        both = words <= TRUE | FALSE and words & TRUE and words & FALSE and words not in _OTHERWISE
        if not (column.yes_no or both):
            return None
        said = "true or false" if column.yes_no else " or ".join(column.values[:2])
        return Choice(column.name, self.kind, said + column.gaps)

    def meaning(self, _column: ServedColumn) -> str:
        """In words."""
        return 'string, "true", "false" or "" where missing'

    def example(self) -> str:
        """Python."""
        return 'np.array(["true", ""], dtype=object)'


WORDS = BooleanWords()
