"""Texts that are predicted token by token. n rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from keepfit.data.cells import is_text
from keepfit.errors import DataError
from keepfit.features.column import ColumnFacts, Suggestion, full
from keepfit.metrics.naming import quantity
from keepfit.problems.answer import Labels
from keepfit.problems.next_token import Target
from keepfit.problems.target import Counts, Recognised, Tally, TargetColumn, TargetFitter


class TextTally(Tally):
    """Texts and their characters."""

    def __init__(self, name: str, where: str) -> None:
        super().__init__(name, where)
        self.characters = 0

    def add(self, cells: pa.ChunkedArray) -> None:
        """Count."""
        self.rows += len(cells)
        self.characters += int(lengths(cells).sum())

    def check(self) -> None:
        """Two characters at least: something must come behind something."""
        if self.characters < 2:
            raise DataError(
                f'the texts in the column "{self.name}" have {quantity(self.characters)} characters altogether.',
                allowed="A language model learns from texts.",
                todo="Check the source.",
                where=self.where,
            )

    def values(self) -> tuple[str, ...]:
        """Texts are no names."""
        return ()


class LengthFitter(TargetFitter):
    """How long the train rows' texts are."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lengths: list[NDArray[np.int64]] = []

    def add(self, cells: pa.Array) -> None:
        """Take texts."""
        self._lengths.append(lengths(cells))

    def entry(self) -> Target:
        """Their mean length."""
        found = np.concatenate(self._lengths)
        if not found.any():
            raise DataError(
                "every text of the train rows is empty.",
                todo="Add rows, or change preprocessing.split.",
                where=f'column "{self._name}"',
            )
        return Target(name=self._name, problem="next_token", characters=float(found.mean()))

    def profile(self, _counts: Counts) -> dict[str, Any]:
        """texts, characters, and the shortest, median and longest text."""
        found = np.concatenate(self._lengths)
        ends = np.quantile(found, [0, 0.5, 1]).tolist()
        return {"texts": len(found), "characters": int(found.sum()), "lengths": ends}


class TextColumn(TargetColumn):
    """The column of texts, which is the feature too."""

    def read(self, cells: pa.Array, *, form: str = "") -> pa.Array:  # noqa: ARG002
        """As the text that they are; the feature's kind reads them, as it is asked first."""
        return cells.cast(pa.string())

    def tally(self, name: str, where: str) -> Tally:
        """Texts and characters."""
        return TextTally(name, where)

    def strata(self, cells: Iterable[pa.Array], name: str) -> pa.Array:  # noqa: ARG002
        """One group: all texts."""
        return pa.array(["all"], pa.string())

    def stratum(self, cells: pa.Array, strata: pa.Array) -> NDArray[np.int32]:  # noqa: ARG002
        """The one group."""
        return np.zeros(len(cells), np.int32)

    def fitter(self, name: str, strata: list[str]) -> TargetFitter:  # noqa: ARG002
        """Lengths."""
        return LengthFitter(name)

    def encode(self, cells: pa.Array, target: Target) -> Labels:  # noqa: ARG002
        """Characters of each text."""
        return lengths(cells)

    def told(self, _values: NDArray[np.float64], _labels: Labels) -> tuple[float, float, float]:
        """Nothing: there is no other feature."""
        return 1.0, 1.0, 0.0

    def leak(self, figure: float) -> str:
        """What is left of it."""
        return f"to {figure:.1%}"

    def recognise(self, column: ColumnFacts) -> Recognised | str:  # noqa: ARG002
        """A class or a value is what a column of a table is asked for, unless the YAML says otherwise."""
        return "what comes next in a text must be asked for in problem.kind"

    def expectations(self, column: ColumnFacts) -> list[Suggestion]:
        """That no text is missing."""
        return [full(column.name)]

    def codes(self, column: ColumnFacts) -> tuple[NDArray[np.int64], int]:
        """All alike."""
        return np.where(column.codes < 0, -1, 0), 1


TARGET = TextColumn()


def lengths(cells: pa.Array | pa.ChunkedArray) -> NDArray[np.int64]:
    """Characters of each text [n], 0 of a missing one."""
    if isinstance(cells, pa.ChunkedArray):
        cells = cells.combine_chunks()
    texts = cells if is_text(cells.type) and not pa.types.is_dictionary(cells.type) else cells.cast(pa.string())
    return np.asarray(pc.fill_null(pc.utf8_length(texts), 0).to_numpy(zero_copy_only=False), np.int64)
