"""How the texts of a table's columns are written, found from all of its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pyarrow as pa

from keepfit.config.sets import FEATURES
from keepfit.data.cells import is_text
from keepfit.data.evidence import FormEvidence, Found, look, settled
from keepfit.features.column import ColumnFacts
from keepfit.features.lookup import kind_of

_PROMISING = 0.5
"""Columns of which the first rows are read in no such share are not looked at any further."""


def with_forms(columns: list[ColumnFacts], batches: Callable[[], Iterator[pa.RecordBatch]] | None) -> list[ColumnFacts]:
    """The columns with the form that each kind finds; `batches` are all rows, where the columns are only the first."""
    looked: dict[str, dict[type[FormEvidence], Found]] = {column.name: {} for column in columns}
    for kind in FEATURES.names():
        for name, found in _found(columns, kind_of(kind).evidence, batches).items():
            looked[name] |= found
    return [replace(column, looked=looked[column.name]) for column in columns]


def _found(
    columns: list[ColumnFacts],
    evidence: Callable[[], FormEvidence | None],
    batches: Callable[[], Iterator[pa.RecordBatch]] | None,
) -> dict[str, dict[type[FormEvidence], Found]]:
    """What one kind finds of columns of text."""
    if (known := evidence()) is None:
        return {}
    texts = [column for column in columns if is_text(column.type)]
    found = {column.name: column.found(one) for column in texts if (one := evidence())}
    if batches is not None:
        more = {name: one for name, first in found.items() if first.share >= _PROMISING and (one := evidence())}
        found |= look(batches(), more) if more else {}
    return {name: {type(known): form} for name, form in settled(found).items()}
