"""How answers change with one column while all others stay: partial dependence (Friedman 2001, "Greedy Function
Approximation"), and how far single rows differ from it (Goldstein et al. 2015, arXiv:1309.6392).

The column's cell is made the same in some test rows, once for each of a few values that it has. n rows, P values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from keepfit.data.transform import Entry
from keepfit.features.lookup import kind_of
from keepfit.quoting import cut, visible
from keepfit.stages.evaluation.asking import Asking, Blocks

_COLUMNS, _ROWS = 4, 200
"""The most important ones; test rows that are asked."""
_QUANTILES, _NAMES, _SIDES = 12, 8, 3
"""Values of a quantity or a moment; of other columns, the most frequent; sides, those that change most."""
_SPREAD = (0.1, 0.9)
"""Of the rows, between which the others' curves lie once each is moved to the common mean."""


def dependences(asking: Asking, importance: Sequence[dict[str, Any]], rows: int) -> list[dict[str, Any]]:
    """Of the columns that surely matter most, `column`, `is_quantity`, `values` and `sides`: for each `side`, in the
    figure that `Answer.levels` has, `mean`, `low` and `high` at each value. There are `rows` test rows."""
    sure = [one["column"] for one in importance if one["low"] > 0]
    entries = [asking.transform.entries[name] for name in sure]
    single = [entry for entry in entries if entry.views[0].stacks][:_COLUMNS]
    if not single:
        return []
    numbers = np.sort(np.random.default_rng(0).permutation(rows)[:_ROWS])
    cells = asking.cells(numbers.tolist())
    blocks = asking.blocks(cells)
    return [found for entry in single if (found := _dependence(asking, blocks, entry, cells[entry.name]))]


def _dependence(asking: Asking, blocks: Blocks, entry: Entry, cells: pa.Array) -> dict[str, Any]:
    values = _values(cells, entry)
    if len(values) < 2:
        return {}
    levels = [_levels(asking, asking.replaced(blocks, entry, _same(value, cells)), len(cells)) for value in values]
    curves = {side: np.stack([level[side] for level in levels]) for side in levels[0]}
    most = sorted(curves, key=lambda side: -float(np.ptp(curves[side].mean(1))))[:_SIDES]
    is_quantity = kind_of(entry.kind).is_quantity
    return {
        "column": entry.name,
        "is_quantity": is_quantity,
        "values": values.to_pylist() if is_quantity else [_told(value) for value in values],
        "sides": [{"side": side, **_summed(curves[side])} for side in most],
    }


def _levels(asking: Asking, blocks: Blocks, rows: int) -> dict[str, NDArray[np.float64]]:
    return asking.answer.levels(asking.answers(blocks, rows), asking.schema)


def _values(cells: pa.Array, entry: Entry) -> pa.Array:
    """Some values that the column has: quantiles where they have an order that matters, else the most frequent."""
    known, kind = cells.drop_null(), kind_of(entry.kind)
    if kind.is_quantity or kind.is_moment:
        ordered = known.take(pc.sort_indices(known))
        places = np.linspace(0.02, 0.98, _QUANTILES) * (len(ordered) - 1)
        return pc.unique(ordered.take(pa.array(places.round().astype(np.int64)))) if len(ordered) else ordered
    counts = sorted(pc.value_counts(known).to_pylist(), key=lambda one: (-one["counts"], str(one["values"])))
    return pa.array([one["values"] for one in counts[:_NAMES]], known.type)


def _same(value: Any, cells: pa.Array) -> pa.Array:
    return pa.repeat(value, len(cells)).cast(cells.type)


def _told(value: Any) -> str:
    cell = value.as_py()
    return cut(visible(str(cell).lower() if isinstance(cell, bool) else str(cell)), 24)


def _summed(curves: NDArray[np.float64]) -> dict[str, list[float]]:
    """[P, n] → [P] each."""
    mean = curves.mean(1)
    moved = curves - curves.mean(0) + curves.mean()
    low, high = np.quantile(moved, _SPREAD, axis=1)
    return {"mean": mean.tolist(), "low": low.tolist(), "high": high.tolist()}
