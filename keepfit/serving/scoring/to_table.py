"""Parts as rows of a database table: a part's rows and its line in the ledger go in one transaction.

The ledger is the table `keepfit_scored` of the same database: which part of which batch is in which table.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import pyarrow as pa

from keepfit.data.sources.sql import address_of, explained, located
from keepfit.errors import DataError
from keepfit.serving.scoring.part import Note, note_of
from keepfit.serving.scoring.place import Notes, Place
from keepfit.store import files
from keepfit.store.locks import score_lock

LEDGER, JOB = "keepfit_scored", "job"
_WHOLE = -1
"""The number of the ledger's line that says that a batch is whole."""
_ROWS = 10_000


class ToTable(Place):
    """A table, which may hold other batches too: each row names its job."""

    def __init__(self, table: str, database: str, folder: Path, scored: Path) -> None:
        from sqlalchemy import create_engine
        from sqlalchemy.pool import NullPool

        url = address_of(database)
        self._place = url.render_as_string(hide_password=True)
        url = located(url, folder)
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        self._schema, _, self._table = table.rpartition(".")
        self._named, self._job, self._one = table, "", Lock()
        self._staging = scored / f".table-{files.digest_of([self._place, table])}"
        with self._explained():
            self._engine = create_engine(url, poolclass=NullPool)

    @property
    def name(self) -> str:
        """Its name."""
        return f"the table {self._named}"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """A lock of this store: of two stores the ledger keeps one from doubling a line of the other's."""
        with score_lock(self._staging):
            yield
        files.remove(self._staging)

    def begin(self, job: str) -> Notes:
        """What the ledger says; of a killed job whose rows have changed since, the rows are deleted."""
        from sqlalchemy import delete, inspect

        self._job, ledger = job, self._ledger()
        with self._explained(), self._engine.begin() as connection:
            ledger.metadata.create_all(connection)
            ours = connection.execute(ledger.select().where(ledger.c.place == self._named)).all()
            whole = {line.job for line in ours if line.part == _WHOLE}
            there = inspect(connection).has_table(self._table, self._schema or None)
            for other in {line.job for line in ours} - whole - {job}:
                if there:
                    table = self._target(connection)
                    connection.execute(delete(table).where(table.c[JOB] == other))
                connection.execute(delete(ledger).where(ledger.c.place == self._named, ledger.c.job == other))
        mine = [line for line in ours if line.job == job and line.part != _WHOLE]
        self._is_whole = job in whole
        return {line.part: note_of(json.loads(line.note)) for line in mine}

    def is_whole(self) -> bool:
        """As the ledger says."""
        return self._is_whole

    def put(self, note: Note, lines: pa.Table) -> Note:
        """In one transaction, with its line in the ledger."""
        lines = lines.append_column(JOB, pa.repeat(self._job, lines.num_rows))
        with self._one, self._explained(), self._engine.begin() as connection:
            table = self._made(connection, lines.schema)
            for start in range(0, lines.num_rows, _ROWS):
                self._insert(connection, table, lines.slice(start, _ROWS))
            self._write(connection, note.part, json.dumps(note.json()))
        return note

    def finish(self, notes: Notes) -> None:
        """A last line in the ledger."""
        if not self._is_whole:
            with self._explained(), self._engine.begin() as connection:
                self._write(connection, _WHOLE, json.dumps(sorted(notes)))
        self._is_whole = True

    def _insert(self, connection: Any, table: Any, lines: pa.Table) -> None:
        if self._engine.driver != "psycopg":
            connection.execute(table.insert(), lines.to_pylist())
            return
        quote = connection.dialect.identifier_preparer
        names = ", ".join(map(quote.quote, lines.column_names))
        copied = f"COPY {quote.format_table(table)} ({names}) FROM STDIN"
        with connection.connection.driver_connection.cursor() as cursor, cursor.copy(copied) as copy:
            for row in zip(*(column.to_pylist() for column in lines.columns), strict=True):
                copy.write_row(row)

    def _write(self, connection: Any, part: int, note: str) -> None:
        line = {"place": self._named, "job": self._job, "part": part, "note": note}
        connection.execute(self._ledger().insert(), line)

    def _ledger(self) -> Any:
        import sqlalchemy as sa

        return sa.Table(
            LEDGER, sa.MetaData(),
            sa.Column("place", sa.String(200), primary_key=True), sa.Column("job", sa.String(24), primary_key=True),
            sa.Column("part", sa.Integer, primary_key=True, autoincrement=False), sa.Column("note", sa.Text),
        )  # fmt: skip

    def _made(self, connection: Any, schema: pa.Schema) -> Any:
        """The table, made where it is not there. Raises DataError where one of that name has other columns."""
        import sqlalchemy as sa

        table = sa.Table(
            self._table, sa.MetaData(), *(sa.Column(field.name, _type(field.type)) for field in schema),
            schema=self._schema or None,
        )  # fmt: skip
        if not sa.inspect(connection).has_table(self._table, self._schema or None):
            table.create(connection)
        known = {column.name for column in self._target(connection).columns}
        if lacking := [name for name in schema.names if name not in known]:
            raise DataError(
                f"the table {self._named} has no column {', '.join(lacking)}.",
                allowed=f"A line has: {', '.join(schema.names)}.",
                todo="Name another table, which is then made, or add the columns.",
                where=self._place,
            )
        return table

    def _target(self, connection: Any) -> Any:
        import sqlalchemy as sa

        return sa.Table(self._table, sa.MetaData(), schema=self._schema or None, autoload_with=connection)

    def _explained(self) -> AbstractContextManager[None]:
        from sqlalchemy.exc import SQLAlchemyError

        return explained(SQLAlchemyError, self._place)


def _type(kind: pa.DataType) -> Any:
    import sqlalchemy as sa

    tests = (
        (pa.types.is_integer, sa.BigInteger), (pa.types.is_floating, sa.Double), (pa.types.is_boolean, sa.Boolean),
        (pa.types.is_timestamp, sa.DateTime), (pa.types.is_date, sa.Date), (pa.types.is_decimal, sa.Numeric),
        (pa.types.is_binary, sa.LargeBinary),
    )  # fmt: skip
    return next((made for fits, made in tests if fits(kind)), sa.Text)()
