"""Yes and no mean the same from every source: what Parquet and JSON call true is 1 in a database and a spreadsheet."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from keepfit.data.cells import categories
from keepfit.drafting import draft
from keepfit.features.lookup import kind_of
from keepfit.stages.ingest import ingest
from keepfit.stages.validation import validate
from tests.stages.ingest.ingesting import rows, start

LABELS = [n % 3 == 0 for n in range(60)]
PAID = [n % 4 == 1 for n in range(60)]
KINDS = {"x": "number", "paid": "category", "vip": "boolean", "owes": "number"}


def _written(folder: Path, form: str) -> dict[str, object]:
    """The same table in one form; what `source` says of it."""
    truths = {"x": [float(n) for n in range(60)], "paid": PAID, "vip": PAID, "owes": PAID, "churned": LABELS}
    whole = {name: [int(cell) for cell in cells] for name, cells in truths.items()}
    said = {"numbers.csv": whole, "words.csv": {"x": whole["x"], **{n: c for n, c in truths.items() if n != "x"}}}
    if form.endswith("csv"):
        table = said[form]
        lines = [",".join(table), *(",".join(map(str, cells)) for cells in zip(*table.values(), strict=True))]
        (folder / form).write_text("\n".join(lines))
    elif form.endswith("parquet"):
        pq.write_table(pa.table(truths), folder / form)
    elif form.endswith("json"):
        table = whole if form == "numbers.json" else truths
        (folder / form).write_text(
            json.dumps([dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)])
        )
    else:
        with sqlite3.connect(folder / form) as base:
            base.execute(f"CREATE TABLE t ({', '.join(f'{name} BOOLEAN' for name in truths)})")
            base.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", zip(*truths.values(), strict=True))
        return {"sql": "SELECT * FROM t", "database": f"sqlite:///{folder / form}"}
    return {"path": form}


def _ingested(folder: Path, form: str) -> pa.Table:
    folder.mkdir()
    begun = start(folder, _written(folder, form), KINDS, "churned")
    table = rows(begun, ingest(begun))
    return table.take(pa.compute.sort_indices(table["x"]))


@pytest.mark.parametrize("form", ["words.csv", "bools.parquet", "words.json", "numbers.json", "base.db"])
def test_yes_and_no_are_the_same_rows_from_every_source(tmp_path: Path, form: str) -> None:
    expected, found = _ingested(tmp_path / "a", "numbers.csv"), _ingested(tmp_path / "b", form)
    assert found["churned"].to_pylist() == ["1" if label else "0" for label in LABELS]
    assert found.equals(expected)  # the ids too, by which the split is drawn


@pytest.mark.parametrize("kind", ["category", "boolean", "number"])
def test_a_kind_reads_yes_and_no_alike_however_they_are_written(kind: str) -> None:
    read = kind_of(kind).read
    as_bools = read(pa.array([True, False, None]))
    for cells in (pa.array([1, 0, None]), pa.array([1.0, 0.0, None]), pa.array(["True", " FALSE ", None])):
        assert read(cells).to_pylist() == as_bools.to_pylist()
    assert categories(pa.array(["true", "maybe", "0"])).to_pylist() == ["1", "maybe", "0"]


@pytest.mark.parametrize("values", [["false", "true"], [False, True], ["0", "1"], [0, 1]])
def test_a_suite_may_call_yes_and_no_as_any_source_does(tmp_path: Path, values: list[object]) -> None:
    suite = [
        {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": name, "value_set": values}}
        for name in ("paid", "churned")
    ]
    (tmp_path / "suite.json").write_text(json.dumps({"expectations": suite}))
    begun = start(
        tmp_path, _written(tmp_path, "bools.parquet"), KINDS, "churned", validation={"expectations": "suite.json"}
    )
    assert validate(begun, ingest(begun)).quarantined == 0


def test_columns_of_true_and_false_are_drafted_as_booleans(tmp_path: Path) -> None:
    for form in ("words.csv", "bools.parquet", "words.json"):
        _written(tmp_path, form)
        made = draft(tmp_path / form, "churned", folder=tmp_path, force=True)
        assert "paid: boolean  # true or false" in made.pipeline.read_text()
        assert 'value_set: ["0", "1"]' in made.expectations.read_text().replace('"value_set"', "value_set")
