"""`keepfit init` of a database and of a workbook's sheet: what it writes names them, and runs."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from keepfit import config
from keepfit.drafting import Query, draft, origin_of
from keepfit.errors import ConfigError, DataError
from keepfit.stages.ingest import ingest
from keepfit.store import run
from tests.data.workbooks import write_xlsx

ROWS = [(i % 50 + 0.5, ["Rome", "Oslo"][i % 3 % 2], "keep" if i % 50 > 25 else "drop") for i in range(200)]


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    with sqlite3.connect("people.db") as connection:
        connection.execute('CREATE TABLE "People Of" (age REAL, city TEXT, verdict TEXT)')
        connection.executemany('INSERT INTO "People Of" VALUES (?, ?, ?)', ROWS)
    connection.close()
    return "sqlite:///people.db"


@pytest.mark.parametrize(
    "asked", [{"table": "People Of"}, {"sql": "SELECT * FROM \"People Of\" WHERE city <> 'x: #y' -- all"}]
)
def test_a_table_or_query_is_drafted_relative_to_the_yaml_and_runs(
    tmp_path: Path, database: str, asked: dict[str, str]
) -> None:
    made = draft(Query(database, **asked), "verdict", folder=tmp_path / "sub")
    source = config.load(made.pipeline).source
    assert source.database == "sqlite:///../people.db"
    assert source.sql == asked.get("sql", 'SELECT * FROM "People Of"')
    assert made.features == 2
    assert ingest(run.start(config.load(made.pipeline))).rows == len(ROWS)


def test_a_password_stands_in_a_variable_alone(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"holds a password.* --database '\$\{DATABASE\}'") as caught:
        draft(Query("postgresql://me:geheim7@host/x", table="t"), folder=tmp_path)
    assert "geheim7" not in str(caught.value)
    monkeypatch.setenv("WHERE", f"sqlite:///{tmp_path}/people.db")
    made = draft(Query("${WHERE}", table="People Of"), "verdict", folder=tmp_path)
    assert 'database: "${WHERE}"' in made.pipeline.read_text()
    with pytest.raises(ConfigError, match="has no NOWHERE"):
        draft(Query("${NOWHERE}", table="t"), folder=tmp_path, force=True)


def test_what_a_database_refuses_is_told(tmp_path: Path, database: str) -> None:
    with pytest.raises(DataError, match="no such table: nope"):
        draft(Query(database, table="nope"), folder=tmp_path)
    with pytest.raises(DataError, match="the query gives no row"):
        draft(Query(database, sql='SELECT * FROM "People Of" WHERE age < 0'), folder=tmp_path)
    with pytest.raises(DataError, match="no database address"):
        draft(Query("people.db", table="t"), folder=tmp_path)


@pytest.mark.parametrize(
    "named",
    [
        (None, None, None, None),
        (Path("x"), "sqlite:///x", "t", None),
        (None, "sqlite:///x", None, None),
        (None, "sqlite:///x", "t", "SELECT 1"),
        (Path("x"), None, "t", None),
    ],
)
def test_arguments_that_name_no_source_or_two_are_refused(named: tuple[Path | None, str, str, str]) -> None:
    with pytest.raises(ConfigError, match="do not name one source"):
        origin_of(*named)


def test_a_sheet_is_named_in_the_yaml(tmp_path: Path) -> None:
    table = [["age", "city", "verdict"], *ROWS]
    write_xlsx(tmp_path / "x.xlsx", {"Other": [["a", "b"], [1, 2], [2, 3]], "The people": table})
    made = draft(tmp_path / "x.xlsx", "verdict", folder=tmp_path, sheet="The people")
    assert config.load(made.pipeline).source.sheet == "The people"
    assert ingest(run.start(config.load(made.pipeline))).rows == len(ROWS)
