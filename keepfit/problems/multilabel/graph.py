"""Behind the net: the probabilities [rows, K] as they are.

Which labels that gives is the caller's to say, by the bundle's schema.json: a graph cannot join texts of several.
"""

from __future__ import annotations

from typing import Any

from onnx import NodeProto, TensorProto, ValueInfoProto, helper

TYPE = TensorProto.FLOAT


def tail(source: str, schema: dict[str, Any]) -> tuple[list[NodeProto], list[ValueInfoProto]]:
    """A node from `source`, and the output `probabilities`."""
    shape: list[str | int | None] = ["rows", len(schema["labels"])]
    nodes = [helper.make_node("Identity", [source], ["probabilities"])]
    return nodes, [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, shape)]
