"""Parquet files of bounded size: part-00000.parquet, part-00001.parquet … The same rows give the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from keepfit.data.cells import is_text
from keepfit.data.identity import ROW
from keepfit.data.ragged import Block, Ragged, behind, of_binary, ragged
from keepfit.data.transform import Target, Transform
from keepfit.errors import MachineError
from keepfit.store import files

LABEL = "label"
"""The column that holds the target: a class's code, a value, or several of them as bytes."""
FILE_ROWS, FILE_BYTES = 2_000_000, 1 << 30
"""A new file is begun once one holds so much."""
HELD = 4 << 30
"""Bytes of a part that is held in memory whole; a larger one is read by windows. No machine decides it: the order of
the rows would be its too."""

_ALWAYS: dict[str, Any] = {"use_dictionary": False, "write_statistics": False, "store_schema": False}


class Shards:
    """A folder of shards being written; every batch becomes a row group."""

    def __init__(self, folder: Path, schema: pa.Schema, options: dict[str, Any]) -> None:
        self._folder, self.schema, self._options = folder, schema, options
        self._writer: pq.ParquetWriter | None = None
        self._files = 0
        self._rows = self._bytes = 0
        folder.mkdir(parents=True)

    def add(self, table: pa.Table) -> None:
        """Append the rows of a table; raises MachineError when the disk is full."""
        with files.machine_errors(self._folder):
            writer = self._writer
            if writer is None or self._rows >= FILE_ROWS or self._bytes >= FILE_BYTES:
                writer = self._next()
            writer.write_table(table, row_group_size=max(1, table.num_rows))
        self._rows += table.num_rows
        self._bytes += table.nbytes

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with files.machine_errors(self._folder):
            if self._writer is not None:
                self._writer.close()

    def _next(self) -> pq.ParquetWriter:
        if self._writer is not None:
            self._writer.close()
        path = self._folder / f"part-{self._files:05d}.parquet"
        self._writer = pq.ParquetWriter(path, self.schema, write_page_checksum=True, **self._options)
        self._files += 1
        self._rows = self._bytes = 0
        return self._writer


def typed(folder: Path, transform: Transform) -> Shards:
    """Shards of the transform's tensors, with the row's id and its label.

    Rows of numbers by byte streams: a third faster to write and twice as fast to read than without, and smaller; LZ4
    on top takes half the time of zstd for 3 % more bytes. Ids are random bytes, which nothing compresses. Bytes gain
    nothing from streams, and zstd makes MNIST a quarter smaller than LZ4.
    """
    found = transform.tensors
    sizes = [(t.name, pa.binary(t.bytes) if t.pad is None else pa.large_binary()) for t in found]
    wide = [t.name for t in found if t.pad is None and np.dtype(t.dtype).itemsize > 1]
    compression = {ROW: "none", LABEL: "lz4", **{t.name: "lz4" if t.name in wide else "zstd" for t in found}}
    encoding = dict.fromkeys(wide, "BYTE_STREAM_SPLIT")
    target = transform.target
    label = pa.binary(target.bytes) if target.shape else pa.from_numpy_dtype(target.dtype)
    schema = pa.schema([(ROW, pa.binary(16)), (LABEL, label), *sizes])
    return Shards(folder, schema, {"compression": compression, "column_encoding": encoding, **_ALWAYS})


def raw(folder: Path, schema: pa.Schema) -> Shards:
    """Shards of rows as they came."""
    texts = [field.name for field in schema if is_text(field.type)]  # a dictionary of numbers costs more than it saves
    return Shards(folder, schema, {"compression": "zstd", "compression_level": 1, "use_dictionary": texts})


def fixed(array: NDArray[Any]) -> pa.Array:
    """n rows of any shape → n fixed-size binary values, little-endian, without a copy where it can."""
    rows = np.ascontiguousarray(array)
    width = rows.itemsize * int(np.prod(rows.shape[1:]))
    return pa.Array.from_buffers(pa.binary(width), len(rows), [None, pa.py_buffer(rows)])


