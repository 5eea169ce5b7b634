"""The rows that failed, put aside with the expectations each of them failed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from keepfit.stages.validation.rows import RowView, ViewColumn, literal, quoted
from keepfit.store.interrupt import check

FILE = "quarantine.parquet"
FAILED = "keepfit_failed"
"""The column that says what a row failed."""
_ROWS = 10_000


class Failing:
    """The rows that failed, and which expectations: a table beside them."""

    def __init__(self, rows: RowView) -> None:
        self._rows = rows
        self._named: dict[int, str] = {}
        rows.connection.execute("CREATE TABLE keepfit_failing (keepfit_row BLOB, number INTEGER)")

    def add(self, number: int, name: str, relation: str, condition: str) -> int:
        """The relation's rows for which a condition is true failed an expectation. Returns how many they are."""
        self._named[number] = name
        return self._done(f"INSERT INTO keepfit_failing SELECT keepfit_row, {number} FROM {relation} WHERE {condition}")

    def add_rows(self, number: int, name: str, ids: pa.Array) -> None:
        """Rows of these ids failed."""
        self._named[number] = name
        self._rows.connection.register("keepfit_given", pa.table({"keepfit_row": ids}))
        self._done(f"INSERT INTO keepfit_failing SELECT keepfit_row, {number} FROM keepfit_given")
        self._rows.connection.unregister("keepfit_given")

    def write(self, path: Path) -> int:
        """Each of the rows once, with all its columns and the names of what it failed. Returns how many they are."""
        names = ", ".join(f"({number}, {literal(name)})" for number, name in self._named.items()) or "(0, '')"
        self._done(f"CREATE TABLE keepfit_names AS SELECT * FROM (VALUES {names}) AS t(number, name)")
        shown = ", ".join(f"r.{quoted(found)}" for found in self._rows.found)
        failed = """SELECT keepfit_row, list(name ORDER BY number) AS names FROM keepfit_failing
                    JOIN keepfit_names USING (number) GROUP BY keepfit_row"""
        query = f"""SELECT {shown}, f.names FROM {self._rows.source} AS r
                    JOIN ({failed}) AS f ON r.keepfit_row = f.keepfit_row"""
        schema = _schema(self._rows.schema)
        with pq.ParquetWriter(path, schema, compression="zstd") as writer:
            for batch in self._rows.connection.sql(query).to_arrow_reader(_ROWS):
                check()
                cells = [cell.cast(field.type) for cell, field in zip(batch.columns, schema, strict=True)]
                writer.write_batch(pa.RecordBatch.from_arrays(cells, schema=schema))
        return int(pq.read_metadata(path).num_rows)

    def _done(self, sql: str) -> int:
        check()
        return int(self._rows.connection.execute(sql).fetchone()[0])  # type: ignore[index]


def write_none(folder: Path, path: Path) -> None:
    """A quarantine without rows, for the Parquet files in `folder`."""
    pq.write_table(_schema(pq.read_schema(min(folder.glob("*.parquet")))).empty_table(), path)


def _schema(rows: pa.Schema) -> pa.Schema:
    return rows.append(pa.field(FAILED, pa.list_(pa.string()))).remove_metadata()


def examples(rows: RowView, columns: Sequence[ViewColumn], relation: str, condition: str, count: int = 5) -> str:
    """The first failing rows in words, such as `row 17 (age -5), row 40 (age 999)`; rows count from 1."""
    shown = ", ".join(column.id for column in columns)
    numbered = f"SELECT row_number() OVER () AS number, {shown}, {condition} AS failing FROM {relation}"
    found = rows.connection.execute(f"SELECT number, {shown} FROM ({numbered}) WHERE failing LIMIT {count}").fetchall()
    return ", ".join(f"row {number} ({_cells(columns, values)})" for number, *values in found)


def _cells(columns: Sequence[ViewColumn], values: list[Any]) -> str:
    return ", ".join(f"{column.name} {_cell(value)}" for column, value in zip(columns, values, strict=True))


def _cell(value: Any) -> str:
    if value is None:
        return "missing"
    text = (
        f"{len(value)} bytes" if isinstance(value, bytes) else f"{value:g}" if isinstance(value, float) else str(value)
    )
    return text if len(text) <= 40 else f"{text[:39]}…"
