"""The fitted transforms applied: typed shards of each part, and the test rows as they came."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from keepfit.preprocessing.encode import Arrays, Encoder
from keepfit.preprocessing.pictures import Pixels
from keepfit.preprocessing.rows import Rows
from keepfit.preprocessing.shards import Shards, fixed
from keepfit.preprocessing.split import PARTS, TEST, TRAIN, Parts, codes_of


def write(
    folder: Path,
    rows: Rows,
    parts: Parts,
    features: list[dict[str, Any]],
    target: str,
    classes: pa.Array,
    progress: Callable[[int], None],
) -> None:
    """Write train/, validation/, test/ and test_raw/ into `folder`.

    An image feature gets its `mean` and `std` here, from the train pixels.
    """
    encoder, pixels = Encoder(features), Pixels()
    columns = [*rows.columns, "keepfit_row"]
    with ExitStack() as stack:
        raw = stack.enter_context(Shards(folder / "test_raw", _plain(rows.schema, columns), typed=False))
        typed = [stack.enter_context(Shards(folder / part, _typed(encoder.sizes), typed=True)) for part in PARTS]
        for place, batch in rows.read(columns, made=sum(encoder.sizes.values())):
            arrays = encoder.encode(batch, place.start)
            arrays["label"] = codes_of(batch[target], classes)
            for part, shards in enumerate(typed):
                index = np.flatnonzero(parts[place] == part)
                picked = {name: array[index] for name, array in arrays.items()}
                shards.add(_table(picked, batch["keepfit_row"].take(pa.array(index)), shards.schema))
                if part == TRAIN and "image" in picked:
                    pixels.add(picked["image"])
            raw.add(_raw(batch, parts[place], raw.schema))
            progress(place.stop)
    for feature in features:
        if feature["kind"] == "image":
            feature.update(pixels.fitted())


def _typed(sizes: dict[str, int]) -> pa.Schema:
    arrays = [(name, pa.binary(size)) for name, size in sizes.items()]
    return pa.schema([("keepfit_row", pa.binary(16)), ("label", pa.int32()), *arrays])


def _table(arrays: Arrays, ids: pa.Array, schema: pa.Schema) -> pa.Table:
    columns = [pa.array(arrays["label"]), *(fixed(arrays[name]) for name in schema.names[2:])]
    return pa.Table.from_arrays([ids.cast(pa.binary(16)), *columns], schema=schema)


def _plain(schema: pa.Schema, columns: list[str]) -> pa.Schema:
    return pa.schema([pa.field(name, schema.field(name).type) for name in columns])


def _raw(batch: pa.RecordBatch, part: Parts, schema: pa.Schema) -> pa.Table:
    """The batch's test rows with the snapshot's own types, in place of the dictionaries they were read as."""
    picked = batch.take(pa.array(np.flatnonzero(part == TEST)))
    return pa.Table.from_batches([picked]).select(schema.names).cast(schema)
