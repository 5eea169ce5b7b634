"""What a cell becomes by the kind of its column, in every format."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from keepfit.data.cells import counted
from keepfit.features.lookup import kind_of
from keepfit.stages.ingest import ingest
from tests.stages.ingest.ingesting import PEOPLE, people, rows, schema, start


def test_cells_become_what_their_column_is_declared_to_be(tmp_path: Path) -> None:
    begun = people(tmp_path)
    snapshot = ingest(begun)
    table = rows(begun, snapshot)
    assert table.drop_columns(["keepfit_row", "keepfit_features", "keepfit_test"]).to_pydict() == {
        "id": [1, 2, 3, 5],
        "age": [31, 44, None, 17],
        "city": ["北京", "上海", "北京", "上海"],
        "paid": [12.5, None, 1000, 0],
        "since": [datetime(2024, 1, 2), None, datetime(2024, 3, 4, 5, 6, 7), datetime(2024, 5, 6, 5, 8, 9)],
        "vip": [True, False, None, False],
        "plan": ["1", "0", "1", "0"],
    }
    assert snapshot.without_target == 1
    assert snapshot.unreadable == {"age": 1, "since": 1, "vip": 1}
    assert snapshot.classes == ("0", "1")
    types = {column["name"]: (column["type"], column["kind"]) for column in schema(begun, snapshot)["columns"]}
    assert types["age"] == ("double", "number")
    assert types["since"] == ("timestamp[us]", "datetime")
    assert types["plan"] == ("string", None)
    assert types["id"] == ("double", None)


@pytest.mark.parametrize(
    "dates",
    [["31.12.2023", "01.02.2024"], ["12/31/2023", "02/01/2024"], ["31/12/2023", "01/02/2024"], ["20231231", "20240201"],
     ["Dec 31, 2023", "Feb 01, 2024"], ["2023-12-31 00:00", "2024-02-01 00:00"]],
)  # fmt: skip
def test_dates_are_read_in_the_format_that_fits_them_all(tmp_path: Path, dates: list[str]) -> None:
    (tmp_path / "d.csv").write_text("when;y\n" + "".join(f"{d};{i}\n" for i, d in enumerate(dates)))
    begun = start(tmp_path, {"path": "d.csv"}, {"when": "datetime"}, "y")
    assert rows(begun, ingest(begun))["when"].to_pylist() == [datetime(2023, 12, 31), datetime(2024, 2, 1)]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("a;y\n1,5;p\n1.234,25;q\n", [1.5, 1234.25]),
        ('a,y\n"$1,234.50",p\n$12,q\n', [1234.5, 12]),
        ("a,y\n3.5 %,p\n12 %,q\n", [3.5, 12]),
        ("a\ty\n1e-3\tp\n .5 \tq\ninf\tq\n", [0.001, 0.5, None]),
    ],
)
def test_numbers_as_people_write_them(tmp_path: Path, text: str, numbers: list[float]) -> None:
    (tmp_path / "a.csv").write_text(text)
    begun = start(tmp_path, {"path": "a.csv"}, {"a": "number"}, "y")
    assert rows(begun, ingest(begun))["a"].to_pylist() == numbers


def test_a_number_means_the_same_in_any_batch() -> None:
    for last in ("12,5", "1.234,50"):
        cells = pa.array(["1.234", "999", last])
        numbers, bad = counted(lambda found: kind_of("number").read(found, form="1.234,56"), cells)
        assert (numbers.to_pylist()[:2], bad) == ([1234, 999], 0)


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_an_undeclared_column_keeps_every_cell_where_late_ones_are_no_numbers(tmp_path: Path, form: str) -> None:
    groups = [str(i) for i in range(12_000)] + ["A1000", "A1001"]
    if form == "csv":
        lines = ["g,a,y", *(f"{g},1,{i % 2}" for i, g in enumerate(groups))]
    else:
        cells = [int(g) if g.isdigit() else g for g in groups]
        lines = [json.dumps({"g": g, "a": 1, "y": i % 2}) for i, g in enumerate(cells)]
    (tmp_path / f"a.{form}").write_text("\n".join(lines) + "\n")
    begun = start(tmp_path, {"path": f"a.{form}"}, {"a": "number"}, "y")
    snapshot = ingest(begun)
    assert rows(begun, snapshot)["g"].to_pylist() == groups
    assert (snapshot.rows, schema(begun, snapshot)["columns"][0]["type"]) == (12_002, "string")


def test_an_undeclared_column_may_be_empty_in_the_first_parquet_part(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    for name, cells in (("a", pa.nulls(2)), ("b", pa.array(["x", None]))):
        pq.write_table(pa.table({"g": cells, "a": [1, 2], "y": ["p", "q"]}), tmp_path / f"parts/{name}.parquet")
    begun = start(tmp_path, {"path": "parts"}, {"a": "number"}, "y")
    assert rows(begun, ingest(begun))["g"].to_pylist() == [None, None, "x", None]


def test_an_undeclared_column_of_numbers_and_nan_may_be_text_in_a_later_part(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    for name, cells in (("a", pa.array([1.0, np.nan])), ("b", pa.array(["x", None]))):
        pq.write_table(pa.table({"g": cells, "a": [1, 2], "y": ["p", "q"]}), tmp_path / f"parts/{name}.parquet")
    begun = start(tmp_path, {"path": "parts"}, {"a": "number"}, "y")
    assert rows(begun, ingest(begun))["g"].to_pylist() == ["1", None, "x", None]


def test_markers_of_missing_values_count_in_every_format(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1, -999], "b": ["x", "leer"], "y": ["p", "q"]}), tmp_path / "a.parquet")
    (tmp_path / "a.csv").write_text("a,b,y\n1,x,p\n-999,leer,q\n")
    for name in ("a.parquet", "a.csv"):
        source = {"path": name, "missing": ["-999", "leer"]}
        begun = start(tmp_path, source, {"a": "number", "b": "category"}, "y")
        assert rows(begun, ingest(begun)).select(["a", "b"]).to_pydict() == {"a": [1, None], "b": ["x", None]}


@pytest.mark.parametrize("written", ["-999", "-999.0", " -9.99e2"])
def test_a_number_that_means_missing_does_so_however_it_is_written(tmp_path: Path, written: str) -> None:
    begun = people(tmp_path, PEOPLE.replace(",12.5,", f",{written},"), missing=["-999", "?"])
    assert rows(begun, ingest(begun))["paid"].to_pylist()[:3] == [None, None, 1000]
