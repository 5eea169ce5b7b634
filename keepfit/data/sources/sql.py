"""The rows of a query, written to a Parquet file as they come, so that their content can be told and read again.

A plain `postgresql://` address goes through ADBC, which hands over Arrow batches; any other through SQLAlchemy.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Timer
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from keepfit.data.identity import hashes
from keepfit.data.sources.arrow_types import settled
from keepfit.data.sources.sql_values import column
from keepfit.errors import DataError, KeepfitError, TransientError
from keepfit.store.files import digest_of
from keepfit.store.interrupt import check, on_stop

_ROWS = 10_000
"""Rows fetched at a time through SQLAlchemy."""
_CONNECT_SECONDS = 15
LIMIT = 6 * 3600
"""Seconds that a query may run, until its last row is fetched."""
_OPAQUE = ("money", "record")
"""Types of PostgreSQL that ADBC hands over as bare integers or not at all."""
_MAY_COME_BACK = ("08", "40", "53", "55", "57")
"""Classes of SQLSTATE that may pass: connection, rollback, resources, locks, shutdown.
https://www.postgresql.org/docs/current/errcodes-appendix.html
"""
_FINAL = (
    "does not exist", "authentication failed", "no password supplied", "permission denied", "access denied",
    "could not translate host name", "name or service not known", "unknown mysql server host", "unknown database",
    "invalid percent-encoded", "invalid connection option", "invalid uri", "invalid port", "invalid integer value",
    "invalid sslmode", "missing \"=\"", "certificate",
)  # fmt: skip
"""What is said at connecting, without a code, that trying again will not change: a mistyped address above all."""
_PACKAGES = {"MySQLdb": "mysqlclient", "pymysql": "PyMySQL", "psycopg2": "psycopg2-binary", "cx_Oracle": "cx-Oracle"}
"""Drivers whose package has another name than their module."""


@dataclass(frozen=True)
class Spooled:
    """The rows of a query in a file."""

    rows: int
    digest: str
    """Of columns and rows, whatever order the server sent the rows in."""


def spool(query: str, database: str, file: Path, folder: Path, most: int | None = None) -> Spooled:
    """Run a query and write its rows, or `most` of them, to `file`; SQLite paths are relative to `folder`.

    Raises DataError for what the database refuses, TransientError for what may work if tried again.
    """
    texts: set[str] = set()
    while True:  # once more for dates some later one of which is infinite, which no calendar says
        try:
            return _spooled(_batches(query, database, folder), file, most, texts)
        except _BeyondError as late:
            texts.add(late.name)


class _BeyondError(Exception):
    """A column of dates in the first rows has one beyond the calendar later."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def _spooled(batches: Iterator[pa.RecordBatch], file: Path, most: int | None, texts: Collection[str]) -> Spooled:
    """The rows in a file, dates of the columns `texts` as text."""
    total = np.zeros(2, np.uint64)
    rows = 0
    writer: pq.ParquetWriter | None = None
    try:
        for batch in batches:
            _check_names(batch.schema.names)
            cells = {
                name: batch[name].cast(pa.string()) if name in texts else batch[name] for name in batch.schema.names
            }
            table = pa.table(cells)
            writer = writer or pq.ParquetWriter(file, table.schema, compression="zstd", compression_level=1)
            table = _alike(table, writer.schema)
            writer.write_table(table)
            found = hashes(table, (), table.column_names)
            total += (found.low.sum(dtype=np.uint64), found.high.sum(dtype=np.uint64))
            rows += len(table)
            if most is not None and rows >= most:
                break
    finally:
        if writer is not None:
            writer.close()
    if writer is None or rows == 0:
        raise DataError("the query gives no row.", todo="Try it in the database's own shell.", where="source.sql")
    schema = [(field.name, str(field.type)) for field in writer.schema]
    return Spooled(rows, digest_of([schema, rows, *(int(t) for t in total)]))


