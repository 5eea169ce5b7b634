"""Frames in and out: pandas, polars or Arrow rows as an Arrow table, and answers as a pandas frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from keepfit.data.sources.arrow_types import settled_cells
from keepfit.errors import DataError
from keepfit.features.kind import Kind
from keepfit.features.lookup import kind_of
from keepfit.quoting import in_brief
from keepfit.serving.bundle.cells import parts_of, require

if TYPE_CHECKING:
    import pandas

    from keepfit.features.kind import ServedColumn


def table_of(frame: Any, columns: list[ServedColumn]) -> pa.Table:
    """The frame's `columns` in an Arrow table; of one that is made of several, those where it is not there itself.

    Raises DataError for what is no frame, for a column that is not there, and for cells that cannot be of its kind.
    """
    names, cells_of = _opened(frame)
    require(columns, names)
    there, arrays = set(names), {}
    for column in columns:
        if column["name"] in there:
            arrays[column["name"]] = _cells(cells_of(column["name"]), kind_of(column["kind"]), column["name"])
        else:
            arrays |= {part: _cells(cells_of(part), None, part) for part in parts_of(column)}
    return pa.table(arrays)


def frame_of(columns: dict[str, pa.Array], version: str, frame: Any) -> pandas.DataFrame:
    """Columns of answers [N] and model_version, with the index of a pandas frame."""
    import pandas as pd

    index = frame.index if isinstance(frame, pd.DataFrame) else None
    cells = {name: values.to_numpy(zero_copy_only=False) for name, values in columns.items()}
    return pd.DataFrame({**cells, "model_version": version}, index=index)


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


def _cells(cells: Any, kind: Kind | None, name: str) -> pa.Array | pa.ChunkedArray:
    if isinstance(cells, pa.Array | pa.ChunkedArray):
        cells = settled_cells(cells, name)
    try:
        taken = kind.taken(cells) if kind is not None else None
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise DataError(
            f'the cells of "{name}" do not go together: {in_brief(error)}.',
            allowed="All are of one form, as lists of numbers or lists of lists are; a missing one is None.",
            todo="Write them alike, or ask for them apart.",
        ) from error
    if taken is not None:
        return taken
    if isinstance(cells, pa.Array | pa.ChunkedArray):
        return cells
    try:
        return settled_cells(pa.array(cells, from_pandas=True), name)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):  # numbers and text in one column, or huge integers
        blank = cells.isna().to_numpy()
        return pa.array([None if none else str(cell) for cell, none in zip(cells, blank, strict=True)], pa.string())