@dataclass(frozen=True)
class RowGroup:
    """One row group of a folder's shards."""

    file: Path
    number: int
    """Its place in the file."""
    rows: int


def row_groups(folder: Path) -> list[RowGroup]:
    """The row groups of one part, such as `prepared/train`, in order."""
    files = [(file, pq.read_metadata(file)) for file in sorted(folder.glob("part-*.parquet"))]
    return [
        RowGroup(file, i, found.row_group(i).num_rows) for file, found in files for i in range(found.num_row_groups)
    ]


def row_bytes(transform: Transform) -> int:
    """Bytes of a typical row in memory, its label included."""
    return sum(tensor.bytes for tensor in transform.tensors) + transform.target.bytes


def read_arrays(groups: Sequence[RowGroup], transform: Transform) -> dict[str, Block]:
    """The rows of some row groups as NumPy arrays, the labels among them.

    Raises MachineError where a page's checksum is wrong: the disk or a copy damaged it.
    """
    # Row group by row group into one array: a table of the whole part would hold everything twice.
    total, found = sum(group.rows for group in groups), transform.tensors
    arrays: dict[str, NDArray[Any]] = {LABEL: np.empty((total, *transform.target.shape), transform.target.dtype)}
    arrays |= {t.name: np.empty((total, *t.shape), t.dtype) for t in found if t.pad is None}
    others = {t.name: [ragged([], t.like, t.pad)] for t in found if t.pad is not None}
    start = 0
    for file, several in groupby(groups, key=lambda group: group.file):
        start = _fill(file, [group.number for group in several], arrays, others, start)
    return {**arrays, **{name: behind(parts) for name, parts in others.items()}}


def read_labels(folder: Path, target: Target) -> NDArray[Any]:
    """The labels of one part [N, …], and nothing else of it. Raises MachineError as `read_arrays` does."""
    found = _column(folder, LABEL)
    labels = np.empty((len(found), *target.shape), target.dtype)
    _copy(found, labels, labels.dtype)
    return labels


def read_ids(folder: Path) -> NDArray[np.void]:
    """The row ids of one part, 16 bytes each [N]. Raises MachineError as `read_arrays` does."""
    ids = _column(folder, ROW)
    rows = np.empty(len(ids), "V16")
    _copy(ids, rows, rows.dtype)
    return rows


def _column(folder: Path, name: str) -> pa.ChunkedArray:
    with _undamaged(folder):
        return pq.read_table(folder, columns=[name], page_checksum_verification=True)[name]


def _fill(
    path: Path, numbers: list[int], arrays: dict[str, NDArray[Any]], others: dict[str, list[Ragged]], start: int
) -> int:
    """Copy row groups of one shard to the rows from `start`, and behind `others`; gives the row after their last."""
    with _undamaged(path), pq.ParquetFile(path, page_checksum_verification=True) as file:
        for number in numbers:
            table = file.read_row_group(number, columns=[*arrays, *others])
            end = start + table.num_rows
            for name, array in arrays.items():
                _copy(table[name], array[start:end], array.dtype)
            for name, parts in others.items():
                parts.append(of_binary(table[name], parts[0].values, parts[0].pad))
            start = end
    return start


@contextmanager
def _undamaged(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise MachineError(
            f"cannot be read: {error}.",
            todo="Its bytes were damaged after they were written. Delete the folder above it, and run again.",
            where=str(place),
        ) from error


def _copy(column: Any, into: NDArray[Any], dtype: np.dtype[Any]) -> None:
    """A chunked column of values of one length, without nulls → `into`."""
    start = 0
    for chunk in column.chunks:
        width = into[0].nbytes if len(into) else 0
        data = np.frombuffer(chunk.buffers()[1], np.uint8)[chunk.offset * width : (chunk.offset + len(chunk)) * width]
        into[start : start + len(chunk)] = data.view(dtype).reshape(len(chunk), *into.shape[1:])
        start += len(chunk)