def _alike(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The rows in the types of the first ones. Raises DataError naming the column that cannot take its type."""
    return pa.table([_cast(table[field.name], field) for field in schema], schema=schema)


def _cast(cells: pa.ChunkedArray, field: pa.Field) -> pa.ChunkedArray:
    try:
        return cells.cast(field.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        if pa.types.is_temporal(field.type) and pa.types.is_string(cells.type):
            raise _BeyondError(field.name) from error
        raise DataError(
            f'the column "{field.name}" is {field.type} in the first rows and {cells.type} later.',
            todo="CAST it to one type in the query.",
            where="source.sql",
        ) from error


def _check_names(names: list[str]) -> None:
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise DataError(f'the query gives the column "{twice[0]}" twice.', todo="Name it with AS.", where="source.sql")


def address_of(database: str) -> Any:
    """A database's address in its parts. Raises DataError where it is none."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(database)
    except (ArgumentError, ValueError) as error:  # the latter of a port that is no number
        raise DataError(
            "source.database is no database address.",
            allowed="For instance postgresql://user@host/name or sqlite:///people.db.",
            where="source.database",
        ) from error


def _batches(query: str, database: str, folder: Path) -> Iterator[pa.RecordBatch]:
    url = address_of(database)
    place = url.render_as_string(hide_password=True)
    if url.drivername == "postgresql":
        return _by_adbc(query, url, place)
    return _by_sqlalchemy(query, located(url, folder), place)


def located(url: Any, folder: Path) -> Any:
    """The address with the path of a SQLite file made absolute. Raises DataError where there is no such file."""
    if not (url.drivername.startswith("sqlite") and url.database):
        return url
    path = Path(os.path.normpath(folder / url.database))  # the folder may not be there yet
    if not path.is_file():
        raise DataError("there is no such database file.", todo="Check source.database.", where=str(path))
    return url.set(database=str(path))


def _by_adbc(query: str, url: Any, place: str) -> Iterator[pa.RecordBatch]:
    from adbc_driver_manager import Error
    from adbc_driver_postgresql import dbapi

    bound = url.update_query_dict({} if "connect_timeout" in url.query else {"connect_timeout": str(_CONNECT_SECONDS)})
    address = bound.render_as_string(hide_password=False)  # every part quoted, as libpq wants it
    with (
        explained(Error, place), dbapi.connect(address) as connection, connection.cursor() as cursor,
        on_stop(cursor.adbc_cancel), _limited(cursor.adbc_cancel),
    ):  # fmt: skip
        cursor.execute(_with_texts(query, cursor.adbc_execute_schema(query)))
        yield from (settled(batch, "source.sql") for batch in cursor.fetch_record_batch())


def _with_texts(query: str, schema: pa.Schema) -> str:
    """The query, with those of its columns as text that ADBC has no type for, such as inet, ranges and money."""
    _check_names(schema.names)
    foreign = [field.name for field in schema if _is_foreign(field)]
    if not foreign:
        return query
    quoted = {name: '"' + name.replace('"', '""') + '"' for name in schema.names}
    wanted = ", ".join(f"{q}::text AS {q}" if name in foreign else q for name, q in quoted.items())
    return f"SELECT {wanted} FROM (\n{query.rstrip().rstrip(';')}\n) AS rows_of_the_query"


def _is_foreign(field: pa.Field) -> bool:
    named = (field.metadata or {}).get(b"POSTGRESQL:type", b"").decode()
    kind = field.type.value_type if pa.types.is_list(field.type) else field.type
    opaque = isinstance(kind, pa.OpaqueType) and (kind is not field.type or kind.storage_type != pa.string())
    return opaque or named in _OPAQUE or pa.types.is_struct(kind) or named in [f"_{name}" for name in _OPAQUE]


@contextmanager
def _limited(cancel: Callable[[], None]) -> Iterator[None]:
    """End a query that runs too long. Raises DataError that says so."""
    ended = Event()

    def end() -> None:
        ended.set()
        with suppress(Exception):  # it may have ended by itself in this moment
            cancel()

    timer = Timer(LIMIT, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception as error:
        if ended.is_set():
            raise DataError(
                f"the query ran for more than {LIMIT / 3600:g} hours and was ended.",
                todo="Ask for fewer rows, or put what it gives into a table first.",
                where="source.sql",
            ) from error
        raise
    finally:
        timer.cancel()


def _by_sqlalchemy(query: str, url: Any, place: str) -> Iterator[pa.RecordBatch]:
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.pool import NullPool

    bound = {"connect_timeout": _CONNECT_SECONDS} if url.drivername.startswith("postgresql") else {}
    with explained(SQLAlchemyError, place):
        engine = create_engine(url, poolclass=NullPool, connect_args=bound)
        with (
            engine.connect().execution_options(stream_results=True) as connection,
            _limited(_cancel_of(connection.connection.dbapi_connection)),
        ):
            result = connection.exec_driver_sql(query)
            names = list(result.keys())
            for rows in result.partitions(_ROWS):
                check()
                yield pa.record_batch([column(list(cells)) for cells in zip(*rows, strict=True)], names=names)


def _cancel_of(connection: Any) -> Callable[[], None]:
    """What ends a driver's query from another thread, as psycopg and sqlite3 call it; others end between two rows."""
    found = getattr(connection, "cancel", None) or getattr(connection, "interrupt", None)
    return found or (lambda: None)


@contextmanager
def explained(kind: type[Exception], place: str) -> Iterator[None]:
    """Turn what a driver raises, by its `kind` of error, into DataError, or TransientError for what may pass."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise DataError(
            f"the driver {error.name} is not installed.",
            todo=f"pip install {_PACKAGES.get(str(error.name), error.name)}.",
            where=place,
        ) from error
    except kind as error:
        raise _as_ours(error, place) from error


def _as_ours(error: Exception, place: str) -> KeepfitError:
    cause = getattr(error, "orig", None) or error
    code = getattr(cause, "sqlstate", None) or ""
    message = " ".join(str(cause).split()).rstrip(".")
    found = f"the database says: {message}."
    if code:
        passing = code.startswith(_MAY_COME_BACK)
    else:
        final = any(word in message.lower() for word in _FINAL) and "temporary failure" not in message.lower()
        passing = type(cause).__name__ == "OperationalError" and not final
        passing = passing and ("sqlite" not in type(cause).__module__ or "locked" in message)
    if passing:
        return TransientError(found, todo="It is tried again; see whether the database is up.", where=place)
    return DataError(found, todo="Check source.sql and source.database.", where=place)
