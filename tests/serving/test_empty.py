"""No row, one row, one column: alike in every format, in predict and in a run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

from keepfit.config import Pipeline
from keepfit.errors import DataError
from keepfit.serving.prediction import predict_file
from keepfit.stages.ingest import ingest
from tests.stages.export import exporting
from tests.stages.ingest.ingesting import start

Write = Callable[[pl.DataFrame, Path], object]


def write_feather(rows: pl.DataFrame, path: Path) -> None:
    table = rows.to_arrow()
    with pa.ipc.new_file(path, table.schema) as file:
        file.write_table(table)


WRITES: dict[str, Write] = {
    "csv": lambda rows, path: rows.write_csv(path),
    "parquet": lambda rows, path: rows.write_parquet(path),
    "jsonl": lambda rows, path: rows.write_ndjson(path),
    "json": lambda rows, path: path.write_text(json.dumps(rows.to_dicts())),
    "feather": write_feather,
}
every_format = pytest.mark.parametrize("form", WRITES)


@pytest.fixture
def served(tmp_path: Path) -> Pipeline:
    return exporting.served(exporting.table(), tmp_path)


def written(served: Pipeline, folder: Path, form: str, rows: pl.DataFrame) -> tuple[str, pl.DataFrame]:
    WRITES[form](rows, folder / f"rows.{form}")
    said = str(predict_file(served, folder / f"rows.{form}", folder / "out.parquet"))
    predict_file(served, folder / f"rows.{form}", folder / "out.csv")
    found, text = pl.read_parquet(folder / "out.parquet"), pl.read_csv(folder / "out.csv")
    assert (text.columns, len(text)) == (found.columns, len(found))
    return said, found


@every_format
def test_no_row_gives_no_line_and_a_whole_file(served: Pipeline, tmp_path: Path, form: str) -> None:
    said, found = written(served, tmp_path, form, exporting.awkward().head(0))
    assert said.startswith("Predicted 0 rows")
    _, some = written(served, tmp_path, form, exporting.awkward().head(2))
    assert (len(found), found.schema) == (0, some.schema)


@every_format
def test_one_row_gives_one_line(served: Pipeline, tmp_path: Path, form: str) -> None:
    assert len(written(served, tmp_path, form, exporting.awkward().head(1))[1]) == 1


@pytest.mark.parametrize("out", ["out.csv", "out.parquet"])
def test_a_folder_without_pictures_gives_no_line(tmp_path: Path, out: str) -> None:
    pictured = exporting.served(exporting.pictures(), tmp_path)
    (tmp_path / "inbox").mkdir()
    assert "Predicted 0 rows" in str(predict_file(pictured, tmp_path / "inbox", tmp_path / out))
    found = pl.read_csv(tmp_path / out) if out.endswith("csv") else pl.read_parquet(tmp_path / out)
    assert (len(found), found.columns[:2]) == (0, ["file", "prediction"])


@every_format
@pytest.mark.parametrize("count", [0, 1])
def test_a_run_says_that_there_is_no_row_or_one_class(tmp_path: Path, form: str, count: int) -> None:
    WRITES[form](pl.DataFrame({"a": [1.0], "b": ["x"], "y": ["k"]}).head(count), tmp_path / f"rows.{form}")
    begun = start(tmp_path, {"path": f"rows.{form}"}, {"a": "number", "b": "category"}, "y")
    with pytest.raises(DataError, match=["there is no row", 'same target|"k"|one class'][count]):
        ingest(begun)


@every_format
def test_a_month_without_rows_stops_nothing(tmp_path: Path, form: str) -> None:
    rows = pl.DataFrame({"a": [1.0, 2.0] * 20, "b": ["x", "z"] * 20, "y": ["k", "m"] * 20})
    WRITES[form](rows, tmp_path / f"2.{form}")
    for name in ("1", "3"):
        WRITES[form](rows.head(0), tmp_path / f"{name}.{form}")
    begun = start(tmp_path, {"path": f"*.{form}"}, {"a": "number", "b": "category"}, "y")
    assert ingest(begun).rows == 40


@pytest.mark.parametrize(
    "parts",
    [
        {
            "n": [[1, 2], [1.0, 2.5], ["1", "2"]],
            "c": [["1", "2"], [1, 2], [1.0, 2.0]],
            "y": [["0", "1"], [0, 1], [0, 1]],
        },
        {
            "n": [["1", "2"], [1, None], [None, 2.5]],
            "c": [[1, 2], ["2", "1"], [None, None]],
            "y": [[0, 1], ["0", "1"], [0.0, 1.0]],
        },
    ],
)
def test_types_that_differ_between_parts_are_read_by_the_declared_kind(tmp_path: Path, parts: dict) -> None:
    for number in range(3):
        cells = {name: columns[number] for name, columns in parts.items()}
        unused = [[{"x": 1}], ["text"], [7]][number] * 2
        pq.write_table(pa.table({**cells, "unused": unused}), tmp_path / f"{number}.parquet")
    begun = start(tmp_path, {"path": "*.parquet"}, {"n": "number", "c": "category"}, "y")
    snapshot = ingest(begun)
    assert (snapshot.rows, snapshot.classes, snapshot.unreadable) == (6, ("0", "1"), {})
    stored = pq.read_table(begun.store / snapshot.path / "rows")
    assert set(stored["c"].to_pylist()) <= {"1", "2", None}
