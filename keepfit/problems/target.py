"""The column to predict: read, counted, split by, fitted, recognised. n rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.data.evidence import FormEvidence
from keepfit.data.transform import Target, Transform
from keepfit.features.column import ColumnFacts, Suggestion
from keepfit.problems.answer import Labels

Counts = NDArray[np.int64]
"""Rows [part, stratum]."""


class Tally(ABC):
    """What is counted of the target's cells while the rows go by, and what makes them unfit to learn from."""

    def __init__(self, name: str, where: str) -> None:
        self.name, self.where = name, where
        self.rows = 0

    @abstractmethod
    def add(self, cells: pa.ChunkedArray) -> None:
        """Count cells, none missing. Raises DataError as soon as the target cannot be one of this problem."""

    @abstractmethod
    def check(self) -> None:
        """Raise DataError where there is nothing to learn."""

    @abstractmethod
    def values(self) -> tuple[str, ...]:
        """The different values, sorted, where they are names; else nothing."""

    def matched(self, cells: pa.Array) -> pa.Array:
        """Cells of the publisher's test file, written as those counted here."""
        return cells

    def check_test(self, test: Any) -> None:  # noqa: B027  # most problems have nothing to say
        """Raise DataError where the test file's tally is one of something else."""


class TargetFitter(ABC):
    """Learns the target's entry, batch by batch, from the train rows and from nothing else."""

    @abstractmethod
    def add(self, cells: pa.Array) -> None:
        """Take the typed cells of train rows [n]."""

    @abstractmethod
    def entry(self) -> Target:
        """What was fitted. Raises DataError where the values cannot be learned from."""

    def notes(self) -> Iterator[str]:
        """What a person should know of the train rows' values, in sentences."""
        return iter(())

    @abstractmethod
    def profile(self, counts: Counts) -> dict[str, Any]:
        """What the report says of the target, in profile.json."""


@dataclass(frozen=True)
class Recognised:
    """A column that could be the target of a problem."""

    comment: str
    """What is in it, for the YAML."""
    said: tuple[str, ...] = ()
    """Sentences for the person, where something is out of the ordinary."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """What the problem's section says besides its kind."""
    metric: str = ""
    """What to compare models on, where the usual metric would say too little."""
    first: bool = False
    """Whether it goes before other problems that would take the column too."""


class TargetColumn(ABC):
    """Everything that can be done with the column to predict without torch."""

    # Reading.

    lists: ClassVar[bool] = False
    """Whether a cell may be a list."""

    def says(self, cells: pa.Array) -> pa.Array:
        """Where the target is made of columns that say yes or no: the cells of one as bool, null for neither."""
        raise NotImplementedError

    @abstractmethod
    def read(self, cells: pa.Array, *, form: str = "") -> pa.Array:
        """Raw cells in the problem's type; what cannot be read becomes null, and its row is left out.

        `form` is how texts are written.
        """

    def evidence(self) -> FormEvidence | None:
        """What finds the form of its texts, where there is more than one."""
        return None

    @abstractmethod
    def tally(self, name: str, where: str) -> Tally:
        """What counts the cells of a source."""

    # Splitting and fitting.

    @abstractmethod
    def strata(self, cells: Iterable[pa.Array], name: str) -> pa.Array:
        """Names of the groups of which each part should get its share, from the cells of all rows in use.

        Raises DataError where there is nothing to tell apart.
        """

    @abstractmethod
    def stratum(self, cells: pa.Array, strata: pa.Array) -> NDArray[np.int32]:
        """Which of them each cell [n] belongs to; -1 for none."""

    def notes(self, _counts: Counts, _strata: list[str]) -> Iterator[str]:
        """What a person should know of the split; raises DataError where a model could not learn or be judged."""
        return iter(())

    @abstractmethod
    def fitter(self, name: str, strata: list[str]) -> TargetFitter:
        """What fits its entry."""

    @abstractmethod
    def encode(self, cells: pa.Array, target: Any) -> Labels:
        """Typed cells [n] → labels of the shards [n, …]."""

    def completed(self, target: Any, _prepared: Path, _transform: Transform, _settings: Any) -> Target:
        """The entry completed by what the finished shards of train and validation say."""
        entry: Target = target
        return entry

    @abstractmethod
    def told(self, values: NDArray[np.float64], labels: Labels) -> tuple[float, float, float]:
        """How well a column [n] alone tells the target: what is left of the error of guessing, as a share; the figure
        to say; and how many errors guessing makes on the rows that are judged, by which chance can be ruled out."""

    @abstractmethod
    def leak(self, figure: float) -> str:
        """What `told` found, behind 'the feature "x" alone tells "y"'."""

    # Drafting.

    @abstractmethod
    def recognise(self, column: ColumnFacts) -> Recognised | str:
        """What `keepfit init` says of a target of this problem; as text, why it is none."""

    @abstractmethod
    def expectations(self, column: ColumnFacts) -> list[Suggestion]:
        """What a later file's target will meet too."""

    def joined(self, _train: ColumnFacts, both: ColumnFacts) -> tuple[ColumnFacts, list[str]]:
        """The target of a train file and a publisher's test file, from the facts of the train file's rows and of those
        of both; and what to say of values that only the test file has."""
        return both, []

    @abstractmethod
    def codes(self, column: ColumnFacts) -> tuple[NDArray[np.int64], int]:
        """The target as a few groups [N], -1 where missing, and how many: to see which columns are tied to it."""


def told_by_nearest(values: NDArray[np.float64], codes: NDArray[np.integer[Any]]) -> tuple[float, float, float]:
    """`TargetColumn.told` of codes [n]: each row is told that which the nearest value had in every other row; the
    figure is its accuracy."""
    levels, place = np.unique(values[::2], return_inverse=True)
    counts = np.zeros((len(levels), int(codes.max()) + 1), np.int32)
    np.add.at(counts, (place, codes[::2]), 1)
    answers, new = counts.argmax(axis=1), values[1::2]
    right = np.searchsorted(levels, new).clip(max=len(levels) - 1)
    left = (right - 1).clip(min=0)
    nearest = np.where(new - levels[left] < levels[right] - new, left, right)
    wrong = float((answers[nearest] != codes[1::2]).mean())
    guessed = float((counts.sum(axis=0).argmax() != codes[1::2]).mean())
    return wrong / max(guessed, 1e-12), 1 - wrong, guessed * (len(codes) // 2)
