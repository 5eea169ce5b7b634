"""Arrow's own files and streams, Feather among them, record batch by record batch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pyarrow as pa

from keepfit.data.sources.arrow_types import settled
from keepfit.data.sources.opening import Opened, Reading, in_order, together
from keepfit.data.sources.unpack import plain_file
from keepfit.errors import DataError
from keepfit.quoting import in_brief

_ROWS = 32_768


def open_arrow(files: tuple[Path, ...], reading: Reading) -> Opened:
    """Open Arrow files and streams; their columns are read by name."""
    columns, drift = together([(file.name, _names(file)) for file in files], reading.names)
    return Opened(columns, files, partial(_batches, files, columns), notes=tuple(drift))


def _names(file: Path) -> list[str]:
    with _read(file) as (names, _):
        twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DataError(f'the column "{twice}" is there twice.', todo="Rename one.", where=str(file))
    if not names:
        raise DataError("there is no column in it.", todo="Write the table again.", where=str(file))
    return names


def _batches(files: tuple[Path, ...], columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    for file in files:
        with _read(file) as (_, batches):
            for batch in batches:
                for start in range(0, len(batch), _ROWS):
                    yield settled(in_order(batch.slice(start, _ROWS), columns), str(file))


@contextmanager
def _read(file: Path) -> Iterator[tuple[list[str], Iterator[pa.RecordBatch]]]:
    """The columns and the batches, each checked: no index in them may point outside. Raises DataError."""
    try:
        with plain_file(file) as stream:
            start = stream.read(8)
            stream.seek(0)
            if start.startswith(b"ARROW1"):
                reader = pa.ipc.open_file(stream)
                yield reader.schema.names, _checked(reader.get_batch(i) for i in range(reader.num_record_batches))
            else:
                reader = pa.ipc.open_stream(stream)
                yield reader.schema.names, _checked(reader)
    except (pa.ArrowException, OSError, ValueError, MemoryError, OverflowError) as error:
        found = in_brief(error)
        raise DataError(
            f"this Arrow file is damaged ({found}).", todo="Copy or write it again.", where=str(file)
        ) from error


def _checked(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for cells in batch.columns:
            cells.validate(full=not pa.types.is_temporal(cells.type))  # a day of 25 hours is shown as it is
        yield batch
