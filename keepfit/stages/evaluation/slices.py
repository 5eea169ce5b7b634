"""The test rows by the values of a column: categories by name, numbers and dates by quarter, missing values apart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from keepfit.config import Pipeline
from keepfit.errors import ConfigError, nearest

_VALUES = 20
"""Slices a column; of more values the rarest are joined."""
_FEW_NUMBERS = 10
"""A numeric column with at most so many values is sliced by value."""


@dataclass(frozen=True)
class Slice:
    """Some of the test rows."""

    column: str
    value: str | None
    """The value, or the range, in words; None for the rows without a value."""
    rows: NDArray[np.intp]
    """Row numbers in test_raw."""


def check(config: Pipeline, prepared: Path) -> None:
    """Raises ConfigError for a slice whose column the source lacks, or that holds pictures, lists or structures."""
    schema = pq.read_schema(next(iter(sorted((prepared / "test_raw").glob("*.parquet")))))
    known = [field.name for field in schema if not field.name.startswith("keepfit_")]
    for name in config.evaluation.slices:
        if name not in known:
            raise ConfigError(
                f'evaluation.slices names "{name}", and the source has no such column.',
                allowed=f"It has {', '.join(known)}.",
                todo=nearest(name, known) or "Take it out, or name one of these.",
                where=str(config.file),
            )
        kind = schema.field(name).type
        if pa.types.is_binary(kind) or pa.types.is_nested(kind):
            held = "pictures" if pa.types.is_binary(kind) else "lists or structures"
            raise ConfigError(
                f'evaluation.slices names "{name}", which holds {held}.',
                todo="Name a column of values.",
                where=str(config.file),
            )


def groups(prepared: Path, columns: tuple[str, ...]) -> list[Slice]:
    """The slices of each column, the largest category first, ranges in their order, missing values last."""
    if not columns:
        return []
    table = pq.read_table(prepared / "test_raw", columns=list(columns))
    return [group for name in columns for group in split(name, table[name])]


def split(name: str, column: pa.ChunkedArray) -> list[Slice]:
    """The slices of one column [N]."""
    missing = column.is_null().to_numpy()
    values = column.drop_null()
    ordered = pa.types.is_floating(column.type) or pa.types.is_integer(column.type) or pa.types.is_temporal(column.type)
    many = ordered and pc.count_distinct(values).as_py() > _FEW_NUMBERS
    names, codes = _quarters(values) if many else _values(values, ordered)
    places = np.flatnonzero(~missing)
    made = [Slice(name, value, places[codes == i]) for i, value in enumerate(names)]
    if missing.any():
        made.append(Slice(name, None, np.flatnonzero(missing)))
    return made


def _values(values: pa.ChunkedArray, ordered: bool) -> tuple[list[str], NDArray[Any]]:
    """Names and, for each row, the number of its name: by falling count, or by value where the values have an order."""
    counts = pc.value_counts(values).to_pylist()
    counts.sort(key=lambda c: c["values"] if ordered else (-c["counts"], str(c["values"])))
    kept = [c["values"] for c in counts[:_VALUES]]
    codes = pc.fill_null(pc.index_in(values, pa.array(kept, values.type)), len(kept)).to_numpy()
    others = len(counts) - len(kept)
    return [_text(v) for v in kept] + ([f"{others:,} other values"] if others else []), codes


def _quarters(values: pa.ChunkedArray) -> tuple[list[str], NDArray[Any]]:
    """Four ranges of about equally many rows; equal values stay together."""
    plain = values.cast(pa.int64()) if pa.types.is_temporal(values.type) else values
    numbers = plain.to_numpy()
    edges = np.unique(np.quantile(numbers, [0.25, 0.5, 0.75], method="lower"))
    codes = np.searchsorted(edges, numbers, side="left")
    found, codes = np.unique(codes, return_inverse=True)
    spans = (plain.filter(pa.array(codes == i)) for i in range(len(found)))
    ends = (pc.min_max(span.cast(values.type)) for span in spans)
    return [f"{_text(end['min'].as_py())} to {_text(end['max'].as_py())}" for end in ends], codes


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value).lower() if isinstance(value, bool) else str(value)
