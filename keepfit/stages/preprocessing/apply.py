"""The fitted transforms applied: typed shards of each part, and the test rows as they came."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from keepfit.data import shards
from keepfit.data.identity import ROW
from keepfit.data.ragged import Block, Ragged
from keepfit.data.shards import LABEL, fixed
from keepfit.data.snapshot import SnapshotRows
from keepfit.data.transform import Transform
from keepfit.features.encoding import encoded
from keepfit.features.lookup import kind_of
from keepfit.problems.lookup import target_column
from keepfit.stages.preprocessing.fit import called
from keepfit.stages.preprocessing.split import TEST, TRAIN, Parts
from keepfit.store.artifacts import PARTS

Blocks = dict[str, Block]
"""Tensor → its rows, and the labels [n, …]."""


def write(
    folder: Path, rows: SnapshotRows, parts: Parts, transform: Transform, progress: Callable[[int], None]
) -> Transform:
    """Write train/, validation/, test/ and test_raw/ into `folder`; gives the transform, now complete."""
    finishing = {e.name: kind_of(e.kind).finisher(e) for e in transform.features}
    target = target_column(transform.target.problem)
    columns = [*rows.columns, ROW]
    made = sum(tensor.bytes for tensor in transform.tensors)
    with ExitStack() as stack:
        raw = stack.enter_context(shards.raw(folder / "test_raw", _plain(rows.schema, columns)))
        typed = [stack.enter_context(shards.typed(folder / part, transform)) for part in PARTS]
        for place, batch in rows.read(columns, made=made):
            cells = {entry.name: batch[entry.name] for entry in transform.features}
            arrays = encoded(cells, transform, _callers(batch, place.start))
            arrays[LABEL] = target.encode(batch[transform.target.name], transform.target)
            for part, into in enumerate(typed):
                index = np.flatnonzero(parts[place] == part)
                picked = {name: array[index] for name, array in arrays.items()}
                into.add(_table(picked, batch[ROW].take(pa.array(index)), into.schema))
                if part == TRAIN:
                    _finish(finishing, transform, picked)
            raw.add(_raw(batch, parts[place], raw.schema))
            progress(place.stop)
    done = (finisher.entry() if (finisher := finishing[e.name]) else e for e in transform.features)
    return transform.completed(done)


def _callers(batch: pa.RecordBatch, first_row: int) -> Callable[[str], Callable[[], list[str]]]:
    return lambda name: partial(called, batch, name, first_row)


def _finish(finishing: dict[str, Any], transform: Transform, train: Blocks) -> None:
    for entry in transform.features:
        if finisher := finishing[entry.name]:
            finisher.add(train[entry.tensor])


def _table(arrays: Blocks, ids: pa.Array, schema: pa.Schema) -> pa.Table:
    columns = [_cells(arrays[field.name], field.type) for field in list(schema)[1:]]
    return pa.Table.from_arrays([ids.cast(pa.binary(16)), *columns], schema=schema)


def _cells(rows: Block, kind: pa.DataType) -> pa.Array:
    if isinstance(rows, Ragged):
        return rows.binary()
    return fixed(rows) if pa.types.is_fixed_size_binary(kind) else pa.array(rows)


def _plain(schema: pa.Schema, columns: list[str]) -> pa.Schema:
    return pa.schema([pa.field(name, schema.field(name).type) for name in columns])


def _raw(batch: pa.RecordBatch, part: Parts, schema: pa.Schema) -> pa.Table:
    """The batch's test rows with the snapshot's own types, in place of the dictionaries they were read as."""
    picked = batch.take(pa.array(np.flatnonzero(part == TEST)))
    return pa.Table.from_batches([picked]).select(schema.names).cast(schema)
