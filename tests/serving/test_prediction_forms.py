"""Rows to predict come in the same forms as rows to learn from, and get the same answers in each."""

from __future__ import annotations

import bz2
import json
import lzma
import zipfile
from pathlib import Path

import polars as pl
import pytest

from keepfit.errors import DataError
from keepfit.serving.prediction import predict_file
from tests.data.workbooks import write_xlsx
from tests.stages.export import exporting


def test_every_form_gets_the_same_answers(tmp_path: Path) -> None:
    served = exporting.served(exporting.table(), tmp_path)
    raw = pl.from_arrow(exporting.table().raw()).drop("keepfit_row").head(40)
    rows = raw.with_columns(pl.col("seen").dt.strftime("%d.%m.%Y %H:%M"))  # as the model's source writes them
    text = rows.write_csv().encode()
    (tmp_path / "rows.csv").write_bytes(text)
    (tmp_path / "rows.csv.bz2").write_bytes(bz2.compress(text))
    (tmp_path / "rows.csv.xz").write_bytes(lzma.compress(text))
    (tmp_path / "array.json").write_text(json.dumps(rows.to_dicts(), default=str))
    (tmp_path / "columns.json").write_text(json.dumps(rows.to_dict(as_series=False), default=str))
    rows.write_ipc(tmp_path / "rows.feather")
    write_xlsx(tmp_path / "rows.xlsx", {"A": [rows.columns, *rows.rows()]})
    (tmp_path / "folder").mkdir()
    with zipfile.ZipFile(tmp_path / "rows.zip", "w") as archive:
        for part in range(4):
            content = rows.slice(part * 10, 10).write_csv().encode()
            archive.writestr(f"{part}.csv", content)
            (tmp_path / "folder" / f"{part}.csv").write_bytes(content)
    names = ("rows.csv.bz2", "rows.csv.xz", "array.json", "columns.json", "rows.feather", "rows.zip", "rows.xlsx")
    predict_file(served, tmp_path / "rows.csv", tmp_path / "expected.csv")
    for name in (*names, "folder"):
        predict_file(served, tmp_path / name, tmp_path / "found.csv")
        assert pl.read_csv(tmp_path / "found.csv").equals(pl.read_csv(tmp_path / "expected.csv")), name


@pytest.mark.parametrize("line", ["{", "[1]", '"x"', '{"a": "\\ud800"}', '{"a": ' + "9" * 5_000 + "}", "[" * 50_000])
def test_a_damaged_line_of_json_has_an_empty_line_and_is_named(tmp_path: Path, line: str) -> None:
    served = exporting.served(exporting.table(), tmp_path)
    lines = exporting.awkward().write_ndjson().splitlines()
    (tmp_path / "whole.jsonl").write_text("\n".join(lines))
    predict_file(served, tmp_path / "whole.jsonl", tmp_path / "whole.csv")
    (tmp_path / "rows.jsonl").write_text("\n".join([line, *lines, line]))
    said = str(predict_file(served, tmp_path / "rows.jsonl", tmp_path / "found.csv"))
    assert f"2 of {len(lines) + 2} rows could not be read (rows.jsonl, line 1: it " in said
    expected, found = pl.read_csv(tmp_path / "whole.csv"), pl.read_csv(tmp_path / "found.csv")
    assert found.slice(1, len(lines)).equals(expected)
    assert found[0].equals(found[-1])
    assert found[0].null_count().row(0) == (1,) * found.width


def test_lines_of_which_not_one_is_an_object_are_refused(tmp_path: Path) -> None:
    served = exporting.served(exporting.table(), tmp_path)
    (tmp_path / "rows.jsonl").write_text("?\n?\n")
    with pytest.raises(DataError, match=r"rows.jsonl, line 1: not one of its lines is an object"):
        predict_file(served, tmp_path / "rows.jsonl", tmp_path / "found.csv")
    assert not (tmp_path / "found.csv").exists()


def test_what_was_found_around_the_rows_is_told_at_predict_too(tmp_path: Path) -> None:
    served = exporting.served(exporting.table(), tmp_path)
    text = exporting.awkward().head(40).write_csv(separator=";")
    (tmp_path / "rows.csv").write_bytes(("Clinic Süd; as of May\n" + text + "Sum;40\n").encode("utf-16"))
    said = str(predict_file(served, tmp_path / "rows.csv", tmp_path / "found.csv"))
    assert "Predicted 40 rows" in said
    assert "Note: rows.csv is read as utf-16" in said
    assert 'Note: rows.csv: 1 line before the table was left out, the first says "Clinic Süd' in said
    assert 'Note: rows.csv: 1 line after the table was left out, the first says "Sum' in said


def test_rows_with_an_empty_line_are_named_beside_the_answers(tmp_path: Path) -> None:
    served = exporting.served(exporting.table(), tmp_path)
    lines = exporting.awkward().head(40).write_ndjson().splitlines()
    (tmp_path / "rows.jsonl").write_text("\n".join(["{", *lines, "[1]"]))
    said = str(predict_file(served, tmp_path / "rows.jsonl", tmp_path / "found.csv"))
    assert f"and {tmp_path / 'found.csv.unread.json'} names them." in said
    found = json.loads((tmp_path / "found.csv.unread.json").read_text())
    assert (found["rows"], found["unread"], found["share"]) == (42, 2, 2 / 42)
    assert [(one["row"], one["where"]) for one in found["where"]] == [
        (1, "rows.jsonl, line 1"),
        (42, "rows.jsonl, line 42"),
    ]
    assert found["where"][1]["reason"] == "it is not an object"
    empty = pl.read_csv(tmp_path / "found.csv")["prediction"].is_null()
    assert [row for row, is_empty in enumerate(empty, 1) if is_empty] == [one["row"] for one in found["where"]]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines))
    predict_file(served, tmp_path / "rows.jsonl", tmp_path / "found.csv")
    assert not (tmp_path / "found.csv.unread.json").exists()
