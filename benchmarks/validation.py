"""What checking wide tables costs: two expectations on each of 2,000 columns × 2,000 rows, beside 50 columns.

`python benchmarks/validation.py [--columns 2000] [--times 3]`. The baseline is the same stage over 50 columns, in
alternation: a cost that grows with the cells and no faster is the same for each expectation of a wide table.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from keepfit.config import Expectation
from keepfit.stages.validation.engine import Engine
from keepfit.stages.validation.quarantine import Failing
from keepfit.stages.validation.rows import opened

ROWS, NARROW = 2000, 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--columns", type=int, default=2000)
    parser.add_argument("--times", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        narrow, wide = _table(Path(folder), NARROW), _table(Path(folder), asked.columns)
        _seconds(narrow, NARROW)  # imports and first use
        times = [(_seconds(narrow, NARROW), _seconds(wide, asked.columns)) for _ in range(asked.times)]
    before, after = (statistics.median(column) for column in zip(*times, strict=True))
    each = before / (2 * NARROW), after / (2 * asked.columns)
    print(f"{NARROW} columns: {before:.2f} CPU s, {1000 * each[0]:.1f} ms an expectation")
    print(f"{asked.columns} columns: {after:.1f} CPU s, {1000 * each[1]:.1f} ms an expectation")
    print(f"ratio an expectation: {each[1] / each[0]:.2f}")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


def _table(folder: Path, columns: int) -> Path:
    draw = np.random.default_rng(0)
    frame = pl.DataFrame({f"x{place}": draw.normal(size=ROWS) for place in range(columns)})
    ids = pl.Series("keepfit_row", [n.to_bytes(16, "big") for n in range(ROWS)])
    path = folder / str(columns)
    path.mkdir()
    frame.with_columns(ids).write_parquet(path / "part-00000.parquet")
    return path


def _seconds(folder: Path, columns: int) -> float:
    """CPU seconds of checking, and of putting aside the few rows beyond 4.5 deviations."""
    suite = tuple(
        expectation
        for place in range(columns)
        for expectation in (
            Expectation(type="expect_column_values_to_not_be_null", kwargs={"column": f"x{place}"}),
            Expectation(
                type="expect_column_values_to_be_between",
                kwargs={"column": f"x{place}", "min_value": -4.5, "max_value": 4.5},
            ),
        )
    )
    began = time.process_time()
    with tempfile.TemporaryDirectory() as scratch, opened(folder, Path(scratch)) as rows:
        failing = Failing(rows)
        for one in Engine(rows, suite).check():
            if one.failing:
                failing.add(one.number, "", one.relation, one.failing)
        failing.write(Path(scratch) / "quarantine.parquet")
    return time.process_time() - began


if __name__ == "__main__":
    main()
