"""What is said of a number column."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from keepfit.data.cells import are_whole_names
from keepfit.data.evidence import doubt
from keepfit.features.column import Choice, ColumnFacts, Suggestion, between, short
from keepfit.features.kind import ServedColumn
from keepfit.features.shared.numeric_words import NumericWords

_SHARE = 0.95
"""From this share of readable cells a column is one of numbers with a few odd cells."""
_MARKED_SHARE = 0.5
"""The same where the odd cells are one to three words, such as "unknown", that stand for a missing value."""

_LIKE = "|".join((
    r"^[^\pL\d]*(?:[A-Z]{1,3}|\pL?\p{Sc})? ?\d+(?:[.,' \x{a0}\x{202f}]\d+)+[^\pL\d]*(?: ?\pL{1,6}\d?)?$",
    r"^[^\pL\d]*\d+ \pL{1,3}\d?$",
))  # fmt: skip
"""A number with marks, or with a unit after a blank."""
_LIKE_SHARE = 0.9

_ROWS = 2
"""Rows that a thing has on average whose ids are names; of fewer they tell the rows apart."""


class NumberWords(NumericWords):
    """Words of this kind."""

    kind: ClassVar[str] = "number"
    asked: ClassVar[int] = 3

    def recognise(self, column: ColumnFacts) -> Choice | None:
        """Mostly readable as numbers; no codes such as 00501, none too long to be kept as doubles, no ids of things."""
        few = len(column.odd) <= 3 and column.number_share >= _MARKED_SHARE and column.distinct > 10
        if _are_codes(column) or _are_ids(column) or not (column.number_share >= _SHARE or few):
            return None
        finite = column.parsed[np.isfinite(column.parsed)]
        comment = f"{finite.min():g} to {finite.max():g}, {column.distinct:,} different{column.gaps}"
        found = column.notation
        told = [doubt(column.name, found)] if found.others else []
        comment += f"; or {found.others[0][0] or found.plain}" if found.others else ""
        form = found.called if found.others else found.form
        if not column.odd:
            return Choice(column.name, self.kind, comment, " ".join(told), form=form)
        words = ", ".join(f'"{short(word)}"' for word in column.odd[:3])
        rows = int(column.counts[~np.isfinite(column.parsed)].sum())
        cells = "1 cell says" if rows == 1 else f"{rows:,} cells say"
        told.append(f'The column "{column.name}" holds numbers, but {cells} {words}; they count as missing.')
        return Choice(column.name, self.kind, f"{comment}; {words} counts as missing", " ".join(told), form=form)

    def resembles(self, column: ColumnFacts) -> str:
        """Marks and units that are no notation of one column."""
        if column.number_share >= _SHARE or column.share_like(_LIKE) < _LIKE_SHARE:
            return ""
        return f"looks like numbers in a notation that is not read, such as {short((column.odd or column.values)[0])}"

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


def _are_ids(column: ColumnFacts) -> bool:
    """By name, and each stands in several rows: of users, films, shops, whose order says nothing."""
    whole = column.called_id and column.number_share == 1 and np.all(column.parsed == np.round(column.parsed))
    return bool(whole) and column.distinct * _ROWS <= column.filled


def _are_codes(column: ColumnFacts) -> bool:
    """Codes such as 00501 are names, whatever they look like, and so are ids too long for a double."""
    if pa.types.is_floating(column.type):
        return False
    numbers = column.texts.filter(pa.array(np.isfinite(column.parsed)))
    zeros = pc.any(pc.match_substring_regex(numbers, r"^0\d+$")).as_py()
    return bool(zeros and pc.all(pc.utf8_is_digit(numbers)).as_py()) or are_whole_names(column.texts)
