"""Queries: their rows are spooled, told by content in whatever order they come, and errors say whether to try again."""

from __future__ import annotations

import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import psycopg
import pyarrow.parquet as pq
import pytest

from keepfit.data.sources.sql import Spooled, spool
from keepfit.errors import DataError, TransientError
from keepfit.store.interrupt import interruptible
from tests.alarming import Alarm
from tests.data.conftest import SERVER


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    with sqlite3.connect(tmp_path / "people.db") as connection:
        connection.execute("CREATE TABLE people (age INTEGER, city TEXT, paid BOOLEAN)")
        connection.executemany(
            "INSERT INTO people VALUES (?, ?, ?)", [(31, "北京", 1), (None, "100%", 0), (44, None, 1)]
        )
    connection.close()
    return "sqlite:///people.db"


@pytest.fixture
def postgres(server: str) -> Iterator[str]:
    """A table of its own on the server."""
    connection = psycopg.connect(server, autocommit=True)
    table = f"people_{uuid4().hex}"
    with connection:
        connection.execute(f"CREATE TABLE {table} (n bigint, price numeric, at timestamptz, city text, paid boolean)")
        connection.execute(
            f"INSERT INTO {table} VALUES (1, 1.50, '2024-01-02 03:04:05+01', '北京', true), (2, NULL, NULL, '', false)"
        )
        yield table
        connection.execute(f"DROP TABLE {table}")


def rows(tmp_path: Path, query: str, database: str) -> tuple[list[dict[str, object]], Spooled]:
    file = tmp_path / "rows.parquet"
    spooled = spool(query, database, file, tmp_path)
    return pq.read_table(file).to_pylist(), spooled


def test_sqlite_lies_relative_to_the_yaml(tmp_path: Path, sqlite: str) -> None:
    found, spooled = rows(tmp_path, "SELECT age, city FROM people WHERE city LIKE '%' OR city IS NULL", sqlite)
    assert found == [{"age": 31.0, "city": "北京"}, {"age": None, "city": "100%"}, {"age": 44.0, "city": None}]
    assert spooled.rows == 3


def test_the_digest_depends_on_the_rows_and_not_on_their_order(tmp_path: Path, sqlite: str) -> None:
    query = "SELECT * FROM people ORDER BY age "
    up, down = (rows(tmp_path, query + order, sqlite)[1].digest for order in ("ASC", "DESC"))
    assert up == down
    assert rows(tmp_path, "SELECT * FROM people WHERE age > 31", sqlite)[1].digest != up


@pytest.mark.parametrize("driver", ["postgresql", "postgresql+psycopg"])
def test_postgres_by_adbc_and_by_sqlalchemy(tmp_path: Path, postgres: str, driver: str) -> None:
    address = SERVER.replace("postgresql", driver, 1)
    found, _ = rows(tmp_path, f"SELECT * FROM {postgres} ORDER BY n", address)
    assert [row["n"] for row in found] == [1, 2]
    assert [row["city"] for row in found] == ["北京", ""]
    assert [row["paid"] for row in found] == [True, False]
    assert Decimal(str(found[0]["price"])) == Decimal("1.5")
    assert str(found[0]["at"]).startswith(str(datetime(2024, 1, 2, 2, 4, 5)))


@pytest.mark.parametrize("driver", ["postgresql", "postgresql+psycopg"])
@pytest.mark.parametrize(("query", "words"), [("SELEC 1", "syntax"), ("SELECT * FROM nowhere", "nowhere")])
def test_what_postgres_refuses_is_not_tried_again(
    postgres: str, tmp_path: Path, driver: str, query: str, words: str
) -> None:
    with pytest.raises(DataError, match=words):
        rows(tmp_path, query, SERVER.replace("postgresql", driver, 1))


@pytest.mark.parametrize("driver", ["postgresql", "postgresql+psycopg"])
def test_a_server_that_is_away_is_tried_again_and_no_password_is_told(tmp_path: Path, driver: str) -> None:
    with socket.socket() as taken:  # bound and not listening: nothing else can be there
        taken.bind(("127.0.0.1", 0))
        address = f"{driver}://someone:secret@127.0.0.1:{taken.getsockname()[1]}/people"
        with pytest.raises(TransientError) as caught:
            rows(tmp_path, "SELECT 1", address)
    assert "secret" not in str(caught.value)


def test_a_database_that_does_not_exist_is_not_tried_again(tmp_path: Path, postgres: str) -> None:
    with pytest.raises(DataError, match="does not exist"):
        rows(tmp_path, "SELECT 1", SERVER.rsplit("/", 1)[0] + "/no_such_database")


def test_a_column_that_changes_its_type_is_named(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "mixed.db") as connection:
        connection.execute("CREATE TABLE t (a)")
        connection.executemany("INSERT INTO t VALUES (?)", [(i,) for i in range(10_000)] + [("n/a",)])
    connection.close()
    with pytest.raises(DataError, match=r'column "a" is double in the first rows and string later.*CAST'):
        rows(tmp_path, "SELECT a FROM t", "sqlite:///mixed.db")


@pytest.mark.parametrize(
    ("query", "database", "words"),
    [
        ("SELECT * FROM nowhere", "sqlite:///people.db", "no such table"),
        ("SELECT * FROM people WHERE age > 1000", "sqlite:///people.db", "no row"),
        ("SELECT age, age FROM people", "sqlite:///people.db", 'column "age" twice'),
        ("SELECT 1", "sqlite:///other.db", "no such database file"),
        ("SELECT 1", "people", "no database address"),
        ("SELECT 1", "mysql+nodriver://x/y", "driver"),
    ],
)
def test_what_cannot_be_asked_is_said(tmp_path: Path, sqlite: str, query: str, database: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        rows(tmp_path, query, database)


def test_a_query_that_takes_for_ever_ends_at_a_signal(tmp_path: Path, postgres: str, alarm: Callable[[], None]) -> None:
    """The table's name tells the query from what others ask the same server."""
    query = f"SELECT n, pg_sleep(100000) FROM {postgres}"
    asked = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE %s AND pid <> pg_backend_pid()"
    with psycopg.connect(SERVER, autocommit=True) as other:

        def under_way() -> bool:
            return bool(other.execute(asked, (f"%pg_sleep%{postgres}%",)).fetchone() != (0,))

        def ring() -> None:
            while not under_way():
                pass
            alarm()

        watcher = threading.Thread(target=ring, daemon=True)
        watcher.start()
        with pytest.raises(Alarm):
            interruptible(lambda: spool(query, SERVER, tmp_path / "rows.parquet", tmp_path))
        watcher.join()
        while under_way():
            pass
