"""Cells that are names of classes. n rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from keepfit.data.cells import categories, codes_of
from keepfit.data.names import natural
from keepfit.errors import DataError
from keepfit.features.column import ColumnFacts, Suggestion, short
from keepfit.problems.answer import Labels
from keepfit.problems.classification import Target
from keepfit.problems.target import Counts, Recognised, Tally, TargetColumn, TargetFitter, told_by_nearest
from keepfit.store.artifacts import PARTS

MAX_CLASSES = 10_000
"""More different target values than this are no classes."""
_MANY = 1000
"""`keepfit init` calls more values than this no classes."""
_SUGGESTED = 100
"""Classes up to which they are named in the expectations."""
_HALVES = 5
"""Of more values than this numbers in halves, as ratings are, are a quantity."""
_RARE = 5
_SCARCE = 0.05
"""Share of the rows. Of a class that has fewer, accuracy says nothing."""


class ClassTally(Tally):
    """Rows of each class."""

    def __init__(self, name: str, where: str) -> None:
        super().__init__(name, where)
        self.classes: Counter[str] = Counter()

    def add(self, cells: pa.ChunkedArray) -> None:
        """Raises DataError for more values than there can be classes."""
        self.rows += len(cells)
        for entry in pc.value_counts(cells).to_pylist():
            self.classes[entry["values"]] += entry["counts"]
        if len(self.classes) > MAX_CLASSES:
            raise DataError(
                f'the target "{self.name}" has more than {MAX_CLASSES:,} different values.',
                todo="Choose a target with classes; or write problem: regression where it is a quantity.",
                where=self.where,
            )

    def check(self) -> None:
        """One class teaches nothing."""
        if len(self.classes) == 1:
            raise DataError(
                f'every row has the same target "{next(iter(self.classes))}".',
                allowed="At least two classes are needed.",
                todo=f'Check the column "{self.name}".',
                where=self.where,
            )

    def values(self) -> tuple[str, ...]:
        """The classes."""
        return tuple(sorted(self.classes))

    def matched(self, cells: pa.Array) -> pa.Array:
        """Classes that only a point at the end makes others than those here are the same, as in Adult's test file."""
        names = [self._matched(name) for name in cells.dictionary.to_pylist()]
        coded = pa.array(names, pa.string()).dictionary_encode()
        codes = coded.indices.take(cells.indices) if len(coded.dictionary) else cells.indices
        return pa.DictionaryArray.from_arrays(codes, coded.dictionary)

    def _matched(self, name: str | None) -> str | None:
        shorter = name.removesuffix(".").strip() if name is not None else None
        return name if name in self.classes or shorter not in self.classes else shorter

    def check_test(self, test: ClassTally) -> None:
        """A test file none of whose classes is known."""
        unknown = sorted(set(test.classes) - set(self.classes))
        if unknown and sum(test.classes[c] for c in unknown) == test.rows:
            raise DataError(
                f'no class of the test file is in the train file; it has "{unknown[0]}".',
                allowed=f"The train file has: {', '.join(sorted(self.classes)[:10])}.",
                where=test.where,
            )


class ClassFitter(TargetFitter):
    """The classes are those of all rows; their numbers are of the train rows."""

    def __init__(self, name: str, classes: list[str]) -> None:
        self._name, self._classes = name, classes
        self._rows = np.zeros(len(classes), np.int64)

    def add(self, cells: pa.Array) -> None:
        """Count them."""
        codes = pc.index_in(cells, value_set=pa.array(self._classes, pa.string())).fill_null(len(self._classes))
        self._rows += np.bincount(codes.to_numpy(), minlength=len(self._classes) + 1)[:-1]

    def entry(self) -> Target:
        """The classes."""
        rows = tuple(self._rows.tolist())
        return Target(name=self._name, problem="classification", classes=tuple(self._classes), rows=rows)

    def profile(self, counts: Counts) -> dict[str, Any]:
        """`classes` with their rows in each part."""
        rows = [dict(zip(PARTS, column, strict=True)) for column in counts.T.tolist()]
        return {"classes": [{"name": name, **row} for name, row in zip(self._classes, rows, strict=True)]}


