"""Learnable folders for tests of the train stage alone: the shards that preprocessing writes, from arrays."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from keepfit import config
from keepfit.store.artifacts import Learnable
from keepfit.store.run import Run, start

Array = NDArray[Any]


def table(folder: Path, training: str = "", model: str = "{family: mlp}") -> tuple[Run, Learnable]:
    """The breast cancer table, prepared in a store in `folder`, and a run whose YAML has these sections."""
    from sklearn.datasets import load_breast_cancer  # not at the top: a process that only trains need not pay for it

    rows, labels = load_breast_cancer(return_X_y=True)
    features = [number(f"x{i}", i, column) for i, column in enumerate(rows.T)]
    prepared = prepare(folder, rows.astype("<f8"), labels, features, "numbers")
    return run(folder, training, model, "x0: number"), prepared


def pictures(folder: Path, training: str = "", model: str = "{family: cnn}") -> tuple[Run, Learnable]:
    """The 8×8 digits, likewise."""
    from sklearn.datasets import load_digits

    rows, labels = load_digits(return_X_y=True)
    images = np.round(rows * 255 / 16).astype("u1").reshape(-1, 8, 8, 1)
    prepared = prepare(folder, images, labels, [picture(images)], "image")
    return run(folder, training, model, "image: image"), prepared


def bright_sides(folder: Path, training: str, axis: int) -> tuple[Run, Learnable]:
    """Noise in colours, of which one half is lighter: the class is which one, down (axis 0) or across (1)."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 400)
    images = random.normal(110, 30, (400, 8, 8, 3))
    light = np.zeros((2, 8, 8, 1))
    light[0].swapaxes(0, axis)[:4] = light[1].swapaxes(0, axis)[4:] = 40
    images = (images + light[labels]).clip(0, 255).astype("u1")
    prepared = prepare(folder, images, labels, [picture(images)], "image")
    return run(folder, training, "{family: cnn, width: 8}", "image: image"), prepared


def quantity(folder: Path, training: str = "", model: str = "{family: mlp}") -> tuple[Run, Learnable]:
    """The diabetes table, likewise."""
    from sklearn.datasets import load_diabetes

    rows, labels = load_diabetes(return_X_y=True)
    features = [number(f"x{i}", i, column) for i, column in enumerate(rows.T)]
    figures = {"mean": labels.mean(), "std": labels.std(), "low": labels.min(), "high": labels.max()}
    target = {"name": "y", "problem": "regression", **figures}
    prepared = prepare(folder, rows.astype("<f8"), labels, features, "numbers", target)
    return run(folder, training, model, "x0: number", "regression"), prepared


def alike(
    folder: Path, training: str = "", model: str = "{family: retrieval, candidates: 200}"
) -> tuple[Run, Learnable]:
    """The diabetes table, answered by the rows most alike."""
    return quantity(folder, training, model)


def made(folder: Path, training: str = "", model: str = "{family: gan}") -> tuple[Run, Learnable]:
    """The same rows, as such of which new ones are made."""
    return described(folder, training, model, "synthesis")


def described(
    folder: Path, training: str = "", model: str = "{family: vae}", problem: str = "reconstruction"
) -> tuple[Run, Learnable]:
    """The breast cancer table without its labels, as rows that are described, likewise."""
    from sklearn.datasets import load_breast_cancer

    rows = load_breast_cancer().data
    features = [number(f"x{i}", i, column) for i, column in enumerate(rows.T)]
    columns = [{"name": f["name"], "kind": "number", "shape": [], "how": {"mean": 0, "std": 1}} for f in features]
    target = {"name": "whole_row", "problem": problem, "columns": columns, "code": 5}
    labels = np.zeros(len(rows), np.uint8)
    prepared = prepare(folder, rows.astype("<f8"), labels, features, "numbers", target)
    return run(folder, training, model, "x0: number", problem), prepared


def run(folder: Path, training: str, model: str, feature: str, problem: str = "classification") -> Run:
    """A run of a pipeline with these sections."""
    target = "" if problem in ("reconstruction", "synthesis") else "target: y\n"
    text = f"name: test\nsource: {{path: none.csv}}\n{target}features: {{{feature}}}\nmodel: {model}\n"
    text += f"problem: {problem}\n"
    (folder / "pipeline.yaml").write_text(text + (f"training: {training}\n" if training else ""))
    return start(config.load(folder / "pipeline.yaml"))


def number(name: str, slot: int, column: Array) -> dict[str, Any]:
    """A number's entry in transform.json."""
    return {
        "name": name, "kind": "number", "slot": slot, "missing": 0, "distinct": None, "scale": "standard",
        "mean": column.mean(), "std": column.std(), "min": column.min(), "max": column.max(),
        "quantiles": np.quantile(column, np.linspace(0, 1, 101)).tolist(),
        "distinct_quantiles": np.quantile(np.unique(column), np.linspace(0, 1, 65)).tolist(),
    }  # fmt: skip


def picture(images: Array) -> dict[str, Any]:
    """A picture's entry in transform.json."""
    share = images / 255
    mean, std = share.mean((0, 1, 2)).tolist(), share.std((0, 1, 2)).tolist()
    size, channels = list(images.shape[1:3]), images.shape[3]
    found = {"size": size, "channels": channels, "pixels": None, "resample": "bilinear", "mean": mean, "std": std}
    return {"name": "image", "kind": "image", "slot": 0, **found}


def prepare(
    folder: Path,
    values: Array,
    labels: Array,
    features: list[dict[str, Any]],
    column: str,
    target: dict[str, Any] | None = None,
) -> Learnable:
    """Three parts, 60, 20 and 20 %, of shuffled rows; without a target the labels are classes."""
    classes = [str(c) for c in np.unique(labels)]
    target = target or {"name": "y", "problem": "classification", "classes": classes}
    root = folder / ".keepfit" / "prepared"
    root.mkdir(parents=True)
    (root / "transform.json").write_text(json.dumps({"format": 2, "target": target, "features": features}))
    order = np.random.default_rng(0).permutation(len(labels))
    cuts = np.split(order, [int(0.6 * len(order)), int(0.8 * len(order))])
    for part, rows in zip(("train", "validation", "test"), cuts, strict=True):
        _shard(root / part, values[rows], labels[rows], rows, column)
    prepared = Learnable(path="prepared", digest="0", train=len(cuts[0]))
    (root / "manifest").write_text(prepared.model_dump_json())
    return prepared


def _shard(folder: Path, values: Array, labels: Array, rows: Array, column: str) -> None:
    ids = [int(row).to_bytes(16, "big") for row in rows]
    cells = [row.tobytes() for row in values]
    columns = {
        "keepfit_row": pa.array(ids, pa.binary(16)),
        "label": pa.array(labels, {"i": pa.int32(), "u": pa.uint8()}.get(labels.dtype.kind, pa.float64())),
        column: pa.array(cells, pa.binary(len(cells[0]))),
    }
    folder.mkdir()
    pq.write_table(pa.table(columns), folder / "part-00000.parquet", write_page_checksum=True)


def _again(folder: Path) -> None:
    """Train in a folder that `table` or `pictures` made, telling every event: what a test kills."""
    from keepfit.stages.training import train
    from keepfit.store.events import watching

    root = folder / ".keepfit" / "prepared"
    with watching(lambda event: print(event.stage, event.what, event.message, flush=True)):
        train(
            start(config.load(folder / "pipeline.yaml")), Learnable.model_validate_json((root / "manifest").read_text())
        )


if __name__ == "__main__":
    _again(Path(sys.argv[1]))
