"""Behind the net: figures of one number a row, then those of several, each an output of its own."""

from __future__ import annotations

from typing import Any

from onnx import NodeProto, TensorProto, ValueInfoProto, helper

from keepfit.problems.described import layout_of
from keepfit.problems.outputs import apart
from keepfit.problems.reconstruction.answer import SEVERAL, SINGLE

TYPE = TensorProto.DOUBLE


def tail(source: str, schema: dict[str, Any]) -> tuple[list[NodeProto], list[ValueInfoProto]]:
    """Nodes from `source` [rows, A]; the outputs strangeness, elbo, rate [rows], code, share, mended [rows, …]."""
    nodes, outputs = apart(source, SINGLE, TYPE)
    layout = layout_of(schema)
    sizes = helper.make_tensor(f"{source}/sizes", TensorProto.INT64, [4], [3, layout.code, layout.cells, layout.cells])
    rest = [f"{source}/single", *SEVERAL]
    nodes.append(helper.make_node("Constant", [], [f"{source}/sizes"], value=sizes))
    nodes.append(helper.make_node("Split", [source, f"{source}/sizes"], rest, axis=1))
    for name, size in zip(SEVERAL, (layout.code, layout.cells, layout.cells), strict=True):
        outputs.append(helper.make_tensor_value_info(name, TYPE, ["rows", size]))
    return nodes, outputs
