"""Batches: the same answers as predict's to the bit, in files, folders and tables, whatever is killed meanwhile."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import numpy as np
import polars as pl
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepfit import config
from keepfit.config import Pipeline
from keepfit.errors import ConfigError, DataError, MachineError
from keepfit.serving.prediction import predict_file
from keepfit.serving.scoring import Asked, Summary, part, score
from keepfit.serving.scoring.place import place_of
from keepfit.store.store import Store
from tests import ROOT
from tests.data.conftest import SERVER
from tests.serving.killed_while_scoring import PART, asked
from tests.stages.export import exporting


@pytest.fixture
def served(tmp_path: Path) -> Pipeline:
    return exporting.served(exporting.table(), tmp_path)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """1,138 rows with a key, in pieces of which several make a part."""
    path = tmp_path / "rows.parquet"
    table = exporting.awkward()
    pl.concat([table, table]).with_row_index("id").write_parquet(path)
    return path


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each piece is a part, and a piece has 100 rows."""
    monkeypatch.setattr(part, "ROWS", PART)
    monkeypatch.setattr("keepfit.data.sources.jsonl_parquet._ROWS", PART)


def predicted(pipeline: Pipeline, rows: Path) -> pl.DataFrame:
    out = rows.with_name("predicted.parquet")
    predict_file(pipeline, rows, out)
    return pl.read_parquet(out)


def test_a_line_has_its_row_what_is_no_feature_the_answer_and_who_gave_it(served, rows, tmp_path):
    found = score(served, Asked(rows=rows, out=tmp_path / "out.parquet"))
    lines = pl.read_parquet(tmp_path / "out.parquet")
    answers = ["prediction", "probability_benign", "probability_malignant"]
    assert lines.columns == ["row", "id", "extra", "diagnosis", *answers, "model_version", "bundle"]
    assert lines["row"].to_list() == list(range(1, 1139))
    assert lines["id"].to_list() == list(range(1138))
    assert set(lines["model_version"]) == {"7"}
    assert set(lines["bundle"]) == {found.bundle} == {exporting.table().bundle.id}
    assert (found.rows, found.bad, found.again) == (1138, 0, 0)
    assert "Scored 1,138 rows with version 7" in str(found)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_answers_are_predicts_to_the_bit(served, tmp_path, monkeypatch, data):
    table = exporting.awkward()
    picked = data.draw(st.lists(st.integers(0, len(table) - 1), min_size=1, max_size=300))
    form = data.draw(st.sampled_from(["csv", "parquet", "ndjson"]))
    monkeypatch.setattr(part, "ROWS", data.draw(st.integers(1, 400)))
    monkeypatch.setattr("keepfit.data.sources.jsonl_parquet._ROWS", data.draw(st.integers(1, 400)))
    path = tmp_path / f"some.{form.replace('nd', '')}{'l' if form == 'ndjson' else ''}"
    getattr(table[picked], f"write_{form}")(path)
    score(served, Asked(rows=path, out=tmp_path / "some.out.parquet"))
    expected = predicted(served, path)
    assert pl.read_parquet(tmp_path / "some.out.parquet").select(expected.columns).equals(expected)


def test_pictures_are_scored_as_they_are_predicted(tmp_path):
    pictured, digits = exporting.served(exporting.pictures(), tmp_path), exporting.CARRIED / "digits/digits.zip"
    score(pictured, Asked(rows=digits, out=tmp_path / "out"))
    predict_file(pictured, digits, tmp_path / "out.parquet")
    expected = pl.read_parquet(tmp_path / "out.parquet")
    lines = pl.read_parquet(tmp_path / "out" / "*.parquet")
    assert lines.select(expected.columns).equals(expected)
    assert lines.columns[:2] == ["row", "file"]


