"""Cells that hold several labels, to predict. n rows, K labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.data.evidence import FormEvidence
from keepfit.data.names import natural
from keepfit.errors import DataError
from keepfit.features.boolean.cells import KIND as YES_NO
from keepfit.features.column import ColumnFacts, Suggestion
from keepfit.problems.answer import Labels
from keepfit.problems.multilabel import Target
from keepfit.problems.multilabel.cells import LabelEvidence, counted, places, read
from keepfit.problems.multilabel.recognised import grouped, recognised
from keepfit.problems.target import Counts, Recognised, Tally, TargetColumn, TargetFitter, told_by_nearest
from keepfit.quoting import shown

MAX_LABELS = 1_000
"""More different labels than this are no labels: each is a byte of every row, and a number of every answer."""
NONE = ""
"""The stratum of rows without a label; no label is called so."""
_RARE = 5
_PAIRS = 50
"""Pairs of labels that the profile names, the most frequent."""
_SETS = 200
"""Sets of labels that a column is asked to tell; the others count as one."""


class LabelTally(Tally):
    """Rows of each label."""

    def __init__(self, name: str, where: str) -> None:
        super().__init__(name, where)
        self.labels: Counter[str] = Counter()
        self.first: tuple[str, ...] | None = None
        self.differ = False

    def add(self, cells: pa.ChunkedArray) -> None:
        """Raises DataError for more labels than there can be."""
        self.rows += len(cells)
        for labels, rows in counted(cells):
            self.labels.update(dict.fromkeys(labels, rows))
            self.first = labels if self.first is None else self.first
            self.differ |= labels != self.first
        if len(self.labels) > MAX_LABELS:
            raise DataError(
                f'the target "{self.name}" has more than {MAX_LABELS:,} different labels, '
                f"such as {shown(min(self.labels))}.",
                todo="Say by problem.format what stands between labels, or leave rare ones out of the source.",
                where=self.where,
            )

    def check(self) -> None:
        """One set of labels teaches nothing."""
        if not self.differ:
            all_have = _some(list(self.first or ())) or "none"
            raise DataError(
                f'every row has the same labels in the target "{self.name}": {all_have}.',
                allowed="At least two rows must differ in a label.",
                todo="Check that column, and problem.format, which says what stands between labels.",
                where=self.where,
            )

    def values(self) -> tuple[str, ...]:
        """The labels."""
        return tuple(sorted(self.labels))

    def check_test(self, test: LabelTally) -> None:
        """A test file none of whose labels is known."""
        if test.labels and not set(test.labels) & set(self.labels):
            raise DataError(
                f"no label of the test file is in the train file; it has {shown(min(test.labels))}.",
                allowed=f"The train file has: {_some(sorted(self.labels))}.",
                where=test.where,
            )


class LabelFitter(TargetFitter):
    """Which labels the train rows have, and which come together."""

    def __init__(self, name: str, known: list[str]) -> None:
        self._name, self._known = name, known
        self._rows = self._none = 0
        self._labels: Counter[str] = Counter()
        self._pairs: Counter[tuple[str, str]] = Counter()

    def add(self, cells: pa.Array) -> None:
        """Count labels."""
        for labels, rows in counted(cells):
            self._rows += rows
            self._none += 0 if labels else rows
            self._labels.update(dict.fromkeys(labels, rows))
            self._pairs.update(dict.fromkeys(combinations(labels, 2), rows))

    def entry(self) -> Target:
        """The labels that train rows have, in their natural order."""
        labels = sorted(self._labels, key=natural)
        if not labels:
            raise DataError(
                "no train row has a label.",
                allowed="A label needs at least one row to be learned from.",
                todo="Add rows, or change preprocessing.split.",
                where=f'column "{self._name}"',
            )
        shares = tuple(self._labels[label] / self._rows for label in labels)
        return Target(name=self._name, problem="multilabel", labels=tuple(labels), shares=shares)

    def notes(self) -> Iterator[str]:
        """Labels that no train row has, or next to none."""
        absent = [name for name in self._known if name not in self._labels]
        if absent:
            yield f"no train row has the label {_some(absent)}: it is left out of what is learned and judged."
        rare = sorted((name for name, rows in self._labels.items() if rows < _RARE), key=natural)
        if rare:
            yield f"fewer than {_RARE} train rows have the label {_some(rare)}: too few to learn."

    def profile(self, _counts: Counts) -> dict[str, Any]:
        """`labels` with their train rows, `none` (rows without one), and `pairs` that come together."""
        labels = [{"name": name, "train": self._labels[name]} for name in sorted(self._labels, key=natural)]
        pairs = sorted(self._pairs.items(), key=lambda pair: (-pair[1], pair[0]))[:_PAIRS]
        told = [{"labels": list(pair), "train": rows} for pair, rows in pairs]
        return {"labels": labels, "none": self._none, "rows": self._rows, "pairs": told}


class LabelColumn(TargetColumn):
    """Sets of names."""

    lists: ClassVar[bool] = True

    def says(self, cells: pa.Array) -> pa.Array:
        """In any word for yes and no, or as 1 and 0."""
        return YES_NO.read(pa.nulls(len(cells), pa.string()) if pa.types.is_null(cells.type) else cells)

    def read(self, cells: pa.Array, *, form: str = "") -> pa.Array:
        """Canonical texts: see `keepfit.problems.multilabel.cells`."""
        return read(cells, form)

    def evidence(self) -> FormEvidence:
        """What stands between labels."""
        return LabelEvidence()

    def tally(self, name: str, where: str) -> Tally:
        """Rows of each label."""
        return LabelTally(name, where)

    def strata(self, cells: Iterable[pa.Array], name: str) -> pa.Array:
        """The labels, the rarest first, and behind them rows without one: a row belongs to its rarest label.

        So each part has rows of every label that has enough of them.
        """
        rows: Counter[str] = Counter()
        sets: set[tuple[str, ...]] = set()
        for some in cells:
            for labels, count in counted(some):
                rows.update(dict.fromkeys(labels, count))
                sets |= {labels} if len(sets) < 2 else set()
        if len(sets) < 2:
            only = f"only the labels {_some([*min(sets)]) or 'none'}" if sets else "no row"
            raise DataError(
                f'the target "{name}" has {only} after validation.',
                allowed="At least two rows must differ in a label.",
                todo="Add rows of other labels, or name another target.",
                where=f'column "{name}"',
            )
        return pa.array([*sorted(rows, key=lambda label: (rows[label], natural(label))), NONE], pa.string())

    def stratum(self, cells: pa.Array, strata: pa.Array) -> NDArray[np.int32]:
        """The place of each row's rarest label; -1 for a missing cell."""
        *labels, _ = strata.to_pylist()
        found = places(cells, labels)
        first = np.where(found.any(axis=1), found.argmax(axis=1) if labels else 0, len(labels))
        return np.where(cells.is_valid().to_numpy(zero_copy_only=False), first, -1).astype(np.int32)

    def fitter(self, name: str, strata: list[str]) -> TargetFitter:
        """The labels that train rows have."""
        return LabelFitter(name, strata[:-1])

    def encode(self, cells: pa.Array, target: Target) -> Labels:
        """[n, K], 1 where a row has the label."""
        return places(cells, target.labels)

    def told(self, values: NDArray[np.float64], labels: Labels) -> tuple[float, float, float]:
        """The set of labels by the nearest value; the figure is its accuracy."""
        _, codes, rows = np.unique(labels, axis=0, return_inverse=True, return_counts=True)
        rank = np.argsort(np.argsort(-rows, kind="stable"), kind="stable")
        return told_by_nearest(values, np.minimum(rank, _SETS)[codes.reshape(-1)])

    def leak(self, figure: float) -> str:
        """How often it is right."""
        return f"in {figure:.1%} of the rows"

    def recognise(self, column: ColumnFacts) -> Recognised | str:
        """Most cells hold several of a few parts."""
        return recognised(column)

    def expectations(self, column: ColumnFacts) -> list[Suggestion]:  # noqa: ARG002
        """None: a set of labels that was not seen yet is no fault."""
        return []

    def codes(self, column: ColumnFacts) -> tuple[NDArray[np.int64], int]:
        """The most frequent sets of labels, and the others."""
        return grouped(column)


TARGET = LabelColumn()


def _some(names: list[str]) -> str:
    listed = ", ".join(shown(name) for name in names[:5])
    return listed if len(names) <= 5 else f"{listed} and {len(names) - 5:,} more"
