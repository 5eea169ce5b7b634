"""Snapshots, validated or not, written by hand, so that preprocessing is tested without the stages before it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from keepfit.config import Pipeline
from keepfit.store import files
from keepfit.store.artifacts import Snapshot, Validated
from keepfit.store.run import Run, start


def pipeline(folder: Path, features: dict[str, Any], target: str = "answer", **sections: Any) -> Pipeline:
    family = "cnn" if "image" in features.values() or "size" in str(features) else "mlp"
    config = Pipeline(
        name="by-hand",
        source={"path": "none.csv"},
        target=target,
        features=features,
        **{"model": {"family": family}, **sections},
    )
    config._file = folder / "pipeline.yaml"
    return config


def with_ids(table: pa.Table, target: str = "answer", tested: list[bool] | None = None) -> pa.Table:
    """The three columns that ingest adds: a row id with its occurrence, the features' hash, the publisher's test."""
    rows = [tuple(row.values()) for row in table.to_pylist()]
    features = [tuple(row.values()) for row in table.drop_columns([target]).to_pylist()]
    seen: dict[Any, int] = {}
    ids = []
    for row in rows:
        seen[row] = seen.get(row, -1) + 1
        ids.append(hashlib.blake2b(repr((row, seen[row])).encode(), digest_size=16).digest())
    hashes = [int.from_bytes(hashlib.blake2b(repr(f).encode(), digest_size=8).digest(), "little") for f in features]
    added = {
        "keepfit_row": pa.array(ids, pa.binary()),
        "keepfit_features": pa.array(hashes, pa.uint64()),
        "keepfit_test": pa.array(tested or [False] * len(rows)),
    }
    for name, column in added.items():
        table = table.append_column(name, column)
    return table


def validated(
    config: Pipeline,
    table: pa.Table,
    quarantined: Sequence[int] = (),
    pixels: list[int] | None = None,
    group: int = 100_000,
) -> tuple[Run, Validated]:
    """A run whose store holds `table` as a snapshot, with some of its rows in quarantine."""
    run = start(config)
    folder = run.store.begin("ingest", "k", resume=False)
    columns = [
        {
            "name": n,
            "type": str(table.schema.field(n).type),
            "kind": _kind(config, n),
            "pixels": _pixels(config, n, pixels),
        }
        for n in table.column_names
        if not n.startswith("keepfit_")
    ]
    files.write_json(
        folder / "schema.json", {"columns": columns, "target": config.target, "files": [], "dialect": None}
    )
    (folder / "rows").mkdir()
    pq.write_table(table, folder / "rows" / "part-00000.parquet", row_group_size=group)
    classes = tuple(sorted({one for one in table[config.target].to_pylist() if isinstance(one, str)}))
    figures = Snapshot(
        rows=len(table), test_rows=0, without_target=0, unread=0, duplicates=0, shared=0, unreadable={}, classes=classes
    )
    snapshot = run.store.finish("ingest", "k", {}, figures)
    folder = run.store.begin("validate", "k", resume=False)
    bad = table.take(pa.array(list(quarantined), pa.int64()))
    bad = bad.append_column("failed", pa.array([["not liked"]] * len(bad), pa.list_(pa.string())))
    pq.write_table(bad, folder / "quarantine.parquet")
    passed = Validated(
        snapshot=snapshot.path, rows=len(table) - len(bad), quarantined=len(bad), expectations=0, failed=()
    )
    return run, run.store.finish("validate", "k", {}, passed)


def _kind(config: Pipeline, name: str) -> str | None:
    return config.features[name].kind if name in config.features else None


def _pixels(config: Pipeline, name: str, pixels: list[int] | None) -> list[int] | None:
    return pixels if _kind(config, name) == "image" else None
