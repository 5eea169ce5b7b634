"""Ingest: the source's rows, whatever their format, as typed Parquet with an id for every row."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from keepfit.config import Pipeline
from keepfit.data.identity import FEATURES, LEFT_OUT, ROW, TEST, hashes, ids
from keepfit.data.sources.locate import locate
from keepfit.data.sources.sql import spool
from keepfit.errors import DataError
from keepfit.problems.target import Tally
from keepfit.stages.ingest.fingerprint import Roles, SourceRows, changed, fingerprint, has_changed
from keepfit.stages.ingest.parquet_parts import PartWriter, number_repeats, write_left_out
from keepfit.stages.ingest.repeats import Repeats, Spool
from keepfit.stages.ingest.source_columns import check_named
from keepfit.stages.ingest.typed import MixedColumnError, Table, open_table
from keepfit.store import files
from keepfit.store.artifacts import Snapshot
from keepfit.store.interrupt import interruptible
from keepfit.store.run import Room, Run, stage

_READS = (
    "target", "problem.kind", "features.*.kind",
    "source.format", "source.columns", "source.delimiter", "source.encoding", "source.missing",
)  # fmt: skip


def ingest(run: Run) -> Snapshot:
    """Snapshot the source's rows; reused when neither their content nor the way to read them changed.

    Raises DataError naming file, line or column for what cannot be read, or not be learned from, and ConfigError
    where the YAML names, for a later stage, a column that the source has not.
    """
    if run.config.source.sql is not None:
        snapshot = _ingest_query(run, run.config.source.sql)
    else:
        roles = roles_of(run.config)
        snapshot = _ingest(run, interruptible(lambda: fingerprint(roles, run.store.hashes.sha256)))
    # Not in the stage: these columns do not decide what is in the snapshot, so they must not be in its key.
    _check_named_columns(run, snapshot)
    return snapshot


def _check_named_columns(run: Run, snapshot: Snapshot) -> None:
    schema = files.read_json(run.store / snapshot.path / "schema.json")
    check_named(run.config, [column["name"] for column in schema["columns"]])


def _ingest_query(run: Run, query: str) -> Snapshot:
    """The rows of a query: they are spooled into the store first, since only their content can be compared."""
    config = run.config
    for left in run.store.root.glob("query-*"):  # by a run that was killed
        files.remove(left)
    with files.machine_errors(run.store.root), TemporaryDirectory(dir=run.store.root, prefix="query-") as folder:
        file = Path(folder) / "rows.parquet"
        question, database = config.reveal(query), config.address(config.source.database or "")
        spooled = interruptible(lambda: spool(question, database, file, config.folder))
        rows = fingerprint({"train": (file,), "test": ()}).model_copy(update={"digest": spooled.digest})
        return _ingest(run, rows)


def roles_of(config: Pipeline) -> Roles:
    """The files of each role that the YAML names. Raises DataError where nothing is there."""
    source = config.source
    paths = (source.path,) if isinstance(source.path, str) else source.path or ()
    roles = {"train": locate(tuple(config.resolve(path) for path in paths))}
    for role, path in (("test", source.test), ("labels", source.labels), ("test_labels", source.test_labels)):
        roles[role] = locate((config.resolve(path),)) if path else ()
    return roles


@stage(reads=_READS, members=("features.cells", "problems.target"))
def _ingest(room: Room, source_rows: SourceRows) -> Snapshot:
    try:
        snapshot = _snapshot_of(room, source_rows)
    except (DataError, FileNotFoundError) as error:  # half a file of the new rows is no fault of theirs
        if has_changed(source_rows):
            raise changed(source_rows.paths) from error
        raise
    if has_changed(source_rows):
        raise changed(source_rows.paths)
    return snapshot


def _snapshot_of(room: Room, source_rows: SourceRows) -> Snapshot:
    as_text: set[str] = set()
    while True:  # once more for each undeclared column that turns out to be mixed
        try:
            return _read(room, source_rows, frozenset(as_text))
        except MixedColumnError as mixed:
            as_text.add(mixed.name)
            files.remove(room.path / "rows")


def _read(room: Room, source_rows: SourceRows, as_text: frozenset[str]) -> Snapshot:
    roles = source_rows.paths
    with TemporaryDirectory(dir=room.path) as scratch, Spool(Path(scratch) / "hashes") as spool:
        train = open_table(roles, "train", room.config, Path(scratch), as_text=as_text)
        test = _open_test(roles, room.config, Path(scratch), train)
        for note in _notes(train, test) if not as_text else ():
            room.note(note)
        with PartWriter(room.path / "rows") as parts:
            _copy(train, spool, parts, room)
            train.tally.check()
            if test:
                test.columns, test.schema = train.columns, train.schema
                _copy(test, spool, parts, room, like=train.tally.target)
                train.tally.target.check_test(test.tally.target)
        repeats = spool.repeats()
        number_repeats(room.path / "rows", repeats)
    write_left_out(room.path / LEFT_OUT, [t.tally.without_target for t in (train, test) if t])
    files.write_json(room.path / "schema.json", _schema(train, source_rows, room.config))
    return _snapshot(train, test, repeats)


def _open_test(roles: Roles, config: Pipeline, scratch: Path, train: Table) -> Table | None:
    if not roles["test"]:
        return None
    has_header = (train.opened.dialect or {}).get("header", True)
    return open_table(roles, "test", config, scratch, None if has_header else train.opened.columns)


def _notes(train: Table, test: Table | None) -> tuple[str, ...]:
    return train.opened.notes + (test.opened.notes if test else ())


def _copy(table: Table, spool: Spool, parts: PartWriter, room: Room, like: Tally | None = None) -> None:
    """Stream the rows of one role into the parts; with `like`, the tally of the train file, they are test rows."""
    order = [*room.config.features]
    for rows in table.rows(like):
        found = hashes(rows, order, [room.config.target])
        spool.add(found.low, test=like is not None)
        is_test = pa.repeat(like is not None, len(rows))
        added = {ROW: ids(found.low, found.high), FEATURES: pa.array(found.features), TEST: is_test}
        parts.add(pa.table({**{name: rows[name] for name in rows.column_names}, **added}))
        room.step(f"{table.tally.rows:,} rows read")


def _schema(train: Table, source_rows: SourceRows, config: Pipeline) -> dict[str, Any]:
    """What the snapshot's columns are, and what they were made from."""
    pixels = train.opened.pixels
    return {
        "columns": [
            {
                "name": column.name,
                "type": str(column.stored),
                "kind": column.kind.name if column.kind else None,
                "pixels": list(pixels) if pixels and column.kind and column.kind.whole_file else None,
                "format": column.form,
            }
            for column in train.columns
        ],
        "target": config.target,
        "files": [
            {"bytes": size, "sha256": digest}  # not the name: equal content must give an equal snapshot
            for entries in source_rows.roles.values()
            for _, size, digest in entries
        ],
        "dialect": train.opened.dialect,
    }


def _snapshot(train: Table, test: Table | None, repeats: Repeats) -> Snapshot:
    tallies = [train.tally, *([test.tally] if test else [])]
    unreadable: Counter[str] = sum((t.unreadable for t in tallies), Counter())
    return Snapshot(
        rows=sum(t.rows for t in tallies),
        test_rows=test.tally.rows if test else 0,
        without_target=sum(len(gone) for t in tallies for gone in t.without_target),
        duplicates=repeats.duplicates,
        shared=repeats.shared,
        unreadable=dict(sorted(unreadable.items())),
        classes=tuple(sorted({name for t in tallies for name in t.target.values()})),
    )
