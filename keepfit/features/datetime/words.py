"""What is said of a datetime column."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

import numpy as np
import pyarrow as pa

from keepfit.data.cells import is_text
from keepfit.data.evidence import Found, doubt
from keepfit.features.column import Choice, ColumnFacts, short
from keepfit.features.datetime.cells import KIND
from keepfit.features.datetime.evidence import is_number
from keepfit.features.kind import ServedColumn
from keepfit.features.shared.numeric_words import NumericWords

_SHARE = 0.9
"""From this share of readable cells a column is one of dates."""
_LIKE = "(?i)" + "|".join((
    r"(?:19|20)\d\d[-/.年] ?\d{1,2}[-/.月] ?\d{1,2}",
    r"\d{1,2}[-/. ] ?\d{1,2}[-/. ] ?(?:19|20)\d\d",
    r"^\d{1,2}[-/]\d{1,2}[-/]\d\d\b",
    r"^\pL*,? ?\d{1,2}\.?[-/ ]?\pL{3,10}\.?[-/ ,]*(?:(?:19|20)\d\d|\d\d\b)",
    r"^\pL{3,10} \d{1,2},? (?:19|20)\d\d",
))  # fmt: skip


class DatetimeWords(NumericWords):
    """Words of this kind."""

    kind: ClassVar[str] = "datetime"
    asked: ClassVar[int] = 2

    def recognise(self, column: ColumnFacts) -> Choice | None:
        """Texts in a form of dates, or whole numbers that are all days, such as 20240131."""
        if not self._may_be_moments(column):
            return None
        found = column.found(KIND.evidence()) if is_text(column.type) else _of_values(column)
        if found.share < _SHARE or _are_seasons(column, found.form):
            return None
        shown = f"such as {column.values[0]}{column.gaps}"
        if not found.others:
            return Choice(column.name, self.kind, shown, may_all_differ=True, form=found.form)
        shown += f"; or {found.others[0][0]}"
        return Choice(column.name, self.kind, shown, doubt(column.name, found), may_all_differ=True, form=found.called)

    def _may_be_moments(self, column: ColumnFacts) -> bool:
        if column.distinct == 0:
            return False
        if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
            return True
        if column.number_share > 0.5:
            days = column.parsed[np.isfinite(column.parsed)]
            return column.number_share == 1 and days.min() >= 19000101 and days.max() <= 20991231
        return is_text(column.type)

    def resembles(self, column: ColumnFacts) -> str:
        """A year with a month beside it."""
        if column.number_share > 1 - _SHARE or column.share_like(_LIKE) < _SHARE:  # what reads as a number is none
            return ""
        return (
            f"looks like dates in a form that is not known, such as {short(column.values[0])}; "
            "kind: datetime with format: in the YAML names one"
        )

    def meaning(self, _column: ServedColumn) -> str:
        """In words."""
        return "double, seconds since 1970-01-01 UTC, NaN where missing"

    def example(self) -> str:
        """Python."""
        return "np.array([1.7e9, np.nan])"

    def shown(self, value: float) -> str:
        """The day."""
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d}"


WORDS = DatetimeWords()


def _are_seasons(column: ColumnFacts, form: str) -> bool:
    """Whether what reads as months is years and the next ones, 2010-11 and 2011-12: hockey's seasons, tax years."""
    return form in ("%Y-%m", "%Y/%m") and all(
        (int(value[2:4]) + 1) % 100 == int(value[5:7]) for value in column.values if value[:4].isdigit() and value[5:7]
    )


def _of_values(column: ColumnFacts) -> Found:
    """How numbers such as 20240131 are written; what is a date already has the plain form."""
    evidence = KIND.evidence()
    if is_number(column.type):
        evidence.add(column.cells)
        return evidence.found()
    return Found(cells=column.filled, read=column.filled)