def test_rows_that_cannot_be_read_have_empty_lines_and_are_counted(served, tmp_path):
    exporting.awkward().write_csv(tmp_path / "rows.csv")
    lines = (tmp_path / "rows.csv").read_text().splitlines()
    lines[5], lines[9] = "too,few", "too,few,again"
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n")
    found = score(served, Asked(rows=tmp_path / "rows.csv", out=tmp_path / "out"))
    written = pl.read_parquet(tmp_path / "out" / "*.parquet")
    assert written.filter(pl.col("prediction").is_null())["row"].to_list() == [5, 9]
    assert written["row"].to_list() == list(range(1, len(lines)))
    assert (found.rows, found.bad) == (len(lines) - 1, 2)
    assert "Warning: 2 of 569 rows could not be read (rows.csv, line 6" in str(found)


def test_only_rows_that_cannot_be_read_are_an_error_and_leave_nothing(tmp_path):
    pictured = exporting.served(exporting.pictures(), tmp_path)
    (tmp_path / "rows").mkdir()
    for name in ("one.png", "two.png"):
        (tmp_path / "rows" / name).write_bytes(b"no picture")
    with pytest.raises(DataError, match="2 of 2 rows could not be read"):
        score(pictured, Asked(rows=tmp_path / "rows", out=tmp_path / "out.parquet"))
    assert not (tmp_path / "out.parquet").exists()
    assert not list((tmp_path / ".keepfit").glob("scored/*"))


def test_the_same_batch_is_not_scored_twice(served, rows, tmp_path):
    first = score(served, Asked(rows=rows, out=tmp_path / "out"))
    stamps = [path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()]
    again = score(served, Asked(rows=rows, out=tmp_path / "out"))
    assert [path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()] == stamps
    assert (again.job, again.parts, again.again) == (first.job, first.parts, first.parts)
    assert str(again).startswith("These rows were scored before:")
    assert len(list((tmp_path / ".keepfit/scored").glob("*.json"))) == 1


@pytest.mark.parametrize("out", ["out.parquet", "out"])
def test_other_rows_take_the_place_of_those_before(served, rows, tmp_path, out, small_parts):
    score(served, Asked(rows=rows, out=tmp_path / out))
    pl.read_parquet(rows).head(250).write_parquet(rows)
    score(served, Asked(rows=rows, out=tmp_path / out))
    assert pl.read_parquet(tmp_path / out)["row"].to_list() == list(range(1, 251))
    assert not list(tmp_path.glob(".out*"))


@pytest.fixture
def database(tmp_path: Path) -> str:
    sqlite3.connect(tmp_path / "scores.db").close()
    return "sqlite:///scores.db"


def in_table(tmp_path: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(tmp_path / "scores.db")
    found = connection.execute(query).fetchall()
    connection.close()
    return found


def lines_of(tmp_path: Path, to: str) -> pl.DataFrame:
    if "@" in to:
        names = [line[1] for line in in_table(tmp_path, "PRAGMA table_info(scores)")]
        found = pl.DataFrame(in_table(tmp_path, "SELECT * FROM scores"), names, orient="row").drop("job")
        return found.sort("row")
    return pl.read_parquet(tmp_path / to).sort("row")


@pytest.mark.parametrize("to", ["out.parquet", "out", "scores@sqlite:///scores.db"])
def test_killed_it_goes_on_and_no_line_is_there_twice(served, rows, tmp_path, database, to, small_parts):
    pl.read_parquet(rows).write_csv(tmp_path / "rows.csv")
    where = to if "@" in to else str(tmp_path / to)
    victim = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(served.file), str(rows), where],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert victim.stdout is not None
    assert victim.stdout.readline() == "now\n"
    victim.kill()
    victim.communicate()
    found = score(served, asked(rows, where))
    assert (found.parts, found.again) == (12, 2)
    lines = lines_of(tmp_path, to)
    assert lines["row"].to_list() == list(range(1, 1139))
    expected = predicted(served, rows)
    assert lines["prediction"].to_list() == expected["prediction"].to_list()
    np.testing.assert_array_equal(lines["probability_benign"], expected["probability_benign"])
    record = json.loads(next((tmp_path / ".keepfit/scored").glob("*.json")).read_text())
    assert record["fallen"]["rows"] == 1138


