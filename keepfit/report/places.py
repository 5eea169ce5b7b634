"""Where rows of the snapshot stand in the source, so that a person can look at them there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from keepfit.data.identity import LEFT_OUT, ROW, TEST


def places(snapshot: Path, ids: list[bytes]) -> dict[bytes, int]:
    """Row id → its place among the source's rows, or those of the publisher's test file, from 1.

    Header lines do not count, nor does it matter in which of several files a row stands: they count as one.
    """
    found: dict[bytes, tuple[bool, int]] = {}
    wanted = pa.array(ids, pa.binary())
    seen = {False: 0, True: 0}
    for path in sorted((snapshot / "rows").glob("*.parquet")):
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(columns=[ROW, TEST]):
                tested = batch[TEST].to_numpy(zero_copy_only=False)
                for row, at in zip(ids, pc.index_in(wanted, batch[ROW].cast(wanted.type)).to_pylist(), strict=True):
                    if at is not None:
                        before = seen[bool(tested[at])] + int((tested[:at] == tested[at]).sum())
                        found[row] = bool(tested[at]), before + 1
                seen[True] += int(tested.sum())
                seen[False] += int((~tested).sum())
    gone = pq.read_table(snapshot / LEFT_OUT)
    test, places = gone["test"].to_numpy(), gone["row"].to_numpy()
    return {row: _in_source(at, places[test == is_test]) for row, (is_test, at) in found.items()}


def _in_source(place: int, gone: np.ndarray) -> int:
    """The place of the `place`-th row that was kept, when rows at the places `gone`, ascending, were not."""
    return place + int(np.searchsorted(gone - np.arange(len(gone)), place, side="right"))
