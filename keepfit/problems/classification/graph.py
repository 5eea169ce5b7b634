"""Behind the net: probabilities [rows, K] as they are, and the name of the class that is said."""

from __future__ import annotations

from typing import Any

from onnx import NodeProto, TensorProto, ValueInfoProto, helper

TYPE = TensorProto.FLOAT


def tail(source: str, schema: dict[str, Any]) -> tuple[list[NodeProto], list[ValueInfoProto]]:
    """Nodes from `source`, and the outputs `label` and `probabilities`."""
    classes = list(schema["classes"])
    index, weighed, by = f"{source}/index", source, schema.get("factors")
    nodes = [helper.make_node("Identity", [source], ["probabilities"])]
    if by:
        weighed, factors = f"{source}/weighed", f"{source}/factors"
        nodes += [
            helper.make_node("Constant", [], [factors], value=helper.make_tensor(factors, TYPE, [len(classes)], by)),
            helper.make_node("Mul", [source, factors], [weighed]),
        ]
    nodes += [
        helper.make_node("ArgMax", [weighed], [index], axis=1, keepdims=0),
        helper.make_node(
            "LabelEncoder", [index], ["label"], domain="ai.onnx.ml",
            keys_int64s=list(range(len(classes))), values_strings=classes, default_string="",
        ),
    ]  # fmt: skip
    outputs = [
        helper.make_tensor_value_info("label", TensorProto.STRING, ["rows"]),
        helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["rows", len(classes)]),
    ]
    return nodes, outputs
