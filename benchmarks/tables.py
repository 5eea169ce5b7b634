"""Ingest, validate and preprocess a CSV beside one hand-written polars script: `python benchmarks/tables.py`.

Both read the same CSV, type it, make the same 45 checks, fit the same figures and write the same Parquet; row ids, the
quarantine and the choice of rows by content are on our side only. Each side runs in a process of its own, in turns;
CPU seconds (user and system) and peak memory are the system's figures for that process, start-up included.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from keepfit.store import files

LIMIT_RATIO, LIMIT_MB = 1.9, 2_000
CHUNK = 500_000
NUMBERS = [f"n{i}" for i in range(12)]
CATEGORIES = {"c0": 3, "c1": 30, "c2": 300, "c3": 3_000, "c4": 30_000}
CLASSES = ["high", "low", "middle"]


def chunk(rows: int, seed: int) -> pl.DataFrame:
    """12 numbers (four with missing cells, three whole, one with outliers), 5 categories, a flag, a moment, a class."""
    draw = np.random.default_rng(seed)
    normal = draw.normal(size=(rows, 9)).round(4)
    normal[draw.random(rows) < 0.002, 0] *= 1000
    columns: dict[str, Any] = {f"n{i}": pl.Series(normal[:, i]) for i in range(9)}
    for i in range(4):
        columns[f"n{i}"] = columns[f"n{i}"].set(pl.Series(draw.random(rows) < 0.02), None)
    columns |= {f"n{9 + i}": draw.integers(0, 10 ** (i + 2), rows) for i in range(3)}
    for name, size in CATEGORIES.items():
        columns[name] = np.char.add("v", (draw.random(rows) ** 2 * size).astype(int).astype(str))
    columns["flag"] = draw.random(rows) < 0.3
    columns["moment"] = draw.integers(1_600_000_000, 1_700_000_000, rows)
    columns["answer"] = np.array(CLASSES)[(draw.random(rows) ** 2 * 3).astype(int)]
    return pl.DataFrame(columns).with_columns(pl.from_epoch("moment"))


def write_csv(path: Path, rows: int) -> None:
    """The same bytes every time."""
    with path.open("wb") as file:
        for start in range(0, rows, CHUNK):
            frame = chunk(min(CHUNK, rows - start), seed=start)
            frame.write_csv(file, include_header=start == 0, datetime_format="%Y-%m-%d %H:%M:%S")


def expectations(rows: int) -> list[dict[str, Any]]:
    """45 checks; `tables_polars.py` makes the same ones."""
    column = "expect_column_values_to"
    made = [
        *((f"{column}_be_between", {"column": n, "min_value": -50, "max_value": 20_000}) for n in NUMBERS),
        *((f"{column}_not_be_null", {"column": n}) for n in [*NUMBERS[4:], *CATEGORIES, "flag", "moment", "answer"]),
        *(
            ("expect_column_value_lengths_to_be_between", {"column": c, "min_value": 1, "max_value": 9})
            for c in CATEGORIES
        ),
        (f"{column}_be_in_set", {"column": "c0", "value_set": ["v0", "v1", "v2"]}),
        (f"{column}_be_in_set", {"column": "c1", "value_set": [f"v{i}" for i in range(30)]}),
        (f"{column}_be_in_set", {"column": "answer", "value_set": CLASSES}),
        *(("expect_column_mean_to_be_between", {"column": n, "min_value": -5, "max_value": 5}) for n in NUMBERS[:4]),
        *(
            ("expect_column_max_to_be_between", {"column": n, "min_value": 1, "max_value": 20_000})
            for n in NUMBERS[4:6]
        ),
        ("expect_column_min_to_be_between", {"column": "n6", "min_value": -50, "max_value": 0}),
        *(("expect_column_distinct_values_to_be_in_set", {"column": "answer", "value_set": CLASSES}) for _ in range(1)),
        ("expect_table_row_count_to_be_between", {"min_value": rows // 2}),
    ]
    return [{"type": kind, "kwargs": kwargs, "severity": "warning"} for kind, kwargs in made]


def write_pipeline(folder: Path, rows: int) -> None:
    """The YAMLs for our side (JSON is YAML)."""
    kinds = dict.fromkeys(NUMBERS, "number") | dict.fromkeys(CATEGORIES, "category")
    files.write_json(folder / "expectations.yaml", {"expectations": expectations(rows)})
    pipeline = {
        "name": "tables",
        "source": {"path": "rows.csv"},
        "target": "answer",
        "features": kinds | {"flag": "boolean", "moment": "datetime"},
        "validation": {"expectations": "expectations.yaml"},
        "model": {"family": "mlp"},
    }
    files.write_json(folder / "pipeline.yaml", pipeline)


def ours(folder: Path) -> None:
    """The first three stages, from nothing."""
    from keepfit.config import load
    from keepfit.stages.ingest import ingest
    from keepfit.stages.preprocessing import preprocess
    from keepfit.stages.validation import validate
    from keepfit.store.run import start

    run = start(load(folder / "pipeline.yaml"))
    preprocess(run, validate(run, ingest(run)))
    for name, entry in run.record().stages.items():
        print(f"    {name}: {entry.cpu_seconds} CPU s", flush=True)


def measured(*arguments: str) -> tuple[float, float]:
    """CPU seconds and peak megabytes of one process."""
    child = os.spawnv(os.P_NOWAIT, sys.executable, [sys.executable, *arguments])
    _, status, usage = os.wait4(child, 0)
    if status:
        raise SystemExit(f"{' '.join(arguments)} failed")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def compare(folder: Path, rows: int, times: int) -> None:
    """Both sides in turns; prints the ratio of the medians."""
    write_csv(folder / "rows.csv", rows)
    write_pipeline(folder, rows)
    print(f"{rows:,} rows, {(folder / 'rows.csv').stat().st_size / 1e6:,.0f} MB of CSV")
    script = Path(__file__).with_name("tables_polars.py")
    figures: dict[str, list[tuple[float, float]]] = {"polars": [], "keepfit": []}
    for _ in range(times):
        figures["polars"].append(measured(str(script), str(folder)))
        files.remove(folder / ".keepfit")
        figures["keepfit"].append(measured(__file__, "--ours", str(folder)))
    for side, measures in figures.items():
        cpu = ", ".join(f"{seconds:.1f}" for seconds, _ in measures)
        print(f"{side:8} {cpu} CPU s, {max(peak for _, peak in measures):,.0f} MB")
    ratio = statistics.median(s for s, _ in figures["keepfit"]) / statistics.median(s for s, _ in figures["polars"])
    peak = max(p for _, p in figures["keepfit"])
    print(f"ratio {ratio:.2f} (at most {LIMIT_RATIO}), peak {peak:,.0f} MB (at most {LIMIT_MB:,})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="rows of the CSV")
    parser.add_argument("--times", type=int, default=2, help="turns of each side")
    parser.add_argument("--ours", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.ours:
        ours(given.ours)
        return
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), given.rows, given.times)


if __name__ == "__main__":
    main()
