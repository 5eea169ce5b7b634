"""The true values of the target, joined to answers by a key."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.compute as pc

from keepfit.config import Pipeline
from keepfit.data.cells import categories
from keepfit.data.sources.opening import Reading, open_source
from keepfit.errors import DataError, nearest

KEY, TRUTH = "key", "truth"


def known(config: Pipeline, labels: Path, key: str) -> pa.Table:
    """`key` and `truth` of a table of labels, as texts; of a key that is there twice the last line holds.

    Raises DataError where the table has no such columns, or cannot be read.
    """
    with TemporaryDirectory() as scratch:
        reading = Reading(Path(scratch), config.target, frozenset((key,)), missing=config.source.missing)
        opened = open_source((labels,), reading)
        for name in (key, config.target):
            if name not in opened.columns:
                raise DataError(
                    f'the labels have no column "{name}".',
                    allowed=f"They have: {', '.join(opened.columns[:20])}.",
                    todo=nearest(name, [*opened.columns]) or "Name the column by which labels find their rows: --key.",
                    where=str(labels),
                )
        pairs = [(_spelled(batch[key]), batch[config.target].cast(pa.string())) for batch in opened.batches()]
    keys, truths = (pa.chunked_array([pair[place] for pair in pairs], pa.string()) for place in (0, 1))
    table = pa.table({KEY: keys, TRUTH: truths, "line": pa.array(range(len(keys)))})
    table = table.filter(pc.and_(table[KEY].is_valid(), table[TRUTH].is_valid()))
    last = table.group_by(KEY, use_threads=False).aggregate([("line", "max")])["line_max"]
    return table.filter(pc.is_in(table["line"], last.combine_chunks())).select([KEY, TRUTH])


def joined(keys: pa.ChunkedArray, truth: pa.Table) -> pa.ChunkedArray:
    """The truth of rows by their keys; null where it is not known. Raises DataError where none is."""
    spelled = pa.chunked_array([_spelled(chunk) for chunk in keys.chunks], pa.string())
    places = pc.index_in(spelled, truth[KEY].combine_chunks())
    if places.null_count == len(places):
        raise DataError(
            "not one of the labels belongs to one of these rows.",
            allowed=f"The rows have {_example(spelled)}, the labels {_example(truth[KEY])}.",
            todo="Name another column with --key, or the labels of these rows.",
        )
    return truth[TRUTH].take(places)


def _example(keys: pa.ChunkedArray) -> str:
    there = keys.drop_null()
    return f'keys such as "{there[0].as_py()}"' if len(there) else "no key"


def _spelled(cells: pa.Array) -> pa.Array:
    """Keys of several formats alike: 7, 7.0 and " 7" are one."""
    return categories(cells).cast(pa.string())