KILLED = """
import runpy, sys
import keepfit.data.sources.jsonl_parquet as source
source._ROWS = 100
runpy.run_module("tests.serving.killed_while_scoring", run_name="__main__", alter_sys=False)
"""


def test_the_rows_of_a_killed_batch_go_from_the_table_when_others_come(served, rows, tmp_path, database, small_parts):
    wanted = Asked(rows=rows, table="scores", database=database)
    place = place_of(served, wanted, Store(served.resolve(served.store)))
    unfinished = replace(wanted, rows=rows)
    score(served, unfinished)
    in_table(tmp_path, "SELECT 1")
    connection = sqlite3.connect(tmp_path / "scores.db")
    connection.execute("DELETE FROM keepfit_scored WHERE part = -1")  # as if it had been killed at the very end
    connection.commit()
    connection.close()
    pl.read_parquet(rows).head(150).write_parquet(rows)
    score(served, wanted)
    assert in_table(tmp_path, "SELECT count(*), count(DISTINCT job) FROM scores") == [(150, 1)]
    assert place.name == "the table scores"


def test_a_table_keeps_batches_beside_each_other(served, rows, tmp_path, database):
    first = score(served, Asked(rows=rows, table="scores", database=database))
    pl.read_parquet(rows).head(150).write_parquet(rows)
    second = score(served, Asked(rows=rows, table="scores", database=database))
    counts = dict(in_table(tmp_path, "SELECT job, count(*) FROM scores GROUP BY job"))
    assert counts == {first.job: 1138, second.job: 150}


def test_a_table_of_postgresql_takes_the_same_lines(served, rows, tmp_path, postgres_table):
    score(served, Asked(rows=rows, out=tmp_path / "out.parquet"))
    score(served, Asked(rows=rows, table=postgres_table, database=SERVER))
    expected = pl.read_parquet(tmp_path / "out.parquet")
    with psycopg.connect(SERVER) as connection:
        names = ", ".join(f'"{name}"' for name in expected.columns)
        found = connection.execute(f"SELECT {names} FROM {postgres_table} ORDER BY row").fetchall()
    assert found == expected.rows()


