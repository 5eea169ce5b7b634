"""Every built-in type of PostgreSQL, and whatever SQLite lets a column hold, becomes cells; no query runs for ever."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from keepfit.data.sources import sql
from keepfit.data.sources.opening import Reading
from keepfit.data.sources.sql import spool
from keepfit.data.sources.sql_values import column
from keepfit.drafting.looking import look
from keepfit.errors import DataError, KeepfitError
from keepfit.features.column import facts_of
from keepfit.features.lookup import kind_of

POSTGRES = {
    "1::smallint": 1,
    "2::bigint": 2,
    "1.50::numeric": "1.50",
    "'NaN'::numeric": "nan",
    "12.5::money": "$12.50",
    "'10.0.0.1'::inet": "10.0.0.1/32",
    "'10.0.0.0/8'::cidr": "10.0.0.0/8",
    "'08:00:2b:01:02:03'::macaddr": "08:00:2b:01:02:03",
    """'{"a":1}'::json""": '{"a":1}',
    """'{"a":1}'::jsonb""": '{"a": 1}',
    "ARRAY[1,2]": [1, 2],
    "ARRAY['a', NULL]": ["a", None],
    "ARRAY[1.5::numeric]": "{1.5}",
    "ARRAY[1.5::money]": "{$1.50}",
    "int4range(1,5)": "[1,5)",
    "int4multirange(int4range(1,2))": "{[1,2)}",
    "interval '1 month 2 days 3 sec'": 30 * 86_400 + 2 * 86_400 + 3.0,
    "'00000000-0000-0000-0000-0000000000ff'::uuid": "00000000-0000-0000-0000-0000000000ff",
    r"'\xff'::bytea": b"\xff",
    "time '01:02:03'": 3723.0,
    "timetz '01:02:03+02'": "01:02:03+02",
    "timestamptz '2024-01-02 03:04:05+02'": datetime(2024, 1, 2, 1, 4, 5),
    "'infinity'::timestamptz": "infinity",
    "'-infinity'::timestamp": "-infinity",
    "'infinity'::date": "infinity",
    "'-infinity'::date": "-infinity",
    "'4713-01-01 BC'::date": "beyond the calendar: -2440550 day",
    "'(1,2)'::point": "(1,2)",
    "B'101'": "101",
    "'a'::bpchar": "a",
    "'fat'::tsvector": "'fat'",
    "xmlparse(content '<a/>')": "<a/>",
    "row(1, 'x')": "(1,x)",
    "'Infinity'::float8": float("inf"),
    "1.5::real": 1.5,
    "NULL": None,
    "'pg_class'::regclass": "pg_class",
    "'1/1'::pg_lsn": "1/1",
    "7::oid": 7,
    "true": True,
}


def spooled(tmp_path: Path, query: str, database: str) -> pa.Table:
    spool(query, database, tmp_path / "rows.parquet", tmp_path)
    return pq.read_table(tmp_path / "rows.parquet")


@pytest.mark.parametrize("expression", POSTGRES)
def test_a_value_of_every_type_of_postgresql_comes_as_what_it_says(
    tmp_path: Path, server: str, expression: str
) -> None:
    found = spooled(tmp_path, f'SELECT {expression} AS "a ""b""; -- c";', server)
    assert found.to_pylist() == [{'a "b"; -- c': POSTGRES[expression]}]


@pytest.mark.parametrize("driver", ["postgresql", "postgresql+psycopg"])
def test_every_type_that_the_server_knows_has_an_answer(tmp_path: Path, server: str, driver: str) -> None:
    with psycopg.connect(server) as connection:
        known = connection.execute(
            "SELECT oid::regtype::text FROM pg_type WHERE typtype IN ('b', 'r', 'm') AND typnamespace = "
            "'pg_catalog'::regnamespace AND typinput::oid <> 0 AND typname NOT LIKE 'pg_%' AND typname NOT LIKE '_pg%'"
        ).fetchall()
    names = [name for (name,) in known if name not in ("aclitem", "refcursor")]
    cells = ", ".join(f'NULL::{name} AS "c{i}"' for i, name in enumerate(names))
    address = server.replace("postgresql", driver, 1)
    found = spooled(tmp_path, f"SELECT 1 AS n, {cells}", address)
    assert found.num_columns == len(names) + 1 > 100
    seen = look(tmp_path / "rows.parquet", Reading(tmp_path))
    assert len(facts_of(seen.batches)) == found.num_columns


def test_a_query_that_never_ends_is_ended(tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "LIMIT", 0.5)
    (tmp_path / "x.db").touch()
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    for query, address in (
        ("SELECT pg_sleep(3000)::text", server),
        ("SELECT i::text FROM generate_series(1, 1e18) AS i", server),
        ("SELECT pg_sleep(3000)::text", server.replace("postgresql", "postgresql+psycopg", 1)),
        (endless, "sqlite:///x.db"),
    ):
        with pytest.raises(DataError, match=r"source.sql: the query ran for more than .* hours and was ended"):
            spool(query, address, tmp_path / "rows.parquet", tmp_path)


def test_whatever_sqlite_lets_a_column_hold_is_read(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "x.db") as connection:
        connection.execute("CREATE TABLE t (x, y INTEGER, z)")
        rows = [(1, "one", b"\xff"), ("b", 2**63 - 1, b"abc"), (None, 1.5, None), (9e999, None, "text"), (b"b", -1, 7)]
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
    connection.close()
    found = spooled(tmp_path, "SELECT * FROM t", "sqlite:///x.db").to_pydict()
    assert found == {
        "x": ["1", "b", None, "inf", "b"],
        "y": ["one", "9223372036854775807", "1.5", None, "-1"],
        "z": ["0xff", "abc", None, "text", "7"],
    }


def test_text_of_sqlite_that_is_no_utf8_is_told(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "x.db") as connection:
        connection.execute("CREATE TABLE t AS SELECT CAST(x'ff41' AS TEXT) AS x")
    connection.close()
    with pytest.raises(KeepfitError, match=r"x\.db: the database says: Could not decode to UTF-8"):
        spool("SELECT x FROM t", "sqlite:///x.db", tmp_path / "rows.parquet", tmp_path)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([True, None], [True, None]),
        ([1, 2.5, Decimal("0.1"), None], [1.0, 2.5, 0.1, None]),
        ([2**60, None], [str(2**60), None]),
        ([Decimal("12345678901234567890.5")], [12345678901234567890.5]),
        ([Decimal("Infinity"), 1], [float("inf"), 1.0]),
        ([Decimal("sNaN"), 1], ["sNaN", "1"]),
        ([date(1, 1, 1), datetime(9999, 12, 31, 23, 59)], [datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59)]),
        ([datetime(2024, 1, 1, tzinfo=UTC)], [datetime(2024, 1, 1)]),
        ([datetime.min.replace(tzinfo=timezone(timedelta(hours=5)))], ["0001-01-01 00:00:00+05:00"]),
        ([time(1, 2, 3, tzinfo=UTC), timedelta(days=1)], [3723.0, 86_400.0]),
        ([memoryview(b"a"), b"b"], [b"a", b"b"]),
        ([b"a", "b", b"\xff"], ["a", "b", "0xff"]),
        ([UUID(int=5)], ["00000000-0000-0000-0000-000000000005"]),
        ([{"a": date(2024, 1, 1)}, [1]], ['{"a": "2024-01-01"}', "[1]"]),
        ([True, "x", None], ["true", "x", None]),
        (["\ud800"], ["?"]),
        ([None, None], [None, None]),
        ([], []),
    ],
)
def test_values_of_every_driver_become_cells(values: list[object], expected: list[object]) -> None:
    assert column(values).to_pylist() == expected


def test_an_infinite_date_far_below_is_shown_and_the_others_are_read(tmp_path: Path, server: str) -> None:
    dates = "CASE WHEN n = 150000 THEN 'infinity'::timestamp ELSE '2024-01-02'::timestamp + n * interval '1 s' END"
    found = spooled(tmp_path, f"SELECT n, {dates} AS at FROM generate_series(1, 150001) AS n ORDER BY n", server)
    column = found["at"].to_pylist()
    assert column[149_999] == "infinity"
    read = kind_of("datetime").read(found["at"].combine_chunks())
    assert (read.null_count, read[0].as_py()) == (1, datetime(2024, 1, 2, 0, 0, 1))
