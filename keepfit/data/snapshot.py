"""The rows of a snapshot, read in batches of bounded size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from keepfit.data.cells import is_text
from keepfit.store import files

BATCH_ROWS = 65_536
BATCH_BYTES = 64 << 20
"""A batch holds at most so many rows, and of wide rows (pictures) fewer."""


class SnapshotRows:
    """A snapshot's folder: its schema and its rows, in their order."""

    def __init__(self, folder: Path) -> None:
        schema = files.read_json(folder / "schema.json")
        self.source: dict[str, dict[str, Any]] = {column["name"]: column for column in schema["columns"]}
        """What ingest says of each column."""
        self.columns: list[str] = [c["name"] for c in schema["columns"]]
        self._files = sorted((folder / "rows").glob("*.parquet"))
        metadata = [pq.read_metadata(path) for path in self._files]
        self.count = sum(m.num_rows for m in metadata)
        largest = [m.row_group(g).total_byte_size / m.row_group(g).num_rows for m in metadata for g in _groups(m)]
        self._batch = int(max(1, min(BATCH_ROWS, BATCH_BYTES / max(largest, default=1))))
        self.schema: pa.Schema = pq.read_schema(self._files[0])

    def read(
        self, columns: Sequence[str], made: int = 1, *, coded: bool = True
    ) -> Iterator[tuple[slice, pa.RecordBatch]]:
        """Batches of the named columns, each with the place of its rows; strings come as dictionaries where `coded`.

        `made` is how many bytes the caller makes of a row, so that what it makes of a batch is bounded too.
        """
        most = max(1, min(self._batch, BATCH_BYTES // made))
        texts = [name for name in columns if coded and is_text(self.schema.field(name).type)]
        start = 0
        for path in self._files:
            # Without pre_buffer one column's pages are held at a time, not a whole row group's.
            with pq.ParquetFile(path, read_dictionary=texts, pre_buffer=False, buffer_size=1 << 20) as file:
                for batch in file.iter_batches(most, columns=list(columns), use_threads=False):
                    yield slice(start, start + batch.num_rows), batch
                    start += batch.num_rows


def _groups(metadata: Any) -> list[int]:
    return [g for g in range(metadata.num_row_groups) if metadata.row_group(g).num_rows]


def lanes(ids: pa.Array) -> NDArray[np.uint64]:
    """16-byte row ids [n] → their two halves as big-endian numbers [n, 2], in the order of the bytes; not copied."""
    fixed = ids if pa.types.is_fixed_size_binary(ids.type) else ids.cast(pa.binary(16))
    return np.frombuffer(fixed.buffers()[1], ">u8").reshape(-1, 2)[fixed.offset : fixed.offset + len(fixed)]
