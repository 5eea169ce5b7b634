"""Behind the net: the three numbers of an answer, each an output of its own."""

from __future__ import annotations

from typing import Any

from onnx import NodeProto, TensorProto, ValueInfoProto, helper

from keepfit.problems.regression.answer import COLUMNS

TYPE = TensorProto.DOUBLE


def tail(source: str, _schema: dict[str, Any]) -> tuple[list[NodeProto], list[ValueInfoProto]]:
    """Nodes from `source` [rows, 3], and the outputs `prediction`, `low` and `high` [rows]."""
    nodes, outputs = [], []
    for place, name in enumerate(COLUMNS):
        index = f"{source}/{name}"
        number = helper.make_tensor(index, TensorProto.INT64, [], [place])
        nodes.append(helper.make_node("Constant", [], [index], value=number))
        nodes.append(helper.make_node("Gather", [source, index], [name], axis=1))
        outputs.append(helper.make_tensor_value_info(name, TYPE, ["rows"]))
    return nodes, outputs
