"""NumPy's archives: each array a column, its first axis the rows. N rows, T steps, C channels.

[N] is a column of values, [N, T] one of series, [N, T, C] one of series of several channels.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.data.sources.opening import Opened, Reading, in_order, together
from keepfit.data.sources.unpack import FREE, RATIO
from keepfit.errors import DataError

Arrays = dict[str, NDArray[Any]]
_BATCH = 16 << 20
"""Bytes."""
_DEEPEST = 3
_KINDS = "biufUSM"
"""NumPy's letters for truth values, whole and real numbers, texts, bytes and moments."""
_DAMAGED = (zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, KeyError, NotImplementedError)


def open_npz(files: tuple[Path, ...], reading: Reading) -> Opened:
    """Open .npz files. Raises DataError where arrays have different rows, or hold what only a pickle can tell."""
    columns, told = together([(file.name, [*_arrays(file)]) for file in files], reading.names)
    return Opened(columns, files, partial(_batches, files, columns), notes=tuple(told))


def _arrays(file: Path) -> Arrays:
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(info.file_size for info in archive.infolist())
        if size > max(FREE, RATIO * file.stat().st_size):
            raise DataError(
                f"it unpacks to more than {RATIO} times its size: it looks like a bomb.",
                todo="Look at it, and save it anew.",
                where=str(file),
            )
        with np.load(file, allow_pickle=False) as found:
            arrays = {name: np.asarray(found[name]) for name in found.files}
    except _DAMAGED as error:
        pickled = "allow_pickle" in str(error)
        raise DataError(
            "an array holds Python objects, which only a pickle can tell, and that may run any program."
            if pickled
            else f"this archive cannot be read ({str(error).rstrip('.')[:200]}).",
            allowed="Arrays of numbers, of truth values, of dates and of texts are read.",
            todo="Save series of differing length as lists in Parquet." if pickled else "Copy it again.",
            where=str(file),
        ) from error
    _check(arrays, file)
    return arrays


def _check(arrays: Arrays, file: Path) -> None:
    shapes = ", ".join(f"{name} {list(array.shape)}" for name, array in arrays.items()) or "none"
    deep = [name for name, array in arrays.items() if not (1 <= array.ndim <= _DEEPEST and array.dtype.kind in _KINDS)]
    rows = {len(array) for array in arrays.values() if array.ndim}
    if deep or len(rows) != 1:
        raise DataError(
            f'the array "{deep[0]}" is no column: {shapes}.'
            if deep
            else f"arrays of different rows lie in it: {shapes}.",
            allowed="Each array is a column: [rows], or of series [rows, steps] or [rows, steps, channels].",
            todo="Save those that belong together in a file of their own: numpy.savez('train.npz', series=…, label=…).",
            where=str(file),
        )


def _batches(files: tuple[Path, ...], columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    for file in files:
        arrays = _arrays(file)
        count = len(next(iter(arrays.values())))
        step = max(1, _BATCH * count // max(sum(array.nbytes for array in arrays.values()), 1))
        for first in range(0, count, step):
            cells = {name: _cells(array[first : first + step]) for name, array in arrays.items()}
            yield in_order(pa.record_batch(cells), columns)


def _cells(array: NDArray[Any]) -> pa.Array:
    """[n], or lists, or lists of lists."""
    if array.ndim == 1:
        return pa.array(_plain(array))
    found = pa.array(_plain(np.ascontiguousarray(array).reshape(-1)))
    for axis in range(array.ndim - 1, 0, -1):
        lists = int(np.prod(array.shape[:axis]))
        ends = np.arange(lists + 1, dtype=np.int32) * array.shape[axis]
        found = pa.ListArray.from_arrays(pa.array(ends, pa.int32()), found)
    return found


def _plain(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.kind == "S":
        return np.char.decode(array, "utf-8", "replace")
    return array.astype(np.float64 if array.dtype.kind == "f" else array.dtype.newbyteorder("="), copy=False)
