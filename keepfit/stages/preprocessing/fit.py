"""What the transforms learn, from the train rows and from nothing else."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.config import Pipeline
from keepfit.data.snapshot import SnapshotRows
from keepfit.data.transform import Entry
from keepfit.errors import DataError
from keepfit.features.kind import Fitter, Seen
from keepfit.features.lookup import entry_of, kind_of
from keepfit.problems.target import TargetFitter
from keepfit.stages.preprocessing.split import TRAIN, Parts

SAMPLE = 400_000
"""Train rows that quantiles are taken from: a rank is then off by less than 0.0016 (two standard deviations)."""
LOOKED_AT = 2_000
"""Train rows that are looked at where looking is costly."""
FILE = "file"
"""The column that names the files of cells that are whole files, for messages."""

Progress = Callable[[int], None]


def fit(
    rows: SnapshotRows, parts: Parts, config: Pipeline, target: TargetFitter, progress: Progress
) -> tuple[list[Entry], list[Fitter]]:
    """The entries of transform.json, in the order of the config, and what they were made from; `target` is fitted too.

    Raises DataError for a feature without a value.
    """
    total = int((parts == TRAIN).sum())
    fitters = [
        kind_of(feature.kind).fitter(feature, config.preprocessing, rows.source[name])
        for name, feature in config.features.items()
    ]
    draw = np.random.default_rng(0)
    share, stride = SAMPLE / max(total, 1), max(1, total // LOOKED_AT)
    passed = 0
    columns = dict.fromkeys((*config.features, config.target, *file_column(rows, config)))
    for place, batch in rows.read([*columns]):
        train = parts[place] == TRAIN
        seen = int(train.sum())
        # Drawn for train rows alone, so that no other row has a say in what is fitted.
        sampled = draw.random(seen) < share if share < 1 else None
        looked_at = np.flatnonzero(train)[(-passed) % stride :: stride]
        for name, fitter in zip(config.features, fitters, strict=True):
            fitter.add(batch[name], Seen(train, sampled, looked_at, partial(called, batch, name, place.start)))
        target.add(batch[config.target].filter(pa.array(train)))
        passed += seen
        progress(place.stop)
    return _entries(config, fitters), fitters


def file_column(rows: SnapshotRows, config: Pipeline) -> list[str]:
    """The column that names files, where some feature's cells are files and it is no feature itself."""
    whole = any(kind_of(feature.kind).whole_file for feature in config.features.values())
    return [FILE] if whole and FILE in rows.columns and FILE not in (*config.features, config.target) else []


def called(batch: pa.RecordBatch, column: str, first_row: int, places: NDArray[np.intp] | None = None) -> list[str]:
    """What to call a column's cells of a batch in a message: their file, or their row."""
    some = np.arange(batch.num_rows) if places is None else places
    if FILE in batch.schema.names:
        return [str(name) for name in batch[FILE].take(pa.array(some)).to_pylist()]
    return [f'row {row + 1 + first_row} of "{column}"' for row in some.tolist()]


def _entries(config: Pipeline, fitters: list[Fitter]) -> list[Entry]:
    slots: dict[str, int] = {}
    entries = []
    for (name, feature), fitter in zip(config.features.items(), fitters, strict=True):
        _refuse_empty(name, fitter.held)
        group = entry_of(feature.kind).group
        entries.append(fitter.entry(name, slots.setdefault(group, 0)))
        slots[group] += 1
    return entries


def _refuse_empty(name: str, held: int) -> None:
    if not held:
        raise DataError(
            f'the feature "{name}" has no value in any train row.',
            allowed="A feature needs at least one value to be learned from.",
            todo=f'Take "{name}" out of features, or mend the source.',
            where=f'column "{name}"',
        )