class ClassColumn(TargetColumn):
    """Names."""

    def read(self, cells: pa.Array, *, form: str = "") -> pa.Array:  # noqa: ARG002
        """Text without blanks around it; 1.0 is written 1."""
        return categories(cells)

    def tally(self, name: str, where: str) -> Tally:
        """Rows of each class."""
        return ClassTally(name, where)

    def strata(self, cells: Iterable[pa.Array], name: str) -> pa.Array:
        """The classes: numbers by size, other names by their letters."""
        found: set[str] = set()
        for some in cells:
            found.update(pc.unique(some).cast(pa.string()).to_pylist())
        if len(found) < 2:
            only = f'only the class "{min(found)}"' if found else "no row"
            raise DataError(
                f'the target "{name}" has {only} after validation.',
                allowed="A classifier needs at least two classes.",
                todo="Add rows of another class, or name another target.",
                where=f'column "{name}"',
            )
        return pa.array(sorted(found, key=natural), pa.string())

    def stratum(self, cells: pa.Array, strata: pa.Array) -> NDArray[np.int32]:
        """The class's code; -1 for one that quarantine emptied."""
        return codes_of(cells, strata)

    def notes(self, counts: Counts, strata: list[str]) -> Iterator[str]:
        """Classes that a part has no row of; without train rows one cannot be learned."""
        untaught, *absent = (
            [name for name, rows in zip(strata, row, strict=True) if not rows] for row in counts.tolist()
        )
        if untaught:
            raise DataError(
                f"no train row is of the class {_some(untaught)}.",
                allowed="Each class needs at least one row to learn from.",
                todo="Add such rows, leave that class out, or change preprocessing.split.",
            )
        for part, missing in zip(PARTS[1:], absent, strict=True):
            if missing:
                yield f"no {part} row is of the class {_some(missing)}: too few such rows to judge it there."

    def fitter(self, name: str, strata: list[str]) -> TargetFitter:
        """The classes as they are."""
        return ClassFitter(name, strata)

    def encode(self, cells: pa.Array, target: Target) -> Labels:
        """Codes."""
        return codes_of(cells, pa.array(target.classes, pa.string()))

    def told(self, values: NDArray[np.float64], labels: Labels) -> tuple[float, float, float]:
        """By the nearest value; the figure is its accuracy."""
        return told_by_nearest(values, labels)

    def leak(self, figure: float) -> str:
        """How often it is right."""
        return f"in {figure:.1%} of the rows"

    def recognise(self, column: ColumnFacts) -> Recognised | str:
        """Few values, or names."""
        if _is_quantity(column):
            shown = ", ".join(column.values[:3])
            return (
                f"it looks like a quantity, with {column.distinct:,} different values in {column.filled:,} rows, "
                f"such as {shown}"
            )
        top = ", ".join(f"{value} {count:,}" for value, count in column.top[:6])
        more = f" and {column.distinct - 6} more" if column.distinct > 6 else ""
        lopsided = _lopsided(column)
        positive = {"positive": column.top[-1][0]} if lopsided and column.distinct == 2 else {}
        return Recognised(
            f"rows of each class: {top}{more}",
            (*_rare(column), *lopsided, *(_positive(**positive) if positive else ())),
            settings=positive,
            metric="log_loss" if lopsided else "",
        )

    def expectations(self, column: ColumnFacts) -> list[Suggestion]:
        """The classes, where they are not too many to be named."""
        if column.distinct > _SUGGESTED:
            return []
        kwargs = {"column": column.name, "value_set": sorted(column.values)}
        told = "the classes; rows of another are set aside"
        return [Suggestion("expect_column_values_to_be_in_set", kwargs, "warning", told)]

    def joined(self, train: ColumnFacts, both: ColumnFacts) -> tuple[ColumnFacts, list[str]]:
        """Classes of the test file that are written as those of the train file but for a point at the end are those."""
        known = set(train.values)
        new = [value for value in both.values if value not in known and value.removesuffix(".") not in known]
        if not new:
            return train, []
        rows = sum(count for value, count in both.top if value in new)
        classes = f'the class "{new[0]}"{_more(len(new) - 1)}'
        told = f"The test file has {rows:,} rows of {classes}, which the train file has not"
        if train.distinct > _SUGGESTED or rows > _SCARCE * both.filled:
            raise DataError(
                f"{told}.",
                allowed="Nothing can be learned of a class without train rows.",
                todo="Take those rows out of the test file, or add some to the train file.",
            )
        return train, [f"{told}: they are set aside."]

    def codes(self, column: ColumnFacts) -> tuple[NDArray[np.int64], int]:
        """The classes."""
        return column.codes, column.distinct


TARGET = ClassColumn()


def _lopsided(column: ColumnFacts) -> tuple[str, ...]:
    """Where a model that says one class every time is right so often that accuracy hides what it is asked for."""
    (most, many), (least, few) = column.top[0], column.top[-1]
    if few >= _SCARCE * column.filled or many <= column.filled / 2:
        return ()
    return (
        f'Only {few / column.filled:.1%} of the rows are of the class "{short(least)}", and whoever always says '
        f'"{short(most)}" is right in {many / column.filled:.1%}: so models are compared by log loss '
        "(release.metric), which needs no row to change its class.",
    )


def _positive(positive: str) -> tuple[str, ...]:
    return (f'The positive class is "{short(positive)}" (problem.positive): precision, recall and rankings are of it.',)


def _rare(column: ColumnFacts) -> Iterator[str]:
    rare = [value for value, count in column.top if count < _RARE]
    if rare:
        yield f'Of the class "{rare[0]}"{_more(len(rare) - 1)} there are fewer than {_RARE} rows: too few to learn.'


def _more(count: int) -> str:
    return f" and {count} more" if count else ""


def _some(names: list[str]) -> str:
    shown = ", ".join(f'"{name}"' for name in names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"


def _is_quantity(target: ColumnFacts) -> bool:
    if target.distinct > _MANY or target.distinct > 0.5 * target.filled > 10:
        return True
    if target.number_share < 1:
        return False
    if np.any(target.parsed != np.round(target.parsed)):
        halves = bool(np.all(2 * target.parsed == np.round(2 * target.parsed)))
        return target.distinct > (_HALVES if halves else 10)
    return target.distinct > 100 or target.distinct > max(30, 0.2 * target.filled)
