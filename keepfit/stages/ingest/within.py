"""The rows of a snapshot that a span of time holds, as ingest would have given them had nothing else been there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keepfit.store import files
from keepfit.store.artifacts import Artifact, Snapshot
from keepfit.store.run import Run
from keepfit.store.stage import Room, stage

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


TIMES = "times.npy"


class Clock(Artifact):
    """The column that says when a row is."""

    column: str


class Timed(Artifact):
    """When each row of a snapshot is, [N], in microseconds since 1970; NaN without a time."""

    rows: int


class Span(Artifact):
    """Rows with a time from `start` on, and before `end`. A row without a time is in none."""

    start: float | None
    """In microseconds since 1970; None for all before the end."""
    end: float


def clock(column: str) -> Clock:
    """A column with its digest."""
    return Clock(column=column, digest=files.digest_of(column))


def span(start: float | None, end: float) -> Span:
    """A span with its digest."""
    return Span(start=start, end=end, digest=files.digest_of([start, end]))


@stage(reads=(), members=("features.cells",))
def times(room: Room, whole: Snapshot, clock: Clock) -> Timed:
    """Read the time column once, for any number of spans. Raises DataError where it holds no times."""
    import numpy as np

    from keepfit.data.snapshot import SnapshotRows
    from keepfit.features.times import times_of

    found, told = times_of(SnapshotRows(room.store / whole.path), clock.column)
    for sentence in told:
        room.note(sentence)
    np.save(room.path / TIMES, found, allow_pickle=False)
    return Timed(rows=len(found))


def read(folder: Path) -> NDArray[np.float64]:
    """[N]."""
    import numpy as np

    found: NDArray[np.float64] = np.load(folder / TIMES, allow_pickle=False)
    return found


def within(run: Run, whole: Snapshot, times: Timed, span: Span) -> Snapshot:
    """The rows of a span: a snapshot like any other, by which the stages after it cannot tell that there is more.

    Its digest depends on these rows alone, so a source that only grows leaves it as it was.
    """
    return _ingest(run, whole, times, span)


@stage(reads=("target",))
def _ingest(room: Room, whole: Snapshot, times: Timed, span: Span) -> Snapshot:
    import pyarrow as pa

    from keepfit.data.snapshot import SnapshotRows
    from keepfit.stages.ingest.parquet_parts import PartWriter

    rows = SnapshotRows(room.store / whole.path)
    when = read(room.store / times.path)
    kept = when < span.end if span.start is None else (when >= span.start) & (when < span.end)
    named: set[str] = set()
    with PartWriter(room.path / "rows") as parts:
        # Texts are read plain: a dictionary would hold those of later rows, and the bytes written would tell of them.
        for place, batch in rows.read(rows.schema.names, coded=False):
            here = pa.table(batch).filter(pa.array(kept[place]))
            if len(here):
                named.update(_names(here[room.config.target]))
                parts.add(here)
    files.write_json(room.path / "schema.json", _schema(files.read_json(room.store / whole.path / "schema.json")))
    return Snapshot(
        rows=int(kept.sum()), test_rows=0, without_target=0, unread=0, duplicates=0, shared=0, unreadable={},
        classes=tuple(sorted(named)),
    )  # fmt: skip


def _names(target: Any) -> list[str]:
    return [value for value in target.unique().to_pylist() if isinstance(value, str)]


def _schema(whole: dict[str, Any]) -> dict[str, Any]:
    """Without what tells of the whole source: its files, and its cells that could not be read."""
    columns = [{k: v for k, v in column.items() if k not in ("wrong", "example")} for column in whole["columns"]]
    return {**whole, "columns": columns, "files": []}
