"""What is said of a column of texts."""

from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar

import numpy as np

from keepfit.features.column import Choice, ColumnFacts, Suggestion, full
from keepfit.features.kind import Region, ServedColumn
from keepfit.features.text.grams import normal, unit_of
from keepfit.features.words import Told, Words, share

_SOME = 1000
"""Texts that are looked at."""
_DIFFERENT, _NUMBERS = 0.3, 0.5
_WORDS, _LETTERS = 5, 12
"""More words than this on average, or this many letters of a script without blanks, are no name and no address."""
_COMMON = 0.4
"""Share of the words that must stand in other rows too: sentences share words, and lists of names do not."""


class TextWords(Words):
    """Words of this kind."""

    kind: ClassVar[str] = "text"
    asked: ClassVar[int] = 8

    def recognise(self, column: ColumnFacts) -> Choice | None:
        """Long, mostly different, of several words that occur in other rows too."""
        if column.distinct < _DIFFERENT * column.filled or column.number_share > _NUMBERS:
            return None
        some = column.values[:: max(1, column.distinct // _SOME)]
        if not _are_sentences(some):
            return None
        middle = int(np.median([len(text) for text in some]))
        comment = f"texts, {middle:,} characters in the middle{column.gaps}"
        return Choice(column.name, self.kind, comment, may_all_differ=True)

    def expectations(self, column: ColumnFacts) -> list[Suggestion]:
        """No gap where there was none."""
        return [] if column.missing else [full(column.name)]

    def meaning(self, column: ServedColumn) -> str:
        """In words."""
        return (
            f"int32 [rows, tokens], ids by the tokenizer in schema.json, at most {column['length']}, 0 behind the end; "
            f"and {column['input']}_grams, int32 [rows, n-grams, 2]: see `keepfit.features.text.grams`"
        )

    def example(self) -> str:
        """Python."""
        return "np.array([[5, 9, 0]], dtype=np.int32)"

    def part(self, cell: Any, part: Region, _entry: Any) -> str:
        """The word, as it is written."""
        return f'"{cell[slice(*part)]}"'

    def told(self, profile: dict[str, Any], rows: int) -> Told:
        """How long they are."""
        text = f"{profile['median']:.0f} tokens in the middle, {profile['longest']:,} at most, of {profile['tokens']:,}"
        return Told(text, missing=share(profile["missing"], rows))


WORDS = TextWords()


def _are_sentences(texts: tuple[str, ...]) -> bool:
    if unit_of(texts) == "characters":
        return bool(np.mean([len("".join(text.split())) for text in texts]) >= _LETTERS)
    cut = [normal(text).split() for text in texts]
    if np.mean([len(words) for words in cut]) <= _WORDS:
        return False
    rows = Counter(word for words in cut for word in set(words))
    found = [rows[word] > 1 for words in cut for word in words]
    return len(texts) < 30 or bool(np.mean(found) >= _COMMON)
