"""Real exports for tests: the carried table with awkward columns, and the carried digits, through every stage but GX.

`python -m tests.stages.export.exporting OUTPUTS` exports once more, from outputs that `without_export` left,
and prints the id.
"""

from __future__ import annotations

import atexit
import json
import shutil
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from keepfit import config
from keepfit.config import Pipeline
from keepfit.serving.champion import Champion, point
from keepfit.stages.evaluation import evaluate
from keepfit.stages.export import export
from keepfit.stages.ingest import ingest
from keepfit.stages.preprocessing import preprocess
from keepfit.stages.training import train
from keepfit.store.artifacts import Bundle, Evaluated, Prepared, Snapshot, Trained, Validated
from keepfit.store.run import Run, start
from keepfit.store.store import Store
from tests import CARRIED

FEATURES = {
    "mean_radius": "number", "worst area 最大": "number", "label": "number", "stage": "category", "医院": "category",
    "smoker": "boolean", "seen": "datetime", "columns/0": "number", "columns/numbers": "number",
    "classes/index": "category", "Label": "number",
}  # fmt: skip


@dataclass(frozen=True)
class Exported:
    """One pipeline, all its outputs up to the bundle, and a store without a champion."""

    run: Run
    prepared: Prepared
    trained: Trained
    evaluated: Evaluated
    bundle: Bundle

    @property
    def config(self) -> Pipeline:
        return self.run.config

    @property
    def folder(self) -> Path:
        """The bundle's."""
        return self.run.store / self.bundle.folder

    @property
    def pipeline(self) -> Path:
        return self.config.file

    def raw(self) -> pa.Table:
        """The raw test rows."""
        return pq.read_table(self.run.store / f"{self.prepared.path}/test_raw")

    def judged(self) -> np.ndarray:
        """The probabilities [N, K] that evaluate got for them from torch."""
        table = pq.read_table(self.run.store / f"{self.evaluated.path}/predictions.parquet")
        return np.array(table["probabilities"].to_pylist(), dtype=np.float32)


@cache
def table() -> Exported:
    """Numbers, categories, a boolean and a date; gaps, odd cells, Chinese text, names of the graph's own parts."""
    folder = _folder()
    awkward().write_csv(folder / "rows.csv")
    features = "".join(f'  "{name}": {kind}\n' for name, kind in FEATURES.items())
    return _exported(folder, f"source: {{path: rows.csv}}\ntarget: diagnosis\nfeatures:\n{features}", "mlp")


@cache
def pictures() -> Exported:
    """The digits."""
    folder = _folder()
    shutil.copy(CARRIED / "digits/digits.zip", folder)
    return _exported(folder, "source: {path: digits.zip}\ntarget: digit\nfeatures: {image: image}\n", "cnn")


def awkward() -> pl.DataFrame:
    """The carried table, some features of it or made from it, as a person's file might have them."""
    rows = pl.read_csv(CARRIED / "breast_cancer/breast_cancer.csv")
    draw = np.random.default_rng(0)
    gaps = [pl.Series(draw.random(len(rows)) < 0.1) for _ in range(4)]
    area = pl.col("worst_area")
    return rows.select(
        pl.when(~gaps[0]).then(pl.col("mean_radius").cast(pl.String)).otherwise(pl.lit("?")).alias("mean_radius"),
        pl.when(~gaps[1]).then(area).alias("worst area 最大"),
        pl.col("mean_texture").alias("label"),
        pl.when(~gaps[2]).then(pl.when(area > 900).then(pl.lit(" late ")).otherwise(pl.lit("early"))).alias("stage"),
        pl.Series(
            "医院", draw.choice(["北京", "上海, 东", 'the "old" one', "rare"], len(rows), p=[0.5, 0.3, 0.199, 0.001])
        ),
        pl.when(~gaps[3]).then(pl.Series(draw.choice(["yes", "no"], len(rows)))).alias("smoker"),
        pl.Series("seen", draw.integers(0, 10**9, len(rows))).cast(pl.Datetime("ms")).dt.strftime("%d.%m.%Y %H:%M"),
        pl.col("mean_area").alias("columns/0"),
        pl.col("mean_smoothness").alias("columns/numbers"),
        pl.Series("classes/index", draw.choice(["x", "y"], len(rows))),
        pl.col("mean_symmetry").alias("Label"),
        pl.lit("not a feature").alias("extra"),
        pl.col("diagnosis"),
    )


def without_export(made: Exported, folder: Path) -> Path:
    """Everything of a pipeline but its export, in a new folder; gives the file that `export_again` takes."""
    shutil.copytree(made.pipeline.parent, folder, ignore=shutil.ignore_patterns("export"))
    outputs = {name: getattr(made, name).model_dump(mode="json") for name in ("trained", "prepared", "evaluated")}
    (folder / "outputs.json").write_text(json.dumps(outputs))
    return folder / "outputs.json"


def export_again(outputs: Path) -> Bundle:
    """The export stage over what `without_export` left."""
    found = json.loads(outputs.read_text())
    run = start(config.load(outputs.with_name("pipeline.yaml")))
    return export(run, Trained(**found["trained"]), Prepared(**found["prepared"]), Evaluated(**found["evaluated"]))


def served(made: Exported, folder: Path) -> Pipeline:
    """A pipeline in a new folder that has the bundle in service as version 7, and nothing else."""
    shutil.copytree(made.folder, folder / ".keepfit" / made.bundle.folder)
    shutil.copy(made.pipeline, folder)
    found = config.load(folder / "pipeline.yaml")
    champion = Champion(made.bundle.id, made.bundle.folder, "7", "2025-01-01T00:00:00+00:00", {})
    point(Store(folder / ".keepfit"), champion)
    return found


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="keepfit-export-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _exported(folder: Path, text: str, family: str) -> Exported:
    yaml = folder / "pipeline.yaml"
    yaml.write_text(f"name: exported\n{text}model: {{family: {family}}}\ntraining: {{epochs: 3}}\n", encoding="utf-8")
    run = start(config.load(yaml))
    prepared = preprocess(run, _validated(run, ingest(run)))
    trained = train(run, prepared.learnable)
    evaluated = evaluate(run, trained, prepared)
    return Exported(run, prepared, trained, evaluated, export(run, trained, prepared, evaluated))


def _validated(run: Run, snapshot: Snapshot) -> Validated:
    """Every row passed."""
    folder = run.store.begin("validate", "all", resume=False)
    rows = pq.read_table(run.store / f"{snapshot.path}/rows").slice(0, 0)
    pq.write_table(rows.append_column("failed", pa.array([], pa.list_(pa.string()))), folder / "quarantine.parquet")
    passed = Validated(snapshot=snapshot.path, rows=snapshot.rows, quarantined=0, expectations=0, failed=())
    return run.store.finish("validate", "all", {}, passed)


if __name__ == "__main__":
    print(export_again(Path(sys.argv[1])).id)
