"""A small table of people in a pipeline of its own, and what became of it, for the tests of ingest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from keepfit import config
from keepfit.store import run
from keepfit.store.artifacts import Snapshot

PEOPLE = """id,age,city,paid,since,vip,plan
1,31,北京,12.5,2024-01-02,yes,1.0
2, 44 ,上海,,2024-02-30,no,0
3,unknown, 北京 ,1e3,2024-03-04 05:06:07,maybe,1
4,?,NA,-7,,Y,
5,17,上海,0,2024-05-06T07:08:09+02:00,FALSE,0
"""
KINDS = {"age": "number", "city": "category", "paid": "number", "since": "datetime", "vip": "boolean"}


def start(folder: Path, source: dict[str, Any], features: dict[str, str], target: str, **sections: Any) -> run.Run:
    """A run of a pipeline whose YAML is written into `folder`."""
    family = "cnn" if "image" in features.values() else "mlp"
    sections = {"validation": {"max_bad_share": 1}, **sections}  # of five rows a single odd cell is a fifth
    whole = {"name": "people", "source": source, "target": target, "features": features, **sections}
    text = yaml.safe_dump({**whole, "model": {"family": family}}, allow_unicode=True)
    (folder / "pipeline.yaml").write_text(text, encoding="utf-8")
    return run.start(config.load(folder / "pipeline.yaml"))


def people(folder: Path, text: str = PEOPLE, **source: Any) -> run.Run:
    (folder / "people.csv").write_text(text, encoding="utf-8")
    return start(folder, {"path": "people.csv", **source}, KINDS, "plan")


def rows(begun: run.Run, snapshot: Snapshot) -> pa.Table:
    return pq.read_table(begun.store / snapshot.path / "rows")


def schema(begun: run.Run, snapshot: Snapshot) -> dict[str, Any]:
    return json.loads((begun.store / snapshot.path / "schema.json").read_text())  # type: ignore[no-any-return]
