"""The exported bundle: complete, equal to torch, alone, and the same again."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from keepfit.features.lookup import read_transform
from keepfit.models.architecture import load as load_model
from keepfit.problems.classification.answer import ANSWER
from keepfit.serving.bundle.feeds import Blocks
from keepfit.serving.bundle.model import open_bundle
from keepfit.serving.bundle.seal import seal
from keepfit.stages.export.core import IR, refuse_frozen
from keepfit.stages.export.golden import edge_rows
from keepfit.stages.export.isolation import isolate
from keepfit.stages.export.parity import TOLERANCE, judge, tensors
from keepfit.store.files import read_json, sha256
from tests import ROOT
from tests.stages.export import exporting
from tests.stages.export.exporting import Exported

BOTH = pytest.mark.parametrize("made", [exporting.table, exporting.pictures])
FILES = {
    "model.onnx", "model.safetensors", "architecture.json", "answer.json", "schema.json", "transform.json",
    "golden.npz", "metrics.json", "data.json", "train_rows.parquet", "card.md", "manifest.json",
}  # fmt: skip


@BOTH
def test_passes_its_checks_and_holds_every_file(made):
    exported = made()
    assert exported.bundle.passed, exported.bundle.failure
    assert exported.bundle.parity < 1e-5
    assert {path.name for path in exported.folder.iterdir()} == FILES
    measured = read_json(exported.run.store / f"{exported.bundle.path}/beside/isolation.json")
    assert set(measured["latency_milliseconds"]) == {"1", "2", "7", "200"}
    assert measured["memory_megabytes"] < 500


@BOTH
def test_says_on_the_test_rows_what_evaluate_judged(made):
    exported = made()
    found = open_bundle(exported.folder).answers(exported.raw())
    np.testing.assert_allclose(found, exported.judged(), atol=1e-5)
    assert (found.argmax(axis=1) == exported.judged().argmax(axis=1)).all()


def test_takes_raw_columns_one_by_one():
    graph = onnx.load(exporting.table().folder / "model.onnx")
    shapes = {i.name: [d.dim_param or d.dim_value for d in i.type.tensor_type.shape.dim] for i in graph.graph.input}
    kinds = {i.name: i.type.tensor_type.elem_type for i in graph.graph.input}
    assert all(shape == ["rows"] for shape in shapes.values())
    schema = read_json(exporting.table().folder / "schema.json")
    inputs = {column["name"]: column["input"] for column in schema["inputs"]}
    assert list(inputs) == list(exporting.FEATURES)
    assert list(inputs.values()) == list(shapes) == [f"column_{place}" for place in range(len(inputs))]
    assert kinds[inputs["医院"]] == TensorProto.STRING
    assert kinds[inputs["seen"]] == TensorProto.DOUBLE
    assert graph.ir_version <= IR


@BOTH
def test_the_graph_holds_nothing_of_where_it_was_made(made):
    content = (made().folder / "model.onnx").read_bytes()
    assert b".py" not in content
    assert str(Path.home()).encode() not in content


def test_another_process_exports_the_same_bytes(tmp_path):
    exported = exporting.pictures()
    outputs = exporting.without_export(exported, tmp_path / "again")
    command = [sys.executable, "-m", "tests.stages.export.exporting", str(outputs)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == exported.bundle.id
    (again,) = (tmp_path / "again/.keepfit/stages/export").glob("*/bundle")
    assert {p.name: p.read_bytes() for p in again.iterdir()} == {
        p.name: p.read_bytes() for p in exported.folder.iterdir()
    }


def test_a_failed_check_is_told_and_the_bundle_kept(tmp_path):
    outputs = exporting.without_export(exporting.pictures(), tmp_path / "again")
    (raw,) = (outputs.parent / ".keepfit" / exporting.pictures().prepared.path).glob("test_raw/*.parquet")
    rows = pq.read_table(raw)
    pq.write_table(rows.take(pa.array(range(len(rows))[::-1])), raw)
    bundle = exporting.export_again(outputs)
    assert not bundle.passed
    assert "Parity failed" in bundle.failure
    assert "another prediction" in bundle.failure
    assert open_bundle(outputs.parent / ".keepfit" / bundle.folder).id == bundle.id


NUMBERS = st.floats(width=64) | st.floats(-1e3, 1e3)
WORDS = st.text(max_size=20) | st.sampled_from(["北京", "early", "", "true", "false"])


@given(rows=st.lists(st.tuples(NUMBERS, NUMBERS, WORDS, WORDS, WORDS), min_size=1, max_size=9))
@settings(deadline=None, max_examples=60)
def test_any_cells_get_the_probabilities_that_torch_gives(rows):
    exported = exporting.table()
    bundle, transform = open_bundle(exported.folder), read_transform(exported.folder)
    numbers = iter([[row[0] for row in rows], [row[1] for row in rows]] * 4)
    words = iter([[row[i] for row in rows] for i in (2, 3, 4)] * 2)
    arrays: Blocks = {
        column["input"]: np.array(next(numbers)) if column["type"] == "double" else np.array(next(words), dtype=object)
        for column in bundle.columns
    }
    expected = _torch(exported, tensors(arrays, bundle.columns, transform))
    assert judge(expected, bundle.ask(arrays), ANSWER, {}).failure == ""


@BOTH
def test_edge_rows_get_probabilities(made):
    exported = made()
    bundle = open_bundle(exported.folder)
    found = bundle.ask(edge_rows(bundle.columns, read_transform(exported.folder)))
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)


@given(data=st.data())
@settings(deadline=None, max_examples=20)
def test_a_row_gets_its_answer_whatever_rows_stand_beside_it(data):
    exported = exporting.table()
    rows = data.draw(st.lists(st.integers(0, exported.evaluated.rows - 1), min_size=1, max_size=300))
    found = open_bundle(exported.folder).answers(exported.raw().take(pa.array(rows)))
    np.testing.assert_allclose(found, exported.judged()[rows], atol=1e-5)


def test_golden_rows_are_read_without_pickle_by_the_runtime_alone():
    folder = exporting.table().folder
    golden = np.load(folder / "golden.npz", allow_pickle=False)
    session = onnxruntime.InferenceSession(folder / "model.onnx")
    rows = {i.name: golden[f"input:{i.name}"] for i in session.get_inputs()}
    fed = {name: values.astype(object) if values.dtype.kind == "U" else values for name, values in rows.items()}
    label, found = session.run(["label", "probabilities"], fed)
    np.testing.assert_allclose(found, golden["output:probabilities"], atol=1e-6)
    assert set(label) <= {"benign", "malignant"}


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=30))
def test_parity_finds_flips_but_not_ties(first):
    expected = np.array([[p, 1 - p] for p in first], dtype=np.float32)
    swapped = judge(expected, expected[:, ::-1], ANSWER, {})
    assert swapped.flips == sum(abs(2 * p - 1) > TOLERANCE for p in first)
    assert bool(swapped.failure) == (swapped.flips > 0)
    assert judge(expected, expected + np.float32(1e-6), ANSWER, {}).failure == ""


def test_parity_refuses_what_is_no_number():
    expected = np.array([[0.5, 0.5], [0.1, 0.9]], dtype=np.float32)
    found = np.array([[0.5, 0.5], [math.nan, 0.9]], dtype=np.float32)
    assert "1 of 2 rows" in judge(expected, found, ANSWER, {}).failure


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    shutil.copytree(exporting.pictures().folder, tmp_path / "bundle")
    return tmp_path / "bundle"


def test_isolation_finds_a_torn_file(copied):
    content = (copied / "model.safetensors").read_bytes()
    (copied / "model.safetensors").write_bytes(content[:-1])
    assert "model.safetensors is not what the manifest says" in isolate(copied).failure


def test_isolation_finds_a_shifted_weight(copied):
    graph = onnx.load(copied / "model.onnx")
    weight = next(w for w in graph.graph.initializer if w.data_type == TensorProto.FLOAT and math.prod(w.dims) > 100)
    weight.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weight) + 0.1, weight.name))
    onnx.save(graph, copied / "model.onnx")
    seal(copied)
    assert "other probabilities in a batch of 1" in isolate(copied).failure


def test_a_graph_with_a_fixed_number_of_rows_is_refused():
    value = helper.make_tensor_value_info("numbers", TensorProto.DOUBLE, [2, 3])
    graph = helper.make_graph([helper.make_node("Identity", ["numbers"], ["out"])], "fixed", [value], [])
    with pytest.raises(RuntimeError, match="fixed the number of rows of numbers"):
        refuse_frozen(helper.make_model(graph))


def test_the_card_names_every_input_and_figure():
    exported = exporting.table()
    card = (exported.folder / "card.md").read_text(encoding="utf-8")
    assert all(name in card for name in [*exporting.FEATURES, *exported.evaluated.metrics, "benign", "malignant"])


def test_the_code_on_the_card_runs(monkeypatch):
    exported = exporting.table()
    monkeypatch.chdir(exported.folder)
    code = Path("card.md").read_text(encoding="utf-8").split("```python")[1].split("```")[0]
    scope: dict[str, object] = {}
    exec(code, scope)
    assert np.shape(scope["probabilities"]) == (2, 2)


def test_data_json_tells_the_source_file_by_its_hash():
    exported = exporting.table()
    data = json.loads((exported.folder / "data.json").read_text())
    source = exported.run.config.folder / "rows.csv"
    assert data["files"] == [{"bytes": source.stat().st_size, "sha256": sha256(source)}]
    assert data["rows"]["test"] == exported.prepared.test


def _torch(exported: Exported, inputs: dict[str, torch.Tensor]) -> np.ndarray:
    return load_model(exported.run.store / exported.trained.path).answer(inputs)
