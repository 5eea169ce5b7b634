"""Behind the net: what a text cost, and how many tokens it has, each an output of its own."""

from __future__ import annotations

from typing import Any

from onnx import NodeProto, TensorProto, ValueInfoProto, helper

from keepfit.problems.next_token.answer import COLUMNS

TYPE = TensorProto.DOUBLE


def tail(source: str, _schema: dict[str, Any]) -> tuple[list[NodeProto], list[ValueInfoProto]]:
    """Nodes from `source` [rows, 2], and the outputs `nats` and `tokens` [rows]."""
    nodes, outputs = [], []
    for place, name in enumerate(COLUMNS):
        index = f"{source}/{name}"
        number = helper.make_tensor(index, TensorProto.INT64, [], [place])
        nodes.append(helper.make_node("Constant", [], [index], value=number))
        nodes.append(helper.make_node("Gather", [source, index], [name], axis=1))
        outputs.append(helper.make_tensor_value_info(name, TYPE, ["rows"]))
    return nodes, outputs
