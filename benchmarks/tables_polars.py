"""The baseline of `tables.py`: what one would write by hand, in polars alone. `python tables_polars.py FOLDER`.

The CSV is typed and written as Parquet once, checked in one streaming pass, fitted on the train rows, and written as
three parts of codes and numbers plus the test rows as they came.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import polars as pl

NUMBERS = [f"n{i}" for i in range(12)]
CATEGORIES = ["c0", "c1", "c2", "c3", "c4"]
CLASSES = ["high", "low", "middle"]
TYPES = {
    **dict.fromkeys(NUMBERS, pl.Float64),
    **dict.fromkeys(CATEGORIES, pl.String),
    "flag": pl.Boolean,
    "moment": pl.Datetime("us"),
    "answer": pl.String,
}
SAMPLE = 400_000


def typed(folder: Path) -> pl.LazyFrame:
    """The CSV as typed Parquet, each row with a number below 100 that decides its part."""
    part = (pl.col("row").hash(0) % 100).cast(pl.UInt8).alias("part")
    rows = pl.scan_csv(folder / "rows.csv", schema=TYPES).with_row_index("row").with_columns(part).drop("row")
    rows.sink_parquet(folder / "typed.parquet", compression="zstd", compression_level=1)
    return pl.scan_parquet(folder / "typed.parquet")


def checks() -> list[pl.Expr]:
    """45 counts and figures."""
    number, null = pl.col, (lambda name: pl.col(name).is_null().sum().alias(f"{name} null"))
    return [
        *((~number(n).is_between(-50, 20_000)).sum().alias(f"{n} outside") for n in NUMBERS),
        *(null(name) for name in [*NUMBERS[4:], *CATEGORIES, "flag", "moment", "answer"]),
        *((~pl.col(c).str.len_chars().is_between(1, 9)).sum().alias(f"{c} length") for c in CATEGORIES),
        (~pl.col("c0").is_in(["v0", "v1", "v2"])).sum().alias("c0 set"),
        (~pl.col("c1").is_in([f"v{i}" for i in range(30)])).sum().alias("c1 set"),
        (~pl.col("answer").is_in(CLASSES)).sum().alias("answer set"),
        *(pl.col(n).mean().alias(f"{n} mean") for n in NUMBERS[:4]),
        *(pl.col(n).max().alias(f"{n} highest") for n in NUMBERS[4:6]),
        pl.col("n6").min().alias("n6 lowest"),
        pl.col("answer").n_unique().alias("answer distinct"),
        pl.len().alias("rows"),
    ]


def fit(train: pl.LazyFrame, rows: int) -> dict[str, pl.DataFrame]:
    """Moments of all train rows, quantiles of a sample, counts of the categories."""
    times = [*NUMBERS, "moment"]
    figures = [
        f(pl.col(n)).alias(f"{n} {f.__name__}") for n in times for f in (pl.Expr.min, pl.Expr.max, pl.Expr.null_count)
    ]
    figures += [f(pl.col(n)).alias(f"{n} {f.__name__}") for n in NUMBERS for f in (pl.Expr.mean, pl.Expr.std)]
    sample = train.select(times).gather_every(max(1, rows // SAMPLE)).collect(engine="streaming")
    steps = [i / 1000 for i in range(1001)]
    counts = {c: train.group_by(c).len().collect(engine="streaming") for c in CATEGORIES}
    return {
        "figures": train.select(figures).collect(engine="streaming"),
        "quantiles": sample.select(pl.col(n).cast(pl.Float64).quantile(steps, "linear") for n in times),
        **{c: table.filter(pl.col("len") >= 3).sort("len", c, descending=[True, False]) for c, table in counts.items()},
    }


def write(folder: Path, rows: pl.LazyFrame, fitted: dict[str, pl.DataFrame]) -> None:
    """Codes by Enum (as `replace` takes three times the memory), numbers as they are."""
    codes = [
        pl.col(c).cast(pl.Enum(fitted[c][c].drop_nulls().to_list()), strict=False).to_physical().cast(pl.Int32) + 2
        for c in CATEGORIES
    ]
    label = pl.col("answer").cast(pl.Enum(CLASSES)).to_physical().cast(pl.Int32)
    coded = [*NUMBERS, pl.col("moment").dt.epoch("us") / 1e6, *codes, pl.col("flag").cast(pl.Int32) + 2, label]
    parts = {
        "test": pl.col("part") < 20,
        "validation": pl.col("part").is_between(20, 34),
        "train": pl.col("part") >= 35,
    }
    for name, chosen in parts.items():
        rows.filter(chosen).select(coded).sink_parquet(
            folder / f"{name}.parquet", compression="zstd", compression_level=1
        )
    rows.filter(parts["test"]).sink_parquet(folder / "test_raw.parquet", compression="zstd", compression_level=1)


def main() -> None:
    folder = Path(sys.argv[1])
    rows = typed(folder)
    result = rows.select(checks()).collect(engine="streaming")
    assert result.width == 45
    (folder / "checks.json").write_text(json.dumps(result.to_dicts()[0]))
    fitted = fit(rows.filter(pl.col("part") >= 35), int(result["rows"][0]))
    write(folder, rows, fitted)


if __name__ == "__main__":
    main()