@pytest.fixture
def postgres_table() -> Iterator[str]:
    try:
        psycopg.connect(SERVER, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        pytest.skip(f"no PostgreSQL at {SERVER}: {error}; set KEEPFIT_POSTGRES")
    table = f"scores_{uuid4().hex}"
    yield table
    with psycopg.connect(SERVER) as connection:
        connection.execute(f"DROP TABLE IF EXISTS {table}")
        connection.execute("DELETE FROM keepfit_scored WHERE place = %s", [table])


def test_a_query_is_scored_and_one_of_the_same_rows_is_not_scored_again(served, tmp_path, database, monkeypatch):
    monkeypatch.setenv("SCORES", "scores.db")
    table = exporting.awkward().rename({"Label": "upper"})  # SQLite does not tell the case of letters
    connection = sqlite3.connect(tmp_path / "scores.db")
    connection.execute("CREATE TABLE people ({})".format(", ".join(f'"{name}"' for name in table.columns)))
    connection.executemany(f"INSERT INTO people VALUES ({', '.join('?' * table.width)})", table.rows())
    connection.commit()
    connection.close()
    names = ", ".join(f'"{name}"' for name in table.columns).replace('"upper"', '"upper" AS "Label"')
    asked = Asked(sql=f"SELECT {names} FROM people", database="sqlite:///${SCORES}", out=tmp_path / "out.parquet")
    first, again = score(served, asked), score(served, asked)
    exporting.awkward().write_parquet(tmp_path / "rows.parquet")
    lines, expected = pl.read_parquet(tmp_path / "out.parquet"), predicted(served, tmp_path / "rows.parquet")
    assert lines.select(expected.columns).equals(expected)
    assert (first.again, again.again) == (0, first.parts)
    assert not list((tmp_path / ".keepfit/scored").glob(".rows*"))
    with pytest.raises(DataError, match="a feature column is missing: Label"):
        score(served, replace(asked, sql="SELECT * FROM people"))


def test_columns_are_kept_by_name(served, rows, tmp_path):
    score(served, Asked(rows=rows, out=tmp_path / "out.parquet", keep=("mean_radius", "id")))
    assert pl.read_parquet(tmp_path / "out.parquet").columns[:4] == ["row", "mean_radius", "id", "prediction"]


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({}, ConfigError, "the rows to score must be named once"),
        ({"sql": "SELECT 1", "rows": Path("x")}, ConfigError, "the rows to score must be named once"),
        ({"rows": Path("x")}, ConfigError, "where the answers go must be named once"),
        ({"rows": Path("x"), "out": Path("y"), "database": "sqlite:///x"}, ConfigError, "nothing is read from"),
        ({"rows": Path("x"), "out": Path("answers.csv")}, ConfigError, "neither a .parquet file nor a folder"),
        ({"rows": Path("x"), "table": "scores"}, ConfigError, "no database is named"),
        ({"rows": Path("nowhere.csv"), "out": Path("y.parquet")}, DataError, "nowhere"),
        ({"keep": ("idd",)}, ConfigError, 'no column "idd" to keep.*Did you mean "id"'),
        ({"table": "scores", "database": "sqlite:///none.db"}, DataError, "no such database file"),
        ({"table": "scores", "database": "nonsense"}, DataError, "no database address"),
    ],
)
def test_what_cannot_be_meant_is_told(served, rows, tmp_path, monkeypatch, wrong, error, words):
    monkeypatch.chdir(tmp_path)
    usual = {"rows": rows, "out": None if "table" in wrong else Path("out.parquet")} if wrong else {}
    base = usual if {"keep", "table"} & wrong.keys() else {}
    with pytest.raises(error, match=words):
        score(served, Asked(**{**base, **wrong}))


def test_a_folder_of_other_files_is_left_alone(served, rows, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.parquet").write_bytes(b"mine")
    with pytest.raises(ConfigError, match="other files lie in that folder, such as mine"):
        score(served, Asked(rows=rows, out=tmp_path / "out"))


def test_a_table_of_other_columns_is_left_alone(served, rows, tmp_path, database):
    in_table(tmp_path, "CREATE TABLE scores (row INTEGER, note TEXT)")
    with pytest.raises(DataError, match="the table scores has no column id, extra"):
        score(served, Asked(rows=rows, table="scores", database=database))


def test_two_batches_into_one_place_at_a_time_are_refused(served, rows, tmp_path):
    wanted = Asked(rows=rows, out=tmp_path / "out")
    place = place_of(served, wanted, Store(served.resolve(served.store)))
    with place.locked(), pytest.raises(MachineError, match="another batch is being scored into this place"):
        score(served, wanted)


def test_a_column_named_as_the_answers_are_is_left_out_and_told(served, rows, tmp_path):
    pl.read_parquet(rows).with_columns(prediction=pl.lit("mine")).write_parquet(rows)
    found: Summary = score(served, Asked(rows=rows, out=tmp_path / "out.parquet"))
    assert 'columns of the answers have these names: "prediction"' in str(found)
    assert set(pl.read_parquet(tmp_path / "out.parquet")["prediction"]) <= {"benign", "malignant"}


def test_the_command_prints_one_object(served, rows, tmp_path):
    done = subprocess.run(
        [Path(sys.executable).with_name("keepfit"), "score", served.file, rows, "-o", tmp_path / "o.parquet", "--json"],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    assert json.loads(done.stdout)["rows"] == 1138
    assert config.load(served.file).name == json.loads(done.stdout)["pipeline"]
