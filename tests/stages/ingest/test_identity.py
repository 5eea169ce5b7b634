"""Who a row is, over runs whose columns and features change."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow.parquet as pq

from keepfit.store.store import Store
from tests.refusing import go
from tests.store.test_kill import small


def test_a_new_column_that_nobody_uses_trains_nothing_anew(tmp_path: Path) -> None:
    pipeline = small(tmp_path)
    assert go(pipeline) == 0
    lines = (tmp_path / "breast_cancer.csv").read_text().splitlines()
    (tmp_path / "breast_cancer.csv").write_text(
        "\n".join(f"{line},{'extra' if n == 0 else n}" for n, line in enumerate(lines)) + "\n"
    )
    assert go(pipeline) == 0
    record = next(iter(Store(tmp_path / ".keepfit").records))
    assert record.stages["preprocess"].reused is False
    assert record.stages["train"].reused is True
    assert record.verdict is not None
    assert record.verdict.reason == "nothing_new"


def test_what_a_champion_of_other_features_has_learned_from_is_still_known(tmp_path: Path) -> None:
    pipeline = small(tmp_path)
    text = pipeline.read_text()
    few = re.sub(r"  (?!mean).*: number\n", "", text)
    assert few != text
    pipeline.write_text(few)
    assert go(pipeline) == 0
    pipeline.write_text(text)
    assert go(pipeline) == 0
    record = next(iter(Store(tmp_path / ".keepfit").records))
    compared = json.loads((tmp_path / f".keepfit/runs/{record.run}/compared.json").read_text())
    prepared = next(m for m in (tmp_path / ".keepfit/stages/preprocess").glob("*/manifest.json")
                    if json.loads(m.read_text())["key"] == record.stages["preprocess"].key)  # fmt: skip
    tested = pq.read_table(prepared.parent / "test_raw").num_rows
    # other features are another split, so that most of its test rows were the champion's to learn from
    assert compared["seen_by_champion"] > tested / 2
    assert compared["seen_by_champion"] + compared["paired"]["rows"] == tested
