"""What is fitted of columns that are numbers, and of columns that are codes.

Code 0 is missing, 1 unknown or rare, 2 + i the vocabulary's i-th value.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from keepfit.data.transform import Entry

MISSING, UNKNOWN, FIRST = 0, 1, 2
"""Codes of a missing value, of one never or rarely seen in training, and of the vocabulary's first."""
REBUILT = 200
"""The most frequent values of a column that a network which gives rows back tells apart; others count as unknown."""


class NumericEntry(Entry):
    """Figures of the train rows."""

    group: ClassVar[str] = "numbers"
    dtype: ClassVar[str] = "<f8"
    rank: ClassVar[int] = 0

    mean: float
    std: float
    """1 for a constant column, so that dividing by it is safe."""
    min: float
    max: float
    missing: int
    """Cells."""
    distinct: tuple[float, ...] | None
    """All values, where they are few."""
    quantiles: tuple[float, ...]
    distinct_quantiles: tuple[float, ...]
    """Quantiles of the different values."""
    scale: Literal["quantile", "standard"]

    @property
    def cycles(self) -> tuple[tuple[float, int], ...]:
        """What comes back in it: length of a cycle in the column's unit, and in how many equal parts it is cut."""
        return ()

    def resumed(self, earlier: Entry) -> Entry:
        """Its numbers are standardised and binned as they were."""
        if not isinstance(earlier, NumericEntry):
            return self
        names = ("mean", "std", "distinct", "quantiles", "distinct_quantiles")
        return self.model_copy(update={name: getattr(earlier, name) for name in names})

    def idle(self) -> str:
        """It has one value and no gap."""
        if len(self.distinct or ()) == 1 and not self.missing:
            return f'the feature "{self.name}" has a single value in the train rows: it teaches nothing.'
        return ""


class CodedEntry(Entry):
    """The values that have a code of their own."""

    group: ClassVar[str] = "codes"
    dtype: ClassVar[str] = "<i4"
    rank: ClassVar[int] = 1

    vocabulary: tuple[str, ...]
    """By falling count, but for a vocabulary that is known beforehand."""
    missing: int = 0
    """Cells."""

    @property
    def words(self) -> tuple[str, ...]:
        """The vocabulary."""
        return self.vocabulary

    def idle(self) -> str:
        """None of its values is frequent enough."""
        if self.vocabulary:
            return ""
        return f'no value of the feature "{self.name}" is frequent enough to be learned: all become unknown.'
