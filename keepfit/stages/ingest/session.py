"""One execution of the ingest stage: typed Parquet parts, an id for every row, what the columns are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from keepfit.config import Pipeline
from keepfit.data.composed import parts_of
from keepfit.data.evidence import Found, doubt
from keepfit.data.identity import FEATURES, LEFT_OUT, ROW, TEST, UNREAD, hashes, ids
from keepfit.data.unread import sentence
from keepfit.problems.target import Tally
from keepfit.stages.ingest.fingerprint import Roles, SourceRows
from keepfit.stages.ingest.parquet_parts import PartWriter, number_repeats, write_left_out, write_unread
from keepfit.stages.ingest.repeats import Repeats, Spool
from keepfit.stages.ingest.source_columns import InDoubtError
from keepfit.stages.ingest.tally import SourceTally
from keepfit.stages.ingest.told import told
from keepfit.stages.ingest.typed import MixedColumnError, Table, open_table
from keepfit.store import files
from keepfit.store.artifacts import Snapshot
from keepfit.store.stage import Room

LONGEST = 80
"""Characters of a cell that are shown."""


def session(room: Room, source_rows: SourceRows) -> Snapshot:
    """Everything that `keepfit.stages.ingest.ingest` promises but to notice that the source changed meanwhile."""
    as_text: set[str] = set()
    looked: dict[str, Found] = {}
    while True:  # once more for columns that turn out to be other than their first rows
        try:
            return _read(room, source_rows, frozenset(as_text), looked)
        except MixedColumnError as mixed:
            as_text.add(mixed.name)
        except InDoubtError as doubt:
            looked |= _look(room, source_rows, doubt.names)
        files.remove(room.path / "rows")


def _look(room: Room, source_rows: SourceRows, names: Collection[str]) -> dict[str, Found]:
    """How some columns are written, from all rows of the train files."""
    with TemporaryDirectory(dir=room.path) as scratch:
        return open_table(source_rows.paths, "train", room.config, Path(scratch)).look(names)


def _read(room: Room, source_rows: SourceRows, as_text: frozenset[str], looked: dict[str, Found]) -> Snapshot:
    roles = source_rows.paths
    with TemporaryDirectory(dir=room.path) as scratch, Spool(Path(scratch) / "hashes") as spool:
        train = open_table(roles, "train", room.config, Path(scratch), None, as_text, looked)
        test = _open_test(roles, room.config, Path(scratch), train)
        tables = [table for table in (train, test) if table]
        for note in (note for table in tables for note in table.opened.notes if not as_text and not looked):
            room.note(note)
        with PartWriter(room.path / "rows") as parts:
            _copy(train, spool, parts, room)
            _tell(train, room)
            train.tally.check()
            if test:
                test.columns, test.schema = train.columns, train.schema
                test.looked = {column.name: column.found for column in train.columns if column.found}
                _copy(test, spool, parts, room, like=train.tally.target)
                _tell(test, room)
                train.tally.target.check_test(test.tally.target)
        repeats = spool.repeats()
        number_repeats(room.path / "rows", repeats)
    for column in train.columns:
        if column.found and column.found.others:
            room.note(doubt(column.name, column.found))
    write_left_out(room.path / LEFT_OUT, [table.tally.places for table in tables])
    write_unread(room.path / UNREAD, [table.tally.unread for table in tables])
    files.write_json(room.path / "schema.json", _schema(train, test, source_rows, room.config))
    snapshot = _snapshot(train, test, repeats)
    for note in told(snapshot, {**(test.tally.examples if test else {}), **train.tally.examples}):
        room.note(note)
    return snapshot


def _open_test(roles: Roles, config: Pipeline, scratch: Path, train: Table) -> Table | None:
    if not roles["test"]:
        return None
    has_names = not train.opened.headless or config.source.points
    return open_table(
        roles, "test", config, scratch, None if has_names else parts_of(train.opened.columns, config.composed)
    )


def _tell(table: Table, room: Room) -> None:
    """What is known only when the last row was read."""
    for note in table.opened.later:
        room.note(note)
    if table.tally.unread:
        room.note(f"{sentence(table.tally.unread, table.tally.read)}; left out.")


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


def _schema(train: Table, test: Table | None, source_rows: SourceRows, config: Pipeline) -> dict[str, Any]:
    """What the snapshot's columns are, and what they were made from."""
    pixels = train.opened.pixels
    tallies = [train.tally, *([test.tally] if test else [])]
    return {
        "columns": [
            {
                "name": column.name,
                "type": str(column.stored),
                "kind": column.kind.name if column.kind else None,
                "pixels": list(pixels) if pixels and column.kind and column.kind.whole_file else None,
                "format": column.form,
                **_unreadable(column.name, tallies),
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


def _unreadable(name: str, tallies: list[SourceTally]) -> dict[str, Any]:
    """How many cells are neither read nor one of a few words for a missing value, and one of them."""
    wrong = sum(tally.wrong(name) for tally in tallies)
    example = next((tally.examples[name] for tally in tallies if name in tally.examples), "")
    return {"wrong": wrong, "example": example[:LONGEST]} if wrong else {}


def _snapshot(train: Table, test: Table | None, repeats: Repeats) -> Snapshot:
    tallies = [train.tally, *([test.tally] if test else [])]
    unreadable: Counter[str] = sum((t.unreadable for t in tallies), Counter())
    return Snapshot(
        rows=sum(t.rows for t in tallies),
        test_rows=test.tally.rows if test else 0,
        without_target=sum(t.without_target for t in tallies),
        unread=sum(len(t.unread) for t in tallies),
        duplicates=repeats.duplicates,
        shared=repeats.shared,
        unreadable=dict(sorted(unreadable.items())),
        classes=tuple(sorted({name for t in tallies for name in t.target.values()})),
    )
