"""Whether two commits do the same: prepared shards, transforms, weights and answers, compared bit by bit.

`python benchmarks/same.py OLD [PIPELINE …]` runs each pipeline in a checkout of OLD and in this working tree,
each into a store of its own, and says of every part whether it is equal. It ends with code 1 where one is not. Without
names it takes every pipeline below data/ whose source is at hand (`KEEPFIT_DATA`).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors.numpy import load_file

ROOT = Path(__file__).parent.parent
RUN = "from keepfit.cli import main; main()"
OURS = ("keepfit_row",)
"""Ids may be made in another way; the rows they stand for and their order must not change."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("old")
    parser.add_argument("pipelines", nargs="*", default=[p.parent.name for p in ROOT.glob("data/*/pipeline.yaml")])
    asked = parser.parse_args()
    same = True
    with tempfile.TemporaryDirectory() as folder:
        old = Path(folder) / "old"
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", old, asked.old], cwd=ROOT, check=True)
        try:
            for name in sorted(asked.pipelines):
                stores = [_run(where, name, Path(folder) / side) for side, where in (("a", old), ("b", ROOT))]
                if None in stores:
                    print(f"{name}: its source is not at hand")
                    continue
                for part, equal in _compared(*(store for store in stores if store)):
                    print(f"{name}: {part} {'equal' if equal else 'DIFFERENT'}")
                    same &= equal
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", old], cwd=ROOT, check=True)
    sys.exit(0 if same else 1)


def _run(checkout: Path, name: str, folder: Path) -> Path | None:
    """The store of a run; None where the pipeline's source is not there."""
    store = folder / name
    folder.mkdir(exist_ok=True)
    text = (checkout / "data" / name / "pipeline.yaml").read_text()
    pipeline = checkout / "data" / name / "same.yaml"
    pipeline.write_text(f"{text}store: {store}\n")
    environment = {**os.environ, "PYTHONPATH": str(checkout), "PREFECT_HOME": str(folder / "prefect")}
    try:
        done = subprocess.run(
            [sys.executable, "-c", RUN, "run", pipeline], cwd=checkout, env=environment, capture_output=True, text=True
        )
    finally:
        pipeline.unlink()
    if done.returncode == 2:
        return None
    if done.returncode:
        sys.exit(done.stderr)
    return store


def _compared(old: Path, new: Path) -> Iterator[tuple[str, bool]]:
    before, after = (_only(store, "preprocess") for store in (old, new))
    for part in ("train", "validation", "test"):
        yield f"{part} shards", _same_rows(before / part, after / part)
    yield "transform.json", _transform(before) == _transform(after)
    weights = [load_file(_only(store, "train") / "model.safetensors") for store in (old, new)]
    yield "weights", _same_arrays(*weights)
    said = [pq.read_table(_only(store, "evaluate") / "predictions.parquet") for store in (old, new)]
    yield "answers of torch", _near(*said)
    golden = [np.load(_only(store, "export") / "bundle/golden.npz", allow_pickle=False) for store in (old, new)]
    yield "answers of the bundle", np.array_equal(*map(_answers, golden))


def _transform(prepared: Path) -> Any:
    """What transform.json holds, in the form that it has had since there is more than one problem."""
    content = json.loads((prepared / "transform.json").read_text())
    if "classes" in content:
        content["target"] = {"name": content["target"], "problem": "classification", "classes": content.pop("classes")}
    return {name: content[name] for name in ("target", "features")}


def _answers(golden: Any) -> np.ndarray:
    names = (name for name in ("output:probabilities", "probabilities", "output:prediction") if name in golden.files)
    return np.asarray(golden[next(names)])


def _only(store: Path, stage: str) -> Path:
    (found,) = (path for path in (store / "stages" / stage).iterdir() if path.suffix != ".part")
    return found


def _same_rows(old: Path, new: Path) -> bool:
    before, after = pq.read_table(old), pq.read_table(new)
    names = [name for name in before.column_names if name not in OURS]
    others = [name for name in after.column_names if name not in OURS]
    return sorted(names) == sorted(others) and all(before[name].equals(after[name]) for name in names)


def _near(old: pa.Table, new: pa.Table) -> bool:
    """Whether answers are equal but for float32's last digit: a mean may be taken in another order."""
    flat = ([np.ravel(np.array(table[name].to_pylist(), float)) for name in _answered(table)] for table in (old, new))
    return all(np.allclose(*pair, rtol=0, atol=1e-6) for pair in zip(*flat, strict=True))


def _answered(table: pa.Table) -> list[str]:
    return [name for name in table.column_names if name not in OURS]


def _same_arrays(old: dict[str, np.ndarray], new: dict[str, np.ndarray]) -> bool:
    """Whether the same arrays are there, whatever they are called."""
    return sorted(map(_bits, old.values())) == sorted(map(_bits, new.values()))


def _bits(array: np.ndarray) -> tuple[str, bytes]:
    return f"{array.shape} {array.dtype}", array.tobytes()


if __name__ == "__main__":
    main()
