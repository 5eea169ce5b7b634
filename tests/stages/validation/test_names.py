"""Columns of any name and of any number: each is checked by itself, and none costs more for the others."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter

import polars as pl

from keepfit.config import Expectation
from keepfit.stages.validation import validate
from keepfit.stages.validation.rows import opened
from tests.stages.validation.validating import begin, expect, quarantine

ALIKE = ["Age", "age", "AGE", "é", "e\u0301", "É", 'q"uo"te', "new\nline", "it's", "[/b]", "a.b", "a:b",
         "%s {x}", "keepfit_c0", "failed", "number", "failing", "name", "rows_1", "keepfit_failing", "columns/0", " ",
         "城市"]  # fmt: skip


def test_whatever_the_columns_are_called_each_is_checked_by_itself(tmp_path):
    columns = {name: [float(place + row) for row in range(4)] for place, name in enumerate(ALIKE)}
    suite = [expect("column_values_to_be_between", "warning", column=name, max_value=place + 2)
             for place, name in enumerate(ALIKE)]  # fmt: skip
    suite += [
        expect("column_pair_values_a_to_be_greater_than_b", "info", column_A="Age", column_B="age"),
        expect(
            "column_values_to_be_between", "warning", column="number", row_condition='col("failed") < 16', max_value=0
        ),
        expect("table_columns_to_match_ordered_list", column_list=[*ALIKE, "paid"]),
        expect("table_columns_to_match_set", "info", column_set=["Age", "keepfit_c1"]),
        expect("column_to_exist", "warning", column="keepfit_c3"),
    ]
    frame = pl.DataFrame(columns).with_columns(paid=pl.Series(["0", "1", "0", "1"]))
    started, snapshot = begin(tmp_path, frame, suite, stop=False)
    validated = validate(started, snapshot)
    texts = [f"{name}: values to be between (max_value {place + 2})" for place, name in enumerate(ALIKE)]
    put_aside = quarantine(started, validated)
    assert put_aside[3][: len(ALIKE)] == texts
    assert sorted(put_aside) == [0, 1, 3]  # the two others by the condition
    table = pl.read_parquet(started.store / validated.path / "quarantine.parquet")
    assert table.columns[: len(ALIKE)] == ALIKE
    assert table.row(2)[: len(ALIKE)] == frame.row(3)[: len(ALIKE)]
    checks = json.loads((started.store / validated.path / "checks.json").read_text())
    assert [check["passed"] for check in checks[-3:]] == [True, False, False]
    assert checks[-3]["observed"] == [*ALIKE, "paid"]
    results = (started.store / validated.path / "beside/gx.json").read_text()
    assert [
        one["expectation_config"]["kwargs"]["column"] for one in json.loads(results)["results"][: len(ALIKE)]
    ] == ALIKE
    assert {*re.findall(r"keepfit_c\d+", results)} == {"keepfit_c0", "keepfit_c1", "keepfit_c3"}  # asked for by name


def test_work_grows_with_the_columns_and_not_with_their_square(tmp_path):
    """Counted in calls, which load does not change: before, 400 columns took over ten times as many a column as 50."""
    from keepfit.stages.validation.engine import Engine

    calls = Counter()
    for columns in (60, 180):
        folder = tmp_path / str(columns)
        folder.mkdir()
        frame = pl.DataFrame({f"x{n}": [1.0, 2.0] for n in range(columns)}).with_columns(keepfit_row=pl.lit(b"a"))
        frame.write_parquet(folder / "part.parquet")
        suite = tuple(Expectation(type="expect_column_values_to_be_between", kwargs={"column": f"x{n}", "max_value": 9})
                      for n in range(columns))  # fmt: skip
        with opened(folder, folder) as rows:
            checked = Engine(rows, suite).check()
            sys.setprofile(lambda *_, columns=columns: calls.update([columns]))
            try:
                assert all(one.finding.passed for one in checked)
            finally:
                sys.setprofile(None)
    assert calls[180] < 1.2 * 3 * calls[60]
