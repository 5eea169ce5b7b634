"""Row ids: those to leave out, and those a model has learned from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from keepfit.data.shards import fixed
from keepfit.data.snapshot import lanes

AT_ONCE = 2_000_000
"""Ids sorted at a time; more are sorted by ranges, each in a pass of its own over the ids."""
_BITS = 20


class Quarantine:
    """The ids to leave out."""

    def __init__(self, path: Path) -> None:
        found = [lanes(batch["keepfit_row"])[:, 0] for batch in _batches(path)]
        self._lanes = np.sort(np.concatenate([np.empty(0, np.uint64), *found]))
        self._leading = np.zeros(1 << _BITS, np.bool_)
        self._leading[self._lanes >> np.uint64(64 - _BITS)] = True

    def __len__(self) -> int:
        return len(self._lanes)

    def holds(self, ids: pa.Array) -> NDArray[np.bool_]:
        """Which of these ids [n] are to be left out, by their first 64 bits."""
        first = lanes(ids)[:, 0].astype(np.uint64)
        found: NDArray[np.bool_] = self._leading[first >> np.uint64(64 - _BITS)]  # spares most rows the search
        maybe = np.flatnonzero(found)
        place = np.searchsorted(self._lanes, first[maybe]).clip(max=len(self._lanes) - 1)
        found[maybe] = self._lanes[place] == first[maybe]
        return found


def digest(folder: Path) -> str:
    """Of the ids of a part's rows, in their order: they tell the content of all columns in use."""
    whole = hashlib.sha256()
    for path in sorted(folder.glob("part-*.parquet")):
        for batch in _batches(path):
            whole.update(lanes(batch["keepfit_row"]).tobytes())
    return whole.hexdigest()[:24]


def write_sorted(folder: Path, parts: list[str], into: Path) -> None:
    """The ids in the shards of `parts`, sorted, as one file `into` with the single column keepfit_row."""
    paths = [path for part in parts for path in sorted((folder / part).glob("part-*.parquet"))]
    total = sum(pq.read_metadata(path).num_rows for path in paths)
    ranges = max(1, -(-total // AT_ONCE))
    edges = [(2**64 * i) // ranges for i in range(ranges + 1)]
    schema = pa.schema([("keepfit_row", pa.binary(16))])
    with pq.ParquetWriter(into, schema, compression="none", use_dictionary=False, write_page_checksum=True) as writer:
        for low, high in pairwise(edges):
            writer.write_table(pa.Table.from_arrays([fixed(_sorted(paths, low, high - 1))], schema=schema))


def _sorted(paths: list[Path], low: int, high: int) -> NDArray[np.void]:
    """Ids [n] whose first lane is from `low` to `high`, in the order of their bytes."""
    picked = [_between(batch["keepfit_row"], low, high) for path in paths for batch in _batches(path)]
    both = np.concatenate([np.empty((0, 2), np.uint64), *picked])
    ordered = both[np.argsort(both[:, 0])]
    if (ordered[1:, 0] == ordered[:-1, 0]).any():
        ordered = both[np.lexsort((both[:, 1], both[:, 0]))]
    return ordered.astype(">u8").view("V16")[:, 0]


def _between(ids: pa.Array, low: int, high: int) -> NDArray[np.uint64]:
    both = lanes(ids)
    first = both[:, 0].astype(np.uint64)
    return both[(first >= np.uint64(low)) & (first <= np.uint64(high))].astype(np.uint64)


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(path) as file:
        yield from file.iter_batches(columns=["keepfit_row"], use_threads=False)
