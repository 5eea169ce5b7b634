"""Raw columns in, answers out: the graph around the core, built from the bundle's schema and the transform.

One input a column, of whatever its kind says; the outputs are the problem's: its `graph` module has `TYPE`, that of the
answers, and `tail(source, schema)`, the nodes from them to the outputs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper
from onnx.compose import add_prefix, merge_models

from keepfit.data.noise import NOISE
from keepfit.data.transform import Tensor, Transform, in_view
from keepfit.features.lookup import graph_of
from keepfit.problems.lookup import answer_of
from keepfit.problems.lookup import graph_of as tail_of
from keepfit.stages.export.core import IR, OPSET, strip

_OPSETS = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", 3)]
_AXIS = "columns/axis"
_ANSWERS = "tail/answers"


def whole_graph(core: onnx.ModelProto, schema: dict[str, Any], transform: Transform) -> onnx.ModelProto:
    """The core with its columns in front and the problem's outputs behind; checked, stripped, equal for equal input."""
    core = add_prefix(core, "core/")
    del core.opset_import[:]
    core.opset_import.extend(_OPSETS)  # composing needs equal opsets on both sides
    front = _front(schema["inputs"], transform, [value for value in core.graph.input if value.name == f"core/{NOISE}"])
    pairs = [(value.name, value.name.replace("columns/", "core/")) for value in front.graph.output]
    merged = merge_models(front, core, io_map=pairs)
    whole = merge_models(merged, _back(schema, transform), io_map=[("core/answers", _ANSWERS)])
    whole.graph.name = schema["name"]
    whole.producer_name, whole.producer_version = "keepfit", ""
    strip(whole)
    onnx.checker.check_model(whole, full_check=True)
    return whole


def _front(columns: list[dict[str, Any]], transform: Transform, more: list[onnx.ValueInfoProto]) -> onnx.ModelProto:
    """The columns → `columns/<tensor>`, each by its kind's own nodes; `more` inputs of the core go in as they are."""
    served = {column["name"]: column for column in columns}
    inputs, nodes, outputs = [], [], []
    for tensor in transform.tensors:
        target = f"columns/{tensor.name}"
        if tensor.view.stacks:
            inputs += [graph_of(e.kind).source(served[e.name], e) for e in tensor.entries]
            nodes += _stacked(tensor, served, target)
            kind = graph_of(tensor.entries[0].kind).TYPE
        else:
            name = in_view(served[tensor.entries[0].name]["input"], tensor.view.name)
            kind = helper.np_dtype_to_tensor_dtype(np.dtype(tensor.dtype))
            inputs.append(helper.make_tensor_value_info(name, kind, _shape(tensor)))
            kind = TensorProto.INT64 if kind == TensorProto.INT32 else kind  # as `tensor_of` has it
            nodes.append(helper.make_node("Cast", [name], [target], to=kind))
        outputs.append(helper.make_tensor_value_info(target, kind, _shape(tensor)))
    order = {column["input"]: place for place, column in enumerate(columns)}
    inputs.sort(key=lambda value: order.get(value.name, len(order)))
    for value in more:
        name = value.name.removeprefix("core/")
        kind, shape = value.type.tensor_type.elem_type, ["rows", value.type.tensor_type.shape.dim[1].dim_value]
        inputs.append(helper.make_tensor_value_info(name, kind, shape))
        nodes.append(helper.make_node("Identity", [name], [f"columns/{name}"]))
        outputs.append(helper.make_tensor_value_info(f"columns/{name}", kind, shape))
    axis = [helper.make_tensor(_AXIS, TensorProto.INT64, [1], [1])]
    used = {name for node in nodes for name in node.input}
    return _model(nodes, inputs, outputs, axis if _AXIS in used else [])


def _shape(tensor: Tensor) -> list[str | int | None]:
    """Its dimensions; those of a caller's choice have names."""
    return ["rows", *([] if tensor.pad is None else [f"{tensor.name}_steps"]), *tensor.shape]


def _stacked(tensor: Tensor, served: dict[str, Any], target: str) -> list[onnx.NodeProto]:
    """Single values [rows] → their tensor [rows, n]."""
    made, columns = [], []
    for entry in tensor.entries:
        value, column = f"{target}/{entry.slot}", f"{target}/{entry.slot}/column"
        made += graph_of(entry.kind).nodes(served[entry.name]["input"], value, entry)
        made.append(helper.make_node("Unsqueeze", [value, _AXIS], [column]))
        columns.append(column)
    return made + list(graph_of(tensor.entries[0].kind).joined(columns, target))


def _back(schema: dict[str, Any], transform: Transform) -> onnx.ModelProto:
    """The answers → the outputs."""
    problem = tail_of(transform.target.problem)
    nodes, outputs = problem.tail(_ANSWERS, schema)
    shape: list[str | int | None] = ["rows", answer_of(schema).width(schema)]
    return _model(nodes, [helper.make_tensor_value_info(_ANSWERS, problem.TYPE, shape)], outputs, [])


def _model(nodes: list[Any], inputs: list[Any], outputs: list[Any], constants: list[Any]) -> onnx.ModelProto:
    graph = helper.make_graph(nodes, "part", inputs, outputs, initializer=constants)
    return helper.make_model(graph, opset_imports=_OPSETS, ir_version=IR)
