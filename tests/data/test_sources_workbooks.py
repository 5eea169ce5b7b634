"""Workbooks as others' programs write them: houses.xls by xlwt 1.3, .xlsm by openpyxl 3.1, .xlsb by pyxlsbwriter 0.1.

24 rows of a date, a number, a text, yes and no and a class, below a header; an empty cell, and one that says N/A.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from keepfit import config
from keepfit.drafting import draft
from keepfit.stages.ingest import ingest
from keepfit.store import run
from tests.data.test_sources_forms import opened
from tests.stages.ingest.ingesting import rows

MADE = Path(__file__).parent / "made_by_others"


@pytest.mark.parametrize("ending", ["xls", "xlsm", "xlsb"])
def test_each_kind_of_workbook_is_read_as_it_was_written(tmp_path: Path, ending: str) -> None:
    (tmp_path / f"houses.{ending}").write_bytes((MADE / f"houses.{ending}").read_bytes())
    found = opened(tmp_path / f"houses.{ending}", target="grade")
    assert found.columns == ("born", "area", "kind", "paid", "grade")
    said = " ".join(draft(tmp_path / f"houses.{ending}", "grade", folder=tmp_path).said)
    assert ('the sheet "Houses" is read, the others are not: Notes' in said) == (ending != "xlsb")
    pipeline = config.load(tmp_path / "pipeline.yaml")
    assert {name: feature.kind for name, feature in pipeline.features.items()} == {
        "born": "datetime", "area": "number", "kind": "category", "paid": "boolean",
    }  # fmt: skip
    begun = run.start(pipeline)
    assert rows(begun, ingest(begun)).drop_columns(["keepfit_row", "keepfit_features", "keepfit_test"]).to_pylist() == [
        {
            "born": datetime(2024, 1 + n % 12, 1 + n),
            "area": None if n == 4 else n * 1.25,
            "kind": None if n == 5 else ["flat", "häusl", "北京"][n % 3],
            "paid": bool(n % 2),
            "grade": ["low", "high"][n % 4 // 2],
        }
        for n in range(24)
    ]
