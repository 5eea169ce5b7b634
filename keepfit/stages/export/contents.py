"""What goes into a bundle. Only what is deterministic: two exports of one model are equal byte for byte."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from keepfit.config import Pipeline
from keepfit.data.identity import ROW
from keepfit.data.transform import Transform
from keepfit.errors import MachineError
from keepfit.features.lookup import kind_of, read_transform
from keepfit.models.architecture import REACH, load
from keepfit.problems.lookup import answer_of
from keepfit.serving.bundle.model import ServedModel
from keepfit.stages.export import stepping
from keepfit.stages.export.assembly import whole_graph
from keepfit.stages.export.card import card
from keepfit.stages.export.core import core_graph
from keepfit.stages.export.golden import write_golden
from keepfit.store import files
from keepfit.store.artifacts import Evaluated, Prepared, Trained
from keepfit.store.store import MANIFEST, Store

FORMAT = 1


def write(
    folder: Path, config: Pipeline, store: Store, trained: Trained, prepared: Prepared, evaluated: Evaluated
) -> None:
    """Every file of the bundle but the manifest."""
    source, data = store / trained.path, store / prepared.path
    transform = read_transform(data)
    snapshot = _snapshot(store, prepared.source)
    formats = {c["name"]: c["format"] for c in snapshot["columns"] if c.get("format")}
    schema = schema_of(config, transform, formats, files.read_json(store / evaluated.path / "metrics.json"))
    folder.mkdir(parents=True)
    for path in (
        source / "model.safetensors", source / "architecture.json", source / REACH, data / "transform.json",
        store / evaluated.path / "metrics.json",
    ):  # fmt: skip
        shutil.copyfile(path, folder / path.name)
    _write_rows(folder, data, source)
    files.write_json(folder / "schema.json", schema)
    files.write_json(folder / "data.json", _data(trained, prepared, snapshot["files"], _bins(data)))
    files.write_bytes(folder / "card.md", card(schema, trained, prepared, evaluated).encode())
    model = load(source)
    graph = whole_graph(core_graph(model, transform), schema, transform)
    files.write_bytes(folder / "model.onnx", graph.SerializeToString(deterministic=True))
    stepping.write(folder, model.net)
    write_golden(folder, ServedModel(folder, "", ""), data, transform)


def schema_of(
    config: Pipeline, transform: Transform, formats: dict[str, str], judged: dict[str, Any]
) -> dict[str, Any]:
    """What a caller must know of the graph: its inputs in order, what missing looks like, and what the answer is.

    `formats` tells how the cells of a column were written in the source; `judged` is metrics.json.
    """
    # By position: a name of the data may be one of the graph's own, or none that a graph can have.
    inputs = [
        {"input": f"column_{place}", "name": e.name, "kind": e.kind, **kind_of(e.kind).schema(e, formats.get(e.name))}
        | ({"columns": [*config.composed[e.name]]} if e.name in config.composed else {})
        for place, e in enumerate(transform.features)
    ]
    problem: dict[str, Any] = {"problem": transform.target.problem}
    target = transform.target.name
    written = {"target_format": formats[target]} if target in formats else {}  # as the truth of served rows will be
    if config.source.window is not None:
        problem["window"] = config.source.window.model_dump()
    if config.source.points is not None:
        problem["points"] = config.source.points.model_dump()
    return {
        "format": FORMAT, "name": config.name, "target": target, **written, **problem,
        **answer_of(problem).schema(transform.target, judged), "missing": config.source.missing, "inputs": inputs,
    }  # fmt: skip


def _write_rows(folder: Path, data: Path, trained: Path) -> None:
    """The ids that the model has seen, those that an earlier one had which it began with among them; sorted."""
    path = folder / "train_rows.parquet"
    shutil.copyfile(data / path.name, path)
    earlier = trained / "earlier_rows.parquet"
    if earlier.is_file():
        both = pa.concat_tables([pq.read_table(one).cast(pq.read_schema(path)) for one in (path, earlier)])
        pq.write_table(both.group_by(both.column_names).aggregate([]).sort_by(ROW), path)


def _snapshot(store: Store, digest: str) -> dict[str, Any]:
    """What the snapshot of this digest says of its columns and files."""
    for path in (store / "stages/ingest").glob(f"*/{MANIFEST}"):
        manifest = store.manifest("ingest", path.parent.name)  # a damaged one of another run is none of ours
        if manifest is not None and manifest.artifact.get("digest") == digest:
            schema: dict[str, Any] = files.read_json(path.with_name("schema.json"))
            return schema
    raise MachineError(
        "the snapshot that the model was trained on is gone.",
        todo="Run again: it is made anew from the source.",
        where=str(store / "stages/ingest"),
    )


def _bins(prepared: Path) -> dict[str, Any]:
    """Column → the train rows in each of its kind's bins."""
    columns = files.read_json(prepared / "profile.json")["columns"]
    return {column["name"]: column["bins"] for column in columns if "bins" in column}


def _data(trained: Trained, prepared: Prepared, sources: list[dict[str, Any]], bins: dict[str, Any]) -> dict[str, Any]:
    return {
        "files": sources,
        "snapshot": prepared.source,
        "prepared": prepared.digest,
        "trained": trained.digest,
        "rows": {"train": prepared.train, "validation": prepared.validation, "test": prepared.test},
        "bins": bins,
    }
