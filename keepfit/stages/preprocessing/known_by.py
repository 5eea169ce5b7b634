"""What a row is known by when it is drawn: its features, its key or its group.

Rows of one key or group have an equal hash and always stay together. So do rows of equal features where no column is
declared, but for two: a group so large that it would upset the split is spread over the parts by the rows' own ids, and
a rare class is drawn apart from the other classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.data.snapshot import SnapshotRows, lanes
from keepfit.stages.preprocessing.draw import Hashes, hashes_of

SPREAD_SHARE, SPREAD_ROWS = 0.01, 10
"""A group of equal rows larger than both is spread: 3,329 of mammography's 11,183 rows are one row."""

_BUCKETS = 1 << 16

Pool = NDArray[np.bool_]
"""True for each row that is ours to draw."""


@dataclass(frozen=True)
class Identity:
    """The columns it is made from, and how."""

    columns: tuple[str, ...]
    of: Callable[[pa.RecordBatch], Hashes]


def by_column(column: str) -> Identity:
    """The hash of a key or group column; a row without one is known by its features."""
    return Identity(
        ("keepfit_features", column),
        lambda batch: hashes_of(batch[column], batch["keepfit_features"].to_numpy()),
    )


def by_features(rows: SnapshotRows, pool: Pool) -> Identity:
    """The hash of the features, and the row's own where too many rows have the same."""
    large = large_groups(rows, pool)
    if not len(large):
        return Identity(("keepfit_features",), lambda batch: batch["keepfit_features"].to_numpy())

    def of(batch: pa.RecordBatch) -> Hashes:
        features = batch["keepfit_features"].to_numpy()
        return np.where(np.isin(features, large), lanes(batch["keepfit_row"])[:, 1].astype(np.uint64), features)

    return Identity(("keepfit_features", "keepfit_row"), of)


def large_groups(rows: SnapshotRows, pool: Pool) -> Hashes:
    """Feature hashes that too many rows share, sorted.

    Rows are first counted by the hash's leading bits, which bounds the memory of the exact count.
    """
    least = max(SPREAD_SHARE * int(pool.sum()), SPREAD_ROWS)
    buckets = np.zeros(_BUCKETS, np.int64)
    for hashes in _features(rows, pool):
        buckets += np.bincount(_bucket(hashes), minlength=_BUCKETS)
    full = buckets > least
    counts: dict[int, int] = {}
    for hashes in _features(rows, pool) if full.any() else ():
        count_into(counts, hashes[full[_bucket(hashes)]])
    return np.array(sorted(h for h, count in counts.items() if count > least), np.uint64)


def count_into(counts: dict[int, int], hashes: Hashes) -> None:
    """Add the occurrences of each hash to `counts`."""
    values, times = np.unique(hashes, return_counts=True)
    for value, count in zip(values.tolist(), times.tolist(), strict=True):
        counts[value] = counts.get(value, 0) + count


def _features(rows: SnapshotRows, pool: Pool) -> Iterator[Hashes]:
    for place, batch in rows.read(["keepfit_features"]):
        yield batch["keepfit_features"].to_numpy()[pool[place]]


def _bucket(hashes: Hashes) -> NDArray[np.int64]:
    return (hashes >> np.uint64(48)).astype(np.int64)
