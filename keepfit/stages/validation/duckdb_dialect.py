"""DuckDB as SQLAlchemy sees it: as much as Great Expectations needs to look at one view.

Not the published dialect (duckdb-engine 0.17): with DuckDB 2.0 it loses every result at the connection pool's rollback,
so that each expectation fails, and its registrations keep DuckDB's objects alive until the interpreter ends, which
DuckDB then reports on the user's terminal.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import duckdb
from sqlalchemy import Connection, types
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.base import PGDialect

from keepfit.data.identity import ROW
from keepfit.store.interrupt import check

NAME = "duckdb"


class DuckDB(PGDialect):
    """PostgreSQL's SQL, DuckDB's connections, and no transactions: everything is only read."""

    name = NAME
    driver = NAME
    default_paramstyle = duckdb.paramstyle
    default_schema_name = "main"
    server_version_info = (15, 0)
    supports_statement_cache = True
    _backslash_escapes = False

    @classmethod
    def import_dbapi(cls) -> ModuleType:
        """The database's own module."""
        return duckdb

    def initialize(self, connection: Connection) -> None:
        """Ask the server for nothing."""

    def do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:  # noqa: ARG002
        """Ask only while nobody told the work to stop: what Great Expectations catches it asks again."""
        check()
        cursor.execute(statement, parameters)

    def do_begin(self, dbapi_connection: Any) -> None:
        """Begin nothing."""

    def do_rollback(self, dbapi_connection: Any) -> None:
        """Keep the results that are still to be fetched."""

    def do_commit(self, dbapi_connection: Any) -> None:
        """Commit nothing."""

    # SQLAlchemy gives a schema and a cache to each of these, and there is one schema and nothing to cache.

    def has_table(self, connection: Connection, table_name: str, schema: Any = None, **_: Any) -> bool:  # noqa: ARG002
        """Whether there is a table or view of that name."""
        return table_name in self.get_table_names(connection)

    def get_table_names(self, connection: Connection, schema: Any = None, **_: Any) -> list[str]:  # noqa: ARG002
        """Tables and views alike."""
        return [name for (name, *_) in connection.exec_driver_sql("SHOW TABLES").fetchall()]

    def get_columns(self, connection: Connection, table_name: str, schema: Any = None, **_: Any) -> Any:  # noqa: ARG002
        """Names only: no expectation that works asks for the type. The row's id is no column of the source."""
        described = connection.exec_driver_sql(f'DESCRIBE "{table_name}"').fetchall()
        names = [name for name, *_ in described if name != ROW]
        return [{"name": name, "type": types.NullType(), "nullable": True, "default": None} for name in names]


registry.register(NAME, __name__, DuckDB.__name__)
