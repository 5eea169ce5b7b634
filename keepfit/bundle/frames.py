"""Frames in and out: pandas, polars or Arrow rows as an Arrow table, and answers as a pandas frame."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from keepfit.bundle.cells import require
from keepfit.errors import DataError

if TYPE_CHECKING:
    import pandas

    from keepfit.bundle.feeds import Column


def table_of(frame: Any, columns: list[Column]) -> pa.Table:
    """The frame's `columns` in an Arrow table; pictures as the bytes of a file.

    Raises DataError for what is no frame, for a column that is not there, and for a picture that is none of bytes,
    path, array or PIL picture.
    """
    names, cells_of = _opened(frame)
    require(columns, names)
    arrays = [(_pictures if c["kind"] == "image" else _cells)(cells_of(c["name"])) for c in columns]
    return pa.Table.from_arrays(arrays, names=[column["name"] for column in columns])


def answers(
    probabilities: np.ndarray, labels: np.ndarray, classes: tuple[str, ...], version: str, frame: Any
) -> pandas.DataFrame:
    """[N, K] → columns prediction, probability_<class> …, model_version, with the index of a pandas frame."""
    import pandas as pd

    columns = {f"probability_{name}": probabilities[:, k] for k, name in enumerate(classes)}
    index = frame.index if isinstance(frame, pd.DataFrame) else None
    return pd.DataFrame({"prediction": labels, **columns, "model_version": version}, index=index)


def _opened(frame: Any) -> tuple[list[str], Any]:
    """The names of a frame's columns, and a function from a name to its cells."""
    library = type(frame).__module__.partition(".")[0]
    if library == "pandas" and hasattr(frame, "columns"):
        return [str(name) for name in frame.columns], _by_text(frame)
    if library == "polars" and hasattr(frame, "collect"):
        frame = frame.collect()
    if library == "polars" and hasattr(frame, "columns"):
        return list(frame.columns), lambda name: frame[name].to_arrow()
    if isinstance(frame, pa.RecordBatch | pa.Table):
        return list(frame.schema.names), lambda name: frame[name]
    raise DataError(
        f"predict was given a {type(frame).__name__}.",
        allowed="It takes a pandas or polars frame or a pyarrow Table.",
        todo="One row is a frame of one row: pandas.DataFrame([row]).",
    )


def _by_text(frame: Any) -> Any:
    """Columns of a pandas frame by the text of their names, which may be numbers."""
    places = {str(name): place for place, name in reversed(list(enumerate(frame.columns)))}
    return lambda name: frame.iloc[:, places[name]]


def _cells(cells: Any) -> pa.Array | pa.ChunkedArray:
    if isinstance(cells, pa.Array | pa.ChunkedArray):
        return cells
    try:
        return pa.array(cells, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):  # numbers and text in one column, or huge integers
        blank = cells.isna().to_numpy()
        return pa.array([None if none else str(cell) for cell, none in zip(cells, blank, strict=True)], pa.string())


def _pictures(cells: Any) -> pa.Array:
    values = cells.to_pylist() if isinstance(cells, pa.Array | pa.ChunkedArray) else list(cells)
    return pa.array([_content(value, row) for row, value in enumerate(values, 1)], pa.binary())


def _content(value: Any, row: int) -> bytes | None:
    """The bytes of a picture file for whatever a person may put into a frame as a picture."""
    if value is None or isinstance(value, bytes):
        return value
    if isinstance(value, float) and math.isnan(value):  # how pandas writes a missing object
        return None
    if isinstance(value, str | Path):
        return _file(Path(value), row)
    from PIL import Image

    if isinstance(value, np.ndarray) and value.dtype == np.uint8 and value.ndim in (2, 3):
        value = Image.fromarray(value[:, :, 0] if value.ndim == 3 and value.shape[2] == 1 else value)
    if not isinstance(value, Image.Image):
        raise DataError(
            f"row {row} has a {type(value).__name__} for a picture.",
            allowed="A picture is bytes of a file, a path, a PIL picture, or a uint8 array [h, w] or [h, w, c].",
        )
    buffer = io.BytesIO()
    value.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _file(path: Path, row: int) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(
            f"the picture of row {row} cannot be read: {error.strerror}.",
            todo="Give a path from the working folder, or an absolute one.",
            where=str(path),
        ) from error
