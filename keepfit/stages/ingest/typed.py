"""The source's batches as typed rows that have a target."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from keepfit.config import Pipeline
from keepfit.data.cells import counted, numbers_without, spelled, without
from keepfit.data.composed import open_composed, open_said, open_whole
from keepfit.data.evidence import Found, look
from keepfit.data.sources.opening import Opened, Reading, open_source
from keepfit.data.unread import RowPlaces, unfit_rows
from keepfit.errors import DataError
from keepfit.features.kind import joined
from keepfit.features.lookup import kind_of
from keepfit.features.points import open_points
from keepfit.features.series import Asked
from keepfit.features.windows import open_windows
from keepfit.problems.lookup import target_column
from keepfit.problems.target import Tally
from keepfit.stages.ingest.fingerprint import Roles
from keepfit.stages.ingest.source_columns import (
    InDoubtError,
    SourceColumn,
    check_columns,
    columns_of,
    evidence_of,
    unfit,
)
from keepfit.stages.ingest.tally import SourceTally


class MixedColumnError(Exception):
    """A column that no feature declares does not keep the type of its first rows: it must be read again, as text."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass
class Table:
    """An opened source whose rows can be streamed once, in the types of the snapshot."""

    opened: Opened
    config: Pipeline
    tally: SourceTally
    as_text: frozenset[str] = frozenset()
    """Undeclared columns that were found to be mixed."""
    looked: Mapping[str, Found] = field(default_factory=dict)
    """The forms of columns all of whose cells were looked at."""
    doubts: set[str] = field(default_factory=set)
    """Columns with cells that their form does not read, while all cells were not looked at."""
    columns: list[SourceColumn] = field(default_factory=list)
    """Filled when the first rows were seen."""
    schema: pa.Schema | None = None
    """The types of the first rows, which all others must take."""

    def rows(self, like: Tally | None) -> Iterator[pa.Table]:
        """The rows with a target, that of a test file written as in the train file, whose tally is `like`.

        Raises MixedColumnError, and InDoubtError when all was seen.
        """
        places = RowPlaces(self.opened.unread)
        for batch in self.opened.batches():
            if not len(batch):
                continue
            here = places.next(len(batch))
            if not self.columns:
                self.columns = columns_of(self.opened, batch, self.config, self.as_text, self.looked)
            table = self._alike(self._fit(self._typed(batch, like), here))
            self.tally.count(table)
            if not self.doubts:
                yield table
        if self.doubts:
            raise InDoubtError(self.doubts)
        self.tally.leave_out(np.empty(0, np.int64), self.opened.unread)
        self.tally.unread.sort(key=lambda one: one.row)

    def look(self, names: Collection[str]) -> dict[str, Found]:
        """How some columns are written, from all their cells."""
        evidence = evidence_of(self.config)
        return look(self.opened.batches(), {name: evidence[name] for name in names})

    def _fit(self, table: pa.Table, places: NDArray[np.int64]) -> pa.Table:
        """The rows that can be learned from; the others are told to the tally by their places."""
        kinds = [(c.name, c.kind, table[c.name].chunk(0)) for c in self.columns if c.kind is not None]
        unfit = joined([(name, kind, cells, kind.unfit(cells, self.opened.pixels)) for name, kind, cells in kinds])
        without = ~table[self.config.target].is_valid().to_numpy(zero_copy_only=False)
        without[[*unfit]] = False
        self.tally.leave_out(places[without], unfit_rows(unfit, places, table))
        gone = without.copy()
        gone[[*unfit]] = True
        return table.filter(pa.array(~gone)) if gone.any() else table

    def _typed(self, batch: pa.RecordBatch, like: Tally | None) -> pa.Table:
        arrays = {}
        for column in self.columns:
            cells = self._spelled(column, batch[column.name])
            if self.opened.dialect is None and self.config.source.missing:
                cells = without(cells, self.config.source.missing)
            typed, bad = self._read(column, cells)
            arrays[column.name] = numbers_without(typed, self.config.source.missing)
            if bad and self._may_turn_text(column.name):
                raise MixedColumnError(column.name)
            if bad and column.declared:
                self._note_unreadable(column, cells, arrays[column.name], bad)
        target = self.config.target
        arrays[target] = like.matched(arrays[target]) if like else arrays[target]
        return pa.table(arrays)

    def _spelled(self, column: SourceColumn, cells: pa.Array) -> pa.Array:
        if not column.declared or (column.kind and column.kind.is_raw):
            return cells
        try:
            return spelled(cells)
        except pa.ArrowInvalid as error:
            raise self._unfit(column, cells) from error

    def _unfit(self, column: SourceColumn, cells: pa.Array) -> DataError:
        return unfit(column.name, cells.type, column.kind.name if column.kind else "target", self.tally.where)

    def _read(self, column: SourceColumn, cells: pa.Array) -> tuple[pa.Array, int]:
        try:
            return counted(column.read, cells)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
            raise self._unfit(column, cells) from error

    def _alike(self, table: pa.Table) -> pa.Table:
        if self.schema is None:
            self.schema = pa.schema([_without_null_type(f) for f in table.schema])
            self.columns = [replace(c, stored=_stored(self.schema.field(c.name).type)) for c in self.columns]
        if table.schema == self.schema:
            return table
        return pa.table([self._cast(table[f.name], f) for f in self.schema], schema=self.schema)

    def _cast(self, cells: pa.ChunkedArray, first: pa.Field) -> pa.ChunkedArray:
        try:
            return cells.cast(first.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            if self._may_turn_text(first.name):
                raise MixedColumnError(first.name) from error
            raise DataError(
                f'the column "{first.name}" is {first.type} in the first rows and {cells.type} later.',
                todo="Give it one type throughout.",
                where=self.tally.where,
            ) from error

    def _may_turn_text(self, name: str) -> bool:
        return name not in self.as_text and name != self.config.target and name not in self.config.features

    def _note_unreadable(self, column: SourceColumn, cells: pa.Array, typed: pa.Array, bad: int) -> None:
        lost = _shown(cells.filter(pc.and_(typed.is_null(), cells.is_valid())))
        may_be_written_otherwise = self.tally.lose(column.name, bad, lost)
        if column.found and column.name not in self.looked and may_be_written_otherwise:
            self.doubts.add(column.name)


def open_table(
    roles: Roles,
    role: str,
    config: Pipeline,
    scratch: Path,
    names: tuple[str, ...] | None = None,
    as_text: frozenset[str] = frozenset(),
    looked: Mapping[str, Found] | None = None,
) -> Table:
    """Open the train or test files, and check that every column that is needed is there.

    `names` are the columns of a file that has no header, `as_text` those found to be mixed, `looked` the forms of
    those all of whose cells were looked at. Raises DataError.
    """
    source = config.source
    labels = {"train": roles.get("labels", ()), "test": roles.get("test_labels", ())}
    other = "test" if role == "train" else "train"
    one = bool(labels[role]) and labels[role] == labels[other]  # table, that names the files of both
    reading = Reading(
        scratch=scratch,
        target=config.problem.labelled or ("" if config.problem.parts or config.problem.reads_rows else config.target),
        needed=config.needed.union(config.problem.parts),
        uncoded=frozenset(n for n, feature in config.features.items() if not kind_of(feature.kind).coded),
        format="parquet" if source.sql else source.format,
        columns=source.columns or names,
        delimiter=source.delimiter,
        encoding=source.encoding,
        missing=source.missing,
        sheet=source.sheet,
        piece=source.piece,
        labels=labels[role],
        beside=roles[other] if one else (),
        counted=one and role == "test",
        file_names=source.names,
        test_names=source.test_names,
        tested=role == "test",
    )
    files, points = roles[role], source.points
    opened = open_points(files, reading, points) if points else open_source(files, reading)
    opened = open_composed(opened, config.composed)
    says = target_column(config.problem.kind).says
    opened = open_said(opened, config.target, config.problem.parts, says)
    if config.problem.reads_rows:
        opened = open_whole(opened, config.target)
    if source.window is not None:
        opened = open_windows(opened, Asked(source.window, config.target, config.problem.form or ""))
    check_columns(opened, config)
    return Table(opened, config, SourceTally(config, str(roles[role][0])), as_text, looked or {})


def _shown(cells: pa.Array) -> pa.Array:
    """Cells as a message shows them; bytes, and what has no text, are named for what they are."""
    named = pa.array([str(cells.type)] * len(cells), pa.string())
    if pa.types.is_fixed_size_binary(cells.type) or pa.types.is_binary(cells.type):
        return named
    try:
        return cells.cast(pa.string())
    except pa.ArrowException:
        return named


def _without_null_type(column: pa.Field) -> pa.Field:
    """Text for a column whose first rows are all empty: any later cell can be written as text."""
    return column.with_type(pa.string()) if pa.types.is_null(column.type) else column


def _stored(kind: pa.DataType) -> pa.DataType:
    """The type as Parquet shows it: texts are not coded there."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind
