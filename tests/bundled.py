"""Small real bundles for tests of the release: logistic models of the carried table, sealed as export seals them."""

from __future__ import annotations

import hashlib

import numpy as np
import onnx
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from onnx import TensorProto, helper, numpy_helper
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from keepfit.data.transform import Transform
from keepfit.problems.classification import Target
from keepfit.serving.bundle.model import open_bundle
from keepfit.serving.bundle.seal import answers_of, seal
from keepfit.store.artifacts import Bundle, Evaluated, Interval, Prepared
from keepfit.store.files import write_json
from keepfit.store.store import Store
from tests import ROOT

CARRIED = ROOT / "data" / "breast_cancer"
CLASSES = ("benign", "malignant")
TRAIN = 319
GOOD = ("worst_radius", "worst_texture", "worst_concave_points", "mean_concavity")
FAIR = ("mean_radius", "mean_smoothness")


def rows() -> pa.Table:
    """The carried table with a row id each: the first TRAIN rows to learn from, the other 250 to judge by."""
    table = pyarrow.csv.read_csv(CARRIED / "breast_cancer.csv")
    ids = [hashlib.blake2b(str(n).encode(), digest_size=16).digest() for n in range(len(table))]
    return table.append_column("keepfit_row", pa.array(ids, pa.binary()))


def prepared(store: Store) -> Prepared:
    """The judging rows, as preprocess leaves them."""
    folder = store / "stages/preprocess/rows/test_raw"
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows().slice(TRAIN), folder / "part-00000.parquet")
    return Prepared(
        path="stages/preprocess/rows",
        digest="p",
        train=TRAIN,
        validation=0,
        test=250,
        repeated=0,
        source="s",
        judged="rows",
        learned="shards",
    )


def bundle(
    store: Store, name: str, columns: tuple[str, ...] = GOOD, *, strength: float = 1.0, **other: object
) -> Bundle:
    """A logistic model of the named columns; `strength` is scikit-learn's C."""
    learn = rows().slice(0, TRAIN)
    folder = store / f"stages/export/{name}/bundle"
    folder.mkdir(parents=True)
    onnx.save(_graph(learn, columns, strength), folder / "model.onnx")
    inputs = [{"name": c, "input": c, "kind": "number"} for c in columns]
    write_json(folder / "schema.json", {"format": 1, "classes": list(other.get("classes", CLASSES)), "inputs": inputs})
    fitted = Transform(target=Target(name="diagnosis", problem="classification", classes=CLASSES), features=())
    write_json(folder / "transform.json", fitted.model_dump(mode="json", serialize_as_any=True))
    ids = sorted(learn["keepfit_row"].to_pylist())
    pq.write_table(pa.table({"keepfit_row": pa.array(ids, pa.binary(16))}), folder / "train_rows.parquet")
    id = seal(folder)
    return Bundle(
        path=f"stages/export/{name}", digest=id, id=id, answers=answers_of(folder), bytes=1, parity=0.0, passed=True
    )


def _graph(learn: pa.Table, columns: tuple[str, ...], strength: float) -> onnx.ModelProto:
    """Columns [N] float64 → probabilities [N, 2] float32."""
    values = np.stack([learn[c].to_numpy() for c in columns], axis=1)
    scaler = StandardScaler().fit(values)
    fitted = LogisticRegression(C=strength).fit(scaler.transform(values), learn["diagnosis"].to_numpy())
    slope = fitted.coef_[0] / scaler.scale_
    start = fitted.intercept_[0] - slope @ scaler.mean_
    weights = np.stack([-slope / 2, slope / 2], axis=1).astype(np.float64)
    constants = {"axis": np.array([1]), "w": weights, "b": np.array([-start / 2, start / 2])}
    nodes = [helper.make_node("Unsqueeze", [c, "axis"], [f"{c}_2"]) for c in columns]
    nodes += [
        helper.make_node("Concat", [f"{c}_2" for c in columns], ["x"], axis=1),
        helper.make_node("MatMul", ["x", "w"], ["xw"]),
        helper.make_node("Add", ["xw", "b"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["wide"], axis=1),
        helper.make_node("Cast", ["wide"], ["probabilities"], to=TensorProto.FLOAT),
    ]
    given = [helper.make_tensor_value_info(c, TensorProto.DOUBLE, ["N"]) for c in columns]
    made = [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 2])]
    graph = helper.make_graph(
        nodes, "logistic", given, made, [numpy_helper.from_array(v, k) for k, v in constants.items()]
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def evaluated(store: Store, made: Bundle) -> Evaluated:
    """The accuracy of a bundle on the judging rows, with its normal interval."""
    judged = rows().slice(TRAIN)
    model = open_bundle(store / made.folder)
    right = model.answer.columns(model.answers(judged), model.schema)["prediction"] == judged["diagnosis"].to_numpy()
    share = float(right.mean())
    reach = 1.96 * float(np.sqrt(share * (1 - share) / len(right)))
    majority = float(np.mean(judged["diagnosis"].to_numpy() == "benign"))
    return Evaluated(
        path="stages/evaluate/none", digest=made.id, rows=len(right), metrics={"accuracy": share},
        intervals={"accuracy": Interval(value=share, low=share - reach, high=share + reach)},
        baselines={"trivial": {"accuracy": majority}, "classical": {"accuracy": 0.95}}, classical="trees",
    )  # fmt: skip
