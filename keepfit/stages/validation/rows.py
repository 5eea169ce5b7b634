"""A snapshot's rows in DuckDB: read from Parquet as they are needed, in bounded memory, and from nowhere else.

Inside the engine a column goes by its position, `keepfit_c0` and so on: DuckDB takes `Age` and `age` for one name, and
no name of the data may be one of ours. The source's names stand at the edges: in what a person writes and reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from keepfit.data.identity import FEATURES, ROW, TEST
from keepfit.errors import ConfigError, MachineError
from keepfit.store.interrupt import on_stop

OURS = (ROW, FEATURES, TEST)
"""Columns that ingest adds; no expectation sees them."""
CELLS = 4_000_000
"""Relations of at most so many cells are held in memory, so that each query need not read Parquet again."""

_TEXT = ("VARCHAR",)
_NUMBERS = ("DOUBLE", "FLOAT", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
            "UINTEGER", "UBIGINT", "UHUGEINT", "DECIMAL")  # fmt: skip
_TIMES = ("TIMESTAMP", "DATE", "TIME")
_POSITION = re.compile(r"\bkeepfit_c(\d+)\b")


@dataclass(frozen=True)
class ViewColumn:
    """One source column."""

    name: str
    kind: str
    """text, numeric, time, bool or other."""
    place: int
    """Its position, from 0."""
    found: str
    """What DuckDB calls it in the Parquet files."""
    is_float: bool

    @property
    def id(self) -> str:
        """Its name inside the engine."""
        return f"keepfit_c{self.place}"


class RowView:
    """The rows of a folder of Parquet files, in a DuckDB of their own that can read nothing else."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
        paths = sorted(folder.glob("*.parquet"))
        names = pq.read_schema(paths[0]).names
        self.connection = connection
        self.source = f"read_parquet([{', '.join(literal(str(path)) for path in paths)}])"
        described = connection.execute(f"DESCRIBE FROM {self.source}").fetchall()
        every = [ViewColumn(name, _kind(kind), place, found, kind in ("DOUBLE", "FLOAT"))
                 for place, (name, (found, kind, *_)) in enumerate(zip(names, described, strict=True))]  # fmt: skip
        self.columns = {column.name: column for column in every if column.name not in OURS}
        """By the source's name, in the source's order."""
        self.schema = pq.read_schema(paths[0])
        """What the files hold, ours among them."""
        self.found = [column.found for column in every]
        """What DuckDB calls each of them."""
        self._by_place = {column.place: column for column in every}
        self._cursors: list[duckdb.DuckDBPyConnection] = []
        self.count = sum(pq.read_metadata(path).num_rows for path in paths)
        self._made = 0

    def at(self, place: int) -> ViewColumn:
        """The column at a position."""
        return self._by_place[place]

    def present(self, relation: str, names: Sequence[str]) -> dict[str, int]:
        """In how many rows each of these columns has a value."""
        if not names:
            return {}
        counted = ", ".join(f"count({self.columns[name].id})" for name in names)
        counts = self.connection.execute(f"SELECT {counted} FROM {relation}").fetchone()
        return dict(zip(names, counts or (), strict=True))

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Another connection to the same rows, for Great Expectations."""
        self._cursors.append(self.connection.cursor())
        return self._cursors[-1]

    def interrupt(self) -> None:
        """End the queries under way, from another thread."""
        for connection in (self.connection, *self._cursors):
            connection.interrupt()

    @contextmanager
    def relation(self, columns: Sequence[ViewColumn], *, named: bool = False) -> Iterator[str]:
        """A table or view of these columns and the row id, by their ids or, `named`, by the source's names."""
        self._made += 1
        name = f"rows_{self._made}"
        ids = [quoted(column.name) if named else column.id for column in columns]
        if named:
            _refuse_alike(columns)
        shown = ", ".join(f"{_cell(column)} AS {id}" for column, id in zip(columns, ids, strict=True))
        also = "" if named else f"{ROW}, "
        kind = "TABLE" if not named and self.count * (len(columns) + 2) <= CELLS else "VIEW"
        self.connection.execute(f"CREATE {kind} {name} AS SELECT {also}{shown} FROM {self.source}")
        try:
            yield name
        finally:
            self.connection.execute(f"DROP {kind} {name}")

    def named(self, text: str) -> str:
        """A text of the engine's in the source's names."""
        return _POSITION.sub(lambda match: self._by_place[int(match.group(1))].name, text)


@contextmanager
def opened(folder: Path, scratch: Path) -> Iterator[RowView]:
    """The Parquet files in `folder`; `scratch` is the only place that can be written to, and takes what does not fit
    into a gigabyte.

    One thread: sums of floats, and with them the figures kept, must come out the same every time.
    """
    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": 1, "memory_limit": "1GB", "temp_directory": str(scratch / "spill"),
        "autoinstall_known_extensions": False, "autoload_known_extensions": False,
    }  # fmt: skip
    with duckdb.connect(":memory:", config=settings) as connection:
        allowed = ", ".join(literal(f"{place.resolve()}/") for place in (folder, scratch))
        connection.execute(f"SET allowed_directories = [{allowed}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        rows = RowView(connection, folder.resolve())
        with on_stop(rows.interrupt):
            yield rows


def _refuse_alike(columns: Sequence[ViewColumn]) -> None:
    """A suite's own SQL speaks the source's names, of which DuckDB must be able to tell each from the others."""
    known: dict[str, str] = {}
    for column in columns:
        if (twin := known.setdefault(column.name.lower(), column.name)) != column.name:
            raise ConfigError(
                f'SQL cannot tell the columns "{twin}" and "{column.name}" apart, as a query of rows would have to.',
                todo="Rename one of them in the source, or use another expectation.",
            )


def _cell(column: ViewColumn) -> str:
    """NaN becomes NULL: DuckDB skips row groups by statistics in which other writers leave NaN out."""
    name = quoted(column.found)
    return f"CASE WHEN isnan({name}) THEN NULL ELSE {name} END" if column.is_float else name


def _kind(kind: str) -> str:
    kinds = {"text": _TEXT, "numeric": _NUMBERS, "time": _TIMES, "bool": ("BOOLEAN",)}
    return next((name for name, starts in kinds.items() if kind.startswith(starts)), "other")


def quoted(name: str) -> str:
    """A column name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text value in SQL."""
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def machine_errors(folder: Path) -> Iterator[None]:
    """Turn DuckDB's lack of memory or disk into a MachineError."""
    try:
        yield
    except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
        raise MachineError(
            f"the check could not go on: {str(error).splitlines()[0]}",
            todo="Free memory or disk, or name another folder with store: in the YAML, and run again.",
            where=str(folder),
        ) from error
