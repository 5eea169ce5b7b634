"""Raw columns in, class names out: the graph around the core, built from the bundle's schema and the transform.

One rank-1 input a column: numbers and datetimes as double (NaN or infinite: missing; datetimes in epoch seconds),
booleans and categories as strings ("" missing), pictures as uint8 [N, H, W, C]. Out: `label`, `probabilities` [N, K].
"""

from __future__ import annotations

from typing import Any

import onnx
from onnx import TensorProto, helper
from onnx.compose import add_prefix, merge_models

from keepfit.export.core import IR, OPSET, strip

_OPSETS = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", 3)]
MISSING, UNKNOWN, FIRST = 0, 1, 2
"""Codes of a missing value, of one never or rarely seen in training, and of the vocabulary's first entry."""


def whole_graph(core: onnx.ModelProto, schema: dict[str, Any], transform: dict[str, Any]) -> onnx.ModelProto:
    """The core with its columns in front and the class names behind; checked, stripped, and equal for equal input."""
    fitted = {feature["name"]: feature for feature in transform["features"]}
    core = add_prefix(core, "core/")
    core.opset_import.append(_OPSETS[1])  # composing needs equal opsets on both sides
    front = _front([(column, fitted[column["name"]]) for column in schema["inputs"]])
    pairs = [(value.name, value.name.replace("columns/", "core/")) for value in front.graph.output]
    merged = merge_models(front, core, io_map=pairs)
    back = _back(schema["classes"])
    whole = merge_models(merged, back, io_map=[("core/probabilities", "classes/probabilities")])
    whole.graph.name = schema["name"]
    whole.producer_name, whole.producer_version = "keepfit", ""
    strip(whole)
    onnx.checker.check_model(whole, full_check=True)
    return whole


def _front(columns: list[tuple[dict[str, Any], dict[str, Any]]]) -> onnx.ModelProto:
    """The columns → `columns/numbers`, `columns/codes`, `columns/image`."""
    nodes, inputs = [], []
    stacked: dict[str, list[tuple[int, str]]] = {}
    for index, (column, feature) in enumerate(columns):
        name = column["input"]
        inputs.append(_input(column, feature))
        if feature["kind"] == "image":
            nodes.append(helper.make_node("Identity", [name], ["columns/image"]))
            continue
        tensor = "numbers"
        if feature["kind"] in ("category", "boolean"):
            nodes.append(_encoder(name, f"columns/code{index}", feature["vocabulary"]))
            name, tensor = f"columns/code{index}", "codes"
        nodes.append(helper.make_node("Unsqueeze", [name, "columns/axis"], [f"columns/{index}"]))
        stacked.setdefault(tensor, []).append((feature["slot"], f"columns/{index}"))
    for tensor, parts in stacked.items():
        ordered = [name for _, name in sorted(parts)]
        nodes += _stack(tensor, ordered)
    constants = [
        helper.make_tensor("columns/axis", TensorProto.INT64, [1], [1]),
        helper.make_tensor("columns/missing", TensorProto.DOUBLE, [], [float("nan")]),
    ]
    used = {name for node in nodes for name in node.input}
    return _model(nodes, inputs, _outputs(columns, stacked), [c for c in constants if c.name in used])


def _stack(tensor: str, columns: list[str]) -> list[onnx.NodeProto]:
    """Columns [N, 1] side by side; infinite numbers count as missing, as they do when rows are prepared."""
    if tensor == "codes":
        return [helper.make_node("Concat", columns, ["columns/codes"], axis=1)]
    return [
        helper.make_node("Concat", columns, ["columns/doubles"], axis=1),
        helper.make_node("IsInf", ["columns/doubles"], ["columns/infinite"]),
        helper.make_node("Where", ["columns/infinite", "columns/missing", "columns/doubles"], ["columns/numbers"]),
    ]


def _input(column: dict[str, Any], feature: dict[str, Any]) -> onnx.ValueInfoProto:
    if feature["kind"] == "image":
        return helper.make_tensor_value_info(column["input"], TensorProto.UINT8, _picture(feature))
    kind = TensorProto.DOUBLE if feature["kind"] in ("number", "datetime") else TensorProto.STRING
    return helper.make_tensor_value_info(column["input"], kind, ["rows"])


def _picture(feature: dict[str, Any]) -> list[str | int | None]:
    return ["rows", *feature["size"], feature["channels"]]


def _outputs(columns: list[Any], stacked: dict[str, list[Any]]) -> list[onnx.ValueInfoProto]:
    types = {"numbers": TensorProto.DOUBLE, "codes": TensorProto.INT64}
    found = [
        helper.make_tensor_value_info(f"columns/{tensor}", types[tensor], ["rows", len(parts)])
        for tensor, parts in sorted(stacked.items())
    ]
    pictures = [feature for _, feature in columns if feature["kind"] == "image"]
    return found + [
        helper.make_tensor_value_info("columns/image", TensorProto.UINT8, _picture(feature)) for feature in pictures
    ]


def _encoder(source: str, target: str, vocabulary: list[str]) -> onnx.NodeProto:
    return helper.make_node(
        "LabelEncoder", [source], [target], domain="ai.onnx.ml",
        keys_strings=["", *vocabulary],
        values_int64s=[MISSING, *range(FIRST, FIRST + len(vocabulary))],
        default_int64=UNKNOWN,
    )  # fmt: skip


def _back(classes: list[str]) -> onnx.ModelProto:
    """`classes/probabilities` → `probabilities` as it is, and `label`, the name of the most probable class."""
    source = "classes/probabilities"
    nodes = [
        helper.make_node("Identity", [source], ["probabilities"]),
        helper.make_node("ArgMax", [source], ["classes/index"], axis=1, keepdims=0),
        helper.make_node(
            "LabelEncoder", ["classes/index"], ["label"], domain="ai.onnx.ml",
            keys_int64s=list(range(len(classes))), values_strings=classes, default_string="",
        ),
    ]  # fmt: skip
    shape: list[str | int | None] = ["rows", len(classes)]
    inputs = [helper.make_tensor_value_info(source, TensorProto.FLOAT, shape)]
    outputs = [
        helper.make_tensor_value_info("label", TensorProto.STRING, ["rows"]),
        helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, shape),
    ]
    return _model(nodes, inputs, outputs, [])


def _model(nodes: list[Any], inputs: list[Any], outputs: list[Any], constants: list[Any]) -> onnx.ModelProto:
    graph = helper.make_graph(nodes, "part", inputs, outputs, initializer=constants)
    return helper.make_model(graph, opset_imports=_OPSETS, ir_version=IR)
