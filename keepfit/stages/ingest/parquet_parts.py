"""Rows into Parquet parts whose boundaries depend on the rows alone."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from keepfit.data.identity import ROW, Lanes, ids
from keepfit.data.unread import Unread
from keepfit.stages.ingest.repeats import Repeats

PART = 1_000_000
"""Rows a file."""
GROUP = 100_000
"""Rows a row group."""
GROUP_BYTES = 64 << 20
"""A row group of pictures is closed at this size."""


class PartWriter:
    """Writes `part-00000.parquet` and so on into a folder; `close` it, or use it in a `with`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.rows = 0
        """Rows written so far."""
        self._waiting: list[pa.Table] = []
        self._writer: pq.ParquetWriter | None = None
        self._in_part = 0
        self._parts = 0

    def __enter__(self) -> PartWriter:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._flush(everything=True)
        self._close()

    def add(self, table: pa.Table) -> None:
        """Take rows; whole row groups are written at once, the rest waits."""
        self._waiting.append(table)
        self._flush(everything=False)

    def _flush(self, *, everything: bool) -> None:
        while self._waiting and (everything or self._is_full()):
            whole = pa.concat_tables(self._waiting)
            group, rest = whole.slice(0, GROUP), whole.slice(GROUP)
            self._write(group)
            self._waiting = [rest] if len(rest) else []

    def _is_full(self) -> bool:
        return sum(map(len, self._waiting)) >= GROUP or sum(t.nbytes for t in self._waiting) >= GROUP_BYTES

    def _write(self, group: pa.Table) -> None:
        if self._writer is None:
            self._writer = writer(self.folder / f"part-{self._parts:05d}.parquet", group.schema)
            self._parts += 1
        self._writer.write_table(group.unify_dictionaries(), row_group_size=GROUP)
        self.rows += len(group)
        self._in_part += len(group)
        if self._in_part >= PART:
            self._close()

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer, self._in_part = None, 0


def writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """A writer whose bytes depend on the rows alone; readers see coded texts as plain ones."""
    coded = [f.name for f in schema if pa.types.is_dictionary(f.type) or pa.types.is_string(f.type)]
    return pq.ParquetWriter(
        path, schema, compression="zstd", compression_level=1, use_dictionary=coded, store_schema=False,
        write_page_checksum=True,
    )  # fmt: skip


def write_left_out(path: Path, roles: list[list[NDArray[np.int64]]]) -> None:
    """Write the places, from 1, of the rows left out: those of the train rows, then those of the publisher's test."""
    places = [np.sort(np.concatenate([np.empty(0, np.int64), *parts])) for parts in roles]
    test = np.repeat([False, True][: len(places)], [len(part) for part in places])
    pq.write_table(pa.table({"test": test, "row": np.concatenate(places)}), path, compression="zstd")


def write_unread(path: Path, roles: list[list[Unread]]) -> None:
    """Write the rows that could not be read, those of the train rows first; nothing where there are none."""
    rows = [{"test": bool(test), **asdict(one)} for test, unread in enumerate(roles) for one in unread]
    if rows:
        pq.write_table(pa.Table.from_pylist(rows), path, compression="zstd")


def number_repeats(folder: Path, repeats: Repeats) -> None:
    """Put the occurrence number into the ids of rows that have an equal row before them.

    Only the parts that hold such rows are written again, group by group.
    """
    start = 0
    for path in sorted(folder.glob("part-*.parquet")):
        with pq.ParquetFile(path, page_checksum_verification=True) as part:
            end = start + part.metadata.num_rows
            rows, occurrence = repeats.between(start, end)
            if len(rows):
                seen = np.zeros(end - start, np.uint64)
                seen[rows] = occurrence
                _rewrite(part, path, seen)
        start = end


def _rewrite(part: pq.ParquetFile, path: Path, seen: Lanes) -> None:
    fresh = path.with_suffix(".again")
    start = 0
    with writer(fresh, part.schema_arrow) as out:
        for number in range(part.num_row_groups):
            group = part.read_row_group(number)
            out.write_table(_renumbered(group, seen[start : start + len(group)]), row_group_size=GROUP)
            start += len(group)
    fresh.replace(path)


def _renumbered(group: pa.Table, seen: Lanes) -> pa.Table:
    """The rows with ids that tell how many equal ones came before."""
    first = group[ROW].combine_chunks()
    pair = np.frombuffer(first.buffers()[1], "<u8").reshape(-1, 2)[first.offset :][: len(first)]
    column = ids(pair[:, 0], pair[:, 1], seen)
    return group.set_column(group.column_names.index(ROW), pa.field(ROW, column.type), column)
