"""The nodes behind a net whose answers are several figures, each an output of its own."""

from __future__ import annotations

from collections.abc import Sequence

from onnx import NodeProto, TensorProto, ValueInfoProto, helper


def apart(source: str, names: Sequence[str], kind: int) -> tuple[list[NodeProto], list[ValueInfoProto]]:
    """Nodes from `source` [rows, A] of an element type, and an output [rows] by each of A names."""
    nodes, outputs = [], []
    for place, name in enumerate(names):
        index = f"{source}/{name}"
        number = helper.make_tensor(index, TensorProto.INT64, [], [place])
        nodes.append(helper.make_node("Constant", [], [index], value=number))
        nodes.append(helper.make_node("Gather", [source, index], [name], axis=1))
        outputs.append(helper.make_tensor_value_info(name, kind, ["rows"]))
    return nodes, outputs
