"""The rows that failed, put aside with the expectations each of them failed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from keepfit.validation.rows import Rows, literal, quoted

FILE = "quarantine.parquet"


def write(rows: Rows, conditions: list[tuple[str, str]], path: Path) -> int:
    """Every row for which a condition is true goes to `path` with all its columns, and the names in `failed`.

    `conditions` are pairs of an expectation in words and SQL that is true of a failing row. Returns how many went.
    """
    failed = ", ".join(f"CASE WHEN {sql} THEN {literal(name)} END" for name, sql in conditions)
    names = f"list_filter([{failed}], lambda name: name IS NOT NULL)"
    query = f"SELECT * FROM (SELECT *, {names} AS failed FROM {rows.WHOLE}) WHERE len(failed) > 0"
    copied = rows.connection.execute(f"COPY ({query}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd)")
    return int(copied.fetchone()[0])  # type: ignore[index]


def counts(rows: Rows, path: Path) -> dict[str, int]:
    """How many rows of a quarantine failed each expectation."""
    names = f"SELECT unnest(failed) AS name FROM read_parquet({literal(str(path))})"
    return dict(rows.connection.execute(f"SELECT name, count(*) FROM ({names}) GROUP BY name").fetchall())


def write_none(folder: Path, path: Path) -> None:
    """A quarantine without rows, for the Parquet files in `folder`."""
    schema = pq.read_schema(min(folder.glob("*.parquet"))).append(pa.field("failed", pa.list_(pa.string())))
    pq.write_table(schema.empty_table(), path)


def examples(rows: Rows, columns: tuple[str, ...], condition: str, count: int = 5) -> str:
    """The first failing rows in words, such as `row 17 (age -5), row 40 (age 999)`; rows count from 1."""
    shown = ", ".join(quoted(name) for name in columns)
    numbered = f"SELECT row_number() OVER () AS number, {shown}, {condition} AS failing FROM {rows.WHOLE}"
    found = rows.connection.execute(f"SELECT number, {shown} FROM ({numbered}) WHERE failing LIMIT {count}").fetchall()
    return ", ".join(f"row {number} ({_cells(columns, values)})" for number, *values in found)


def _cells(columns: tuple[str, ...], values: list[Any]) -> str:
    return ", ".join(f"{name} {_cell(value)}" for name, value in zip(columns, values, strict=True))


def _cell(value: Any) -> str:
    if value is None:
        return "missing"
    text = (
        f"{len(value)} bytes" if isinstance(value, bytes) else f"{value:g}" if isinstance(value, float) else str(value)
    )
    return text if len(text) <= 40 else f"{text[:39]}…"
