"""A snapshot's rows as a DuckDB view: read from Parquet as they are needed, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from keepfit.errors import DataError, MachineError

OURS = ("keepfit_row", "keepfit_features", "keepfit_test")
"""Columns that ingest adds; no expectation sees them."""

_TEXT = ("VARCHAR",)
_NUMBERS = ("DOUBLE", "FLOAT", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
            "UINTEGER", "UBIGINT", "UHUGEINT", "DECIMAL")  # fmt: skip
_TIMES = ("TIMESTAMP", "DATE", "TIME")


@dataclass(frozen=True)
class Rows:
    """A view over Parquet files, in a connection of its own."""

    connection: duckdb.DuckDBPyConnection
    columns: dict[str, str]
    """Source columns and their kind: text, number, time, boolean or other."""

    VIEW = "rows"
    """The source columns, as expectations see them."""
    WHOLE = "rows_and_ours"
    """The same rows in the same order, with keepfit's own columns."""


@contextmanager
def opened(folder: Path, spill: Path) -> Iterator[Rows]:
    """The Parquet files in `folder`, by name; what does not fit into a gigabyte goes to `spill`.

    One thread: sums of floats, and with them the figures kept, must come out the same every time.
    """
    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": 1, "memory_limit": "1GB", "temp_directory": str(spill), "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }  # fmt: skip
    with duckdb.connect(":memory:", config=settings) as connection:
        files = ", ".join(literal(str(path)) for path in sorted(folder.glob("*.parquet")))
        source = f"read_parquet([{files}])"
        _refuse_twins(pq.read_schema(min(folder.glob("*.parquet"))).names, folder)
        types = {name: kind for name, kind, *_ in connection.execute(f"DESCRIBE FROM {source}").fetchall()}
        connection.execute(f"CREATE VIEW {Rows.WHOLE} AS SELECT * {_without_nan(types)} FROM {source}")
        seen = ", ".join(quoted(name) for name in types if name not in OURS)
        connection.execute(f"CREATE VIEW {Rows.VIEW} AS SELECT {seen} FROM {Rows.WHOLE}")
        yield Rows(connection, {name: _kind(kind) for name, kind in types.items() if name not in OURS})


def _refuse_twins(names: list[str], folder: Path) -> None:
    """DuckDB takes `Age` and `age` for one column and would check the wrong one."""
    known: dict[str, str] = {}
    for name in names:
        if (twin := known.setdefault(name.lower(), name)) != name:
            raise DataError(
                f'the columns "{twin}" and "{name}" differ only in capital letters, so that neither can be checked.',
                todo="Rename one of them in the source.",
                where=str(folder),
            )


def _without_nan(types: dict[str, str]) -> str:
    """NaN becomes NULL here: DuckDB skips row groups by statistics in which other writers leave NaN out."""
    floats = [quoted(name) for name, kind in types.items() if kind in ("DOUBLE", "FLOAT")]
    replaced = ", ".join(f"CASE WHEN isnan({name}) THEN NULL ELSE {name} END AS {name}" for name in floats)
    return f"REPLACE ({replaced})" if floats else ""


def _kind(kind: str) -> str:
    kinds = {"text": _TEXT, "number": _NUMBERS, "time": _TIMES, "boolean": ("BOOLEAN",)}
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
            f"DuckDB could not go on: {str(error).splitlines()[0]}",
            todo="Free memory or disk, or name another folder with store: in the YAML, and run again.",
            where=str(folder),
        ) from error
