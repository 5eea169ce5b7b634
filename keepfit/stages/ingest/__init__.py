"""Ingest: the source's rows, whatever their format, as typed Parquet with an id for every row.

Here is what every run does; what reads rows is imported where there are new ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from keepfit.config import Pipeline
from keepfit.data.sources.locate import locate
from keepfit.errors import DataError
from keepfit.stages.ingest.fingerprint import Roles, SourceRows, changed, fingerprint, has_changed
from keepfit.stages.ingest.named_columns import check_named
from keepfit.stages.ingest.readable import check_readable
from keepfit.store import files
from keepfit.store.artifacts import Snapshot
from keepfit.store.interrupt import interruptible
from keepfit.store.run import Run
from keepfit.store.stage import Room, stage
from keepfit.store.store import Store

_READS = (
    "target", "problem.kind", "problem.format", "problem.columns", "features.*.kind", "features.*.format",
    "features.*.columns",
    "source.format", "source.columns", "source.delimiter", "source.encoding", "source.missing", "source.sheet",
    "source.piece", "source.window", "source.points", "source.names", "source.test_names",
)  # fmt: skip

_ASKED = "watch.json"
"""The digest of the rows that a run was asked for."""


def ingest(run: Run) -> Snapshot:
    """Snapshot the source's rows; reused when neither their content nor the way to read them changed.

    Raises DataError naming file, line or column for what cannot be read, or not be learned from, and ConfigError
    where the YAML names, for a later stage, a column that the source has not.
    """
    if run.config.source.sql is not None:
        roles: Roles = {}
        snapshot = _ingest_query(run, run.config.source.sql)
    else:
        roles = roles_of(run.config)
        snapshot = _ingest(run, interruptible(lambda: fingerprint(roles, run.store.hashes.sha256)))
    # Not in the stage: these settings do not decide what is in the snapshot, so they must not be in its key.
    _check(run, snapshot, roles)
    return snapshot


def _check(run: Run, snapshot: Snapshot, roles: Roles) -> None:
    schema = files.read_json(run.store / snapshot.path / "schema.json")
    check_named(run.config, [column["name"] for column in schema["columns"]])
    check_readable(run.config, schema, snapshot.rows, roles)
    run.config.problem.check(snapshot.classes, str(run.config.file), final=False)


def _ingest_query(run: Run, query: str) -> Snapshot:
    """The rows of a query: they are spooled into the store first, since only their content can be compared."""
    for left in run.store.root.glob("query-*"):  # by a run that was killed
        files.remove(left)
    with _spooled(run.config, query, run.store.root) as rows:
        return _ingest(run, rows)


@contextmanager
def _spooled(config: Pipeline, query: str, root: Path) -> Iterator[SourceRows]:
    """The rows that a query gives now, in a file that is there until the block ends."""
    from keepfit.data.sources.sql import spool

    with files.machine_errors(root), TemporaryDirectory(dir=root, prefix="query-") as folder:
        file = Path(folder) / "rows.parquet"
        question, database = config.reveal(query), config.address(config.source.database or "")
        spooled = interruptible(lambda: spool(question, database, file, config.folder))
        yield fingerprint({"train": (file,), "test": ()}).model_copy(update={"digest": spooled.digest})


def unseen(config: Pipeline) -> str:
    """The digest of the source's rows, where no run has taken these and none was asked to by this; else empty.

    Of files only those that changed are read; a query is sent. Whoever starts a run because of it says so with
    `asked_for`. Raises what `ingest` raises for a source that is not there.
    """
    store = Store(config.resolve(config.store))
    try:
        if config.source.sql is None:
            digest = fingerprint(roles_of(config), store.hashes.sha256).digest
        else:
            store.root.mkdir(parents=True, exist_ok=True)
            with _spooled(config, config.source.sql, store.root) as rows:
                digest = rows.digest
        return "" if digest in (_asked(store), _taken(store)) else digest
    finally:
        store.close()


def asked_for(config: Pipeline, digest: str) -> None:
    """Remember that a run was asked for because of these rows: one that fails on them is not asked for again."""
    files.write_json(config.resolve(config.store) / _ASKED, digest)


def _asked(store: Store) -> str:
    with suppress(OSError, ValueError):
        return str(files.read_json(store / _ASKED))
    return ""


def _taken(store: Store) -> str:
    """The digest of the rows that the newest run took which got so far."""
    note = next((record.stages["ingest"] for record in store.records if "ingest" in record.stages), None)
    manifest = store.manifest("ingest", note.key) if note else None
    return str(manifest.parts["takes"].get("source_rows", "")) if manifest else ""


def roles_of(config: Pipeline) -> Roles:
    """The files of each role that the YAML names. Raises DataError where nothing is there."""
    source = config.source
    paths = (source.path,) if isinstance(source.path, str) else source.path or ()
    roles = {"train": locate(tuple(config.resolve(path) for path in paths))}
    for role, path in (("test", source.test), ("labels", source.labels), ("test_labels", source.test_labels)):
        roles[role] = locate((config.resolve(path),)) if path else ()
    return {**roles, "test": roles["train"]} if source.test_names else roles


@stage(reads=_READS, members=("features.cells", "problems.target"))
def _ingest(room: Room, source_rows: SourceRows) -> Snapshot:
    try:
        from keepfit.stages.ingest.session import session

        snapshot = session(room, source_rows)
    except (DataError, FileNotFoundError) as error:  # half a file of the new rows is no fault of theirs
        if has_changed(source_rows):
            raise changed(source_rows.paths) from error
        raise
    if has_changed(source_rows):
        raise changed(source_rows.paths)
    return snapshot
