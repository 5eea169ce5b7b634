"""Whether the rows can be learned from at all, and whether every class stands in every part."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from keepfit.data.cells import codes_of
from keepfit.data.snapshot import SnapshotRows
from keepfit.data.transform import Entry
from keepfit.errors import DataError
from keepfit.stages.preprocessing.split import OUT, PARTS, Parts

Counts = NDArray[np.int64]
"""Rows [part, class]."""


def classes_of(rows: SnapshotRows, parts: Parts, target: str) -> pa.Array:
    """The target's values among the rows that are used: numbers by size, other names by their letters.

    Raises DataError with fewer than two.
    """
    found: set[str] = set()
    for place, batch in rows.read([target]):
        kept = batch[target].take(pa.array(np.flatnonzero(parts[place] != OUT)))
        found.update(pc.unique(kept).cast(pa.string()).to_pylist())
    if len(found) < 2:
        only = f'only the class "{min(found)}"' if found else "no row"
        raise DataError(
            f'the target "{target}" has {only} after validation.',
            allowed="A classifier needs at least two classes.",
            todo="Add rows of another class, or name another target.",
            where=f'column "{target}"',
        )
    return pa.array(sorted(found, key=_natural), pa.string())


def _natural(name: str) -> tuple[float, str]:
    try:
        return float(name), name
    except ValueError:
        return np.inf, name


def count(rows: SnapshotRows, parts: Parts, target: str, classes: pa.Array) -> Counts:
    """Rows of each class in each part."""
    counts = np.zeros((OUT + 1) * (len(classes) + 1), np.int64)
    for place, batch in rows.read([target]):
        codes = codes_of(batch[target], classes) + 1  # 0 for a class that quarantine emptied
        counts += np.bincount(parts[place].astype(np.int64) * (len(classes) + 1) + codes, minlength=len(counts))
    return counts.reshape(OUT + 1, len(classes) + 1)[: len(PARTS), 1:]


def notes(counts: Counts, names: list[str]) -> Iterator[str]:
    """What a person should know of the split; raises DataError where the model could not learn or be judged."""
    for part, held in zip(PARTS, counts.sum(axis=1).tolist(), strict=True):
        if not held:
            raise DataError(
                f"the {part} part is empty: {int(counts.sum())} rows are too few for this split.",
                allowed="Each of train, validation and test needs at least one row.",
                todo="Add rows, or change preprocessing.split.",
            )
    untaught, *absent = ([name for name, rows in zip(names, row, strict=True) if not rows] for row in counts.tolist())
    if untaught:
        raise DataError(
            f"no train row is of the class {_some(untaught)}.",
            allowed="Each class needs at least one row to learn from.",
            todo="Add such rows, leave that class out, or change preprocessing.split.",
        )
    for part, missing in zip(PARTS[1:], absent, strict=True):
        if missing:
            yield f"no {part} row is of the class {_some(missing)}: too few such rows to judge it there."


def idle(entries: list[Entry]) -> Iterator[str]:
    """Features that can teach nothing, a sentence each."""
    yield from filter(None, (entry.idle() for entry in entries))


def _some(names: list[str]) -> str:
    shown = ", ".join(f'"{name}"' for name in names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"
