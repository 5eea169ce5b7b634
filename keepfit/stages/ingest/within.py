"""The rows of a snapshot that a span of time holds, as ingest would have given them had nothing else been there."""

from __future__ import annotations

from typing import Any

from keepfit.store import files
from keepfit.store.artifacts import Artifact, Snapshot
from keepfit.store.run import Run
from keepfit.store.stage import Room, stage


class Span(Artifact):
    """Rows with a time from `start` on, and before `end`. A row without a time is in none."""

    column: str
    """The time column."""
    start: float | None
    """In microseconds since 1970; None for all before the end."""
    end: float


def span(column: str, start: float | None, end: float) -> Span:
    """A span with its digest."""
    return Span(column=column, start=start, end=end, digest=files.digest_of([column, start, end]))


def within(run: Run, whole: Snapshot, span: Span) -> Snapshot:
    """The rows of a span: a snapshot like any other, by which the stages after it cannot tell that there is more.

    Its digest depends on these rows alone, so a source that only grows leaves it as it was.
    """
    return _ingest(run, whole, span)


@stage(reads=("target",))
def _ingest(room: Room, whole: Snapshot, span: Span) -> Snapshot:
    import pyarrow as pa

    from keepfit.data.snapshot import SnapshotRows
    from keepfit.features.times import times_of
    from keepfit.stages.ingest.parquet_parts import PartWriter

    rows = SnapshotRows(room.store / whole.path)
    times, _ = times_of(rows, span.column)
    kept = times < span.end if span.start is None else (times >= span.start) & (times < span.end)
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
