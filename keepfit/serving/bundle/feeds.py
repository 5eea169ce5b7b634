"""Typed Arrow columns as the arrays that model.onnx takes, each by its kind's rule. N rows."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from keepfit.data.ragged import Block
from keepfit.data.transform import Entry, in_view
from keepfit.features.kind import ServedColumn, in_views, joined
from keepfit.features.lookup import kind_of

Blocks = dict[str, Block]
"""Graph input → its rows."""
_NONE: Mapping[str, Entry] = {}


def feeds(
    table: pa.Table, columns: list[ServedColumn], unfit: dict[int, str], known: Mapping[str, Entry] = _NONE
) -> Blocks:
    """What the graph takes; the table holds every column, typed by its kind.

    Rows that cannot be answered are put into `unfit`, with the reason. `known`: the inputs whose texts are looked up
    here, and not in the graph, with the entries that have the vocabulary.
    """
    arrays: Blocks = {}
    faults = []
    for column in columns:
        here: dict[int, str] = {}
        name, kind, cells = column["input"], kind_of(column["kind"]), table[column["name"]].combine_chunks()
        found = kind.looked_up(cells, known[name]) if name in known else kind.feed(cells, column, here)
        arrays |= {in_view(name, view): block for view, block in in_views(found).items()}
        faults.append((column["name"], kind, cells, here))
    unfit.update(joined(faults))
    return arrays
