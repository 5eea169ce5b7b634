"""A small table of people as a snapshot, and a suite to check it with, for the tests of validation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import yaml

from keepfit import config
from keepfit.store import run
from keepfit.store.artifacts import Snapshot, Validated

PEOPLE = pl.DataFrame(
    {
        "age": [30.0, -5.0, None, 40.0, 999.0, 51.0, 28.0, 33.0],
        "城市": ["北京", "上海", "北京", None, "x%'y", "上海", "北京", "北京"],
        "vip": [True, False, None, True, True, False, True, True],
        "photo": [b"\xff", b"\x00", None, b"a", b"b", b"c", b"d", b"e"],
        "paid": ["1", "0", "1", "0", "1", "0", "1", "0"],
    }
)
AGE = "age: values to be between (min_value 0, max_value 120)"
CITY = "城市: values to be in set (value_set 北京, 上海)"
ADULTS = {"column": "age", "min_value": 0, "max_value": 120}


def expect(kind: str, severity: str = "critical", **kwargs: Any) -> dict[str, Any]:
    return {"type": f"expect_{kind}", "kwargs": kwargs, "severity": severity}


def begin(folder: Path, frame: pl.DataFrame, suite: list[Any], **validation: Any) -> tuple[run.Run, Snapshot]:
    """A run over a snapshot of `frame`, in two files, and over a suite as it stands in YAML."""
    pipeline = {
        "name": "people", "source": {"path": "people.csv"}, "target": "paid", "features": {"age": "number"},
        "model": {"family": "mlp"}, "validation": {"expectations": "expectations.yaml", **validation},
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pipeline.yaml").write_text(yaml.safe_dump(pipeline), encoding="utf-8")
    (folder / "expectations.yaml").write_text(yaml.safe_dump({"expectations": suite}, sort_keys=False), "utf-8")
    started = run.start(config.load(folder / "pipeline.yaml"))
    rows = started.store / "stages/ingest/key/rows"
    rows.mkdir(parents=True, exist_ok=True)
    ids = pl.Series([n.to_bytes(16, "big") for n in range(len(frame))], dtype=pl.Binary)
    whole = frame.with_columns(
        keepfit_row=ids, keepfit_features=pl.int_range(len(frame), dtype=pl.UInt64), keepfit_test=pl.lit(False)
    )
    whole[: len(frame) // 2].write_parquet(rows / "part-00000.parquet")
    whole[len(frame) // 2 :].write_parquet(rows / "part-00001.parquet", row_group_size=max(3, len(frame) // 4))
    return started, Snapshot(
        path="stages/ingest/key", digest="1", rows=len(frame), test_rows=0, without_target=0, unread=0,
        duplicates=0, shared=0, unreadable={}, classes=("0", "1"),
    )  # fmt: skip


def quarantine(started: run.Run, validated: Validated) -> dict[int, list[str]]:
    """Row number, from 0 → the expectations it failed."""
    table = pl.read_parquet(started.store / validated.path / "quarantine.parquet")
    return {
        int.from_bytes(row, "big"): failed for row, failed in table.select("keepfit_row", "keepfit_failed").iter_rows()
    }
