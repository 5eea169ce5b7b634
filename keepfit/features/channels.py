"""The values of points in long form, and which channel each is of. N points, C channels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from keepfit.config.source import Points
from keepfit.data.cells import categories
from keepfit.errors import DataError
from keepfit.features.series import values_of, whole
from keepfit.quoting import some


@dataclass(frozen=True)
class Channels:
    """What stands in a point's line."""

    values: NDArray[np.float64]
    """[N, C]; [N, 1] where each channel has lines of its own."""
    places: NDArray[np.int64]
    """[N]: which channel a line is of, all 0 where a line has all of them; -1 for one that is left."""
    apart: bool
    """Whether each channel has lines of its own."""
    count: int
    """C."""


def channels_of(table: pa.Table, points: Points, where: str, later: list[str]) -> Channels:
    """The values of all points; what a person should know of them goes into `later`.

    Raises DataError for a column of values without a number, or a channel that no line is of.
    """
    values = np.stack([values_of(table[name]) for name in points.values], 1)
    for name, column in zip(points.values, values.T, strict=True):
        if len(column) and np.isnan(column).all():
            raise DataError(
                f'no cell of "{name}" is a number.',
                todo="Name the columns of the values in source.points.values.",
                where=where,
            )
    if points.channel is None:
        return Channels(values, np.zeros(len(values), np.int64), apart=False, count=values.shape[1])
    by = categories(whole(table[points.channel]))
    known = categories(pa.array(points.channels)).cast(pa.string())
    named = by.dictionary.cast(pa.string())
    meant = pc.index_in(named, known).fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    lacking = [name for place, name in enumerate(points.channels) if place not in meant]
    if len(lacking) == len(points.channels):
        raise DataError(
            f'no line is of the channel "{lacking[0]}".',
            allowed=f'The column "{points.channel}" has {some(named.to_pylist())}.',
            todo="Name those that are meant in source.points.channels.",
            where=where,
        )
    if lacking:
        later.append(f"channels that no line is of, all missing: {some(lacking)}.")
    if left := [name for name, place in zip(named.to_pylist(), meant, strict=True) if place < 0]:
        later.append(f"channels that source.points.channels does not name, left: {some(left)}.")
    codes = by.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    places = np.where(codes < 0, -1, meant[codes]) if len(meant) else np.full(len(codes), -1)
    return Channels(values, places.astype(np.int64), apart=True, count=len(points.channels))
