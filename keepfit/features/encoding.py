"""Rows as the shards have them: every column in its kind's views, stacked to tensors. n rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pyarrow as pa

from keepfit.data.ragged import Block
from keepfit.data.transform import Transform
from keepfit.features.kind import in_views, stacked
from keepfit.features.lookup import kind_of


def encoded(
    cells: Mapping[str, pa.Array], transform: Transform, called: Callable[[str], Callable[[], list[str]]]
) -> dict[str, Block]:
    """Column → its typed cells [n] to tensor → its rows; `called` tells what to call a column's cells in a message.

    Raises DataError naming the cell that cannot be had.
    """
    columns = {e.name: in_views(kind_of(e.kind).encode(cells[e.name], e, called(e.name))) for e in transform.features}
    return {tensor.name: stacked(tensor, columns) for tensor in transform.tensors}
