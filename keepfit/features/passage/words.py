"""What is said of a column of passages."""

from __future__ import annotations

from typing import Any, ClassVar

from keepfit.features.column import ColumnFacts, Suggestion, full
from keepfit.features.kind import ServedColumn
from keepfit.features.words import Told, Words, share


class PassageWords(Words):
    """Words of this kind; `keepfit init` leaves it to a person."""

    kind: ClassVar[str] = "passage"

    def expectations(self, column: ColumnFacts) -> list[Suggestion]:
        """That none is missing."""
        return [full(column.name)]

    def meaning(self, _column: ServedColumn) -> str:
        """In words."""
        return "int32 [rows, tokens], the ids of its `tokenizer`, and 0 behind the end"

    def example(self) -> str:
        """Python."""
        return "np.array([[5, 3, 2, 0]], np.int32)"

    def told(self, profile: dict[str, Any], rows: int) -> Told:
        """Tokens."""
        text = (
            f"{profile['vocabulary']:,} different {profile['tokens']}; {profile['median']:,.0f} in the median, "
            f"{profile['longest']:,} at most"
        )
        return Told(text, missing=share(rows - profile["count"], rows))


WORDS = PassageWords()
