"""The nodes behind a net whose answers are several figures, each an output of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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


def blocks(source: str, sizes: Mapping[str, int], kind: int) -> tuple[list[NodeProto], list[ValueInfoProto]]:
    """Nodes from `source` [rows, A] of an element type, and an output [rows, size] for each of those that make up A."""
    given = f"{source}/sizes"
    cut = helper.make_tensor(given, TensorProto.INT64, [len(sizes)], [*sizes.values()])
    nodes = [
        helper.make_node("Constant", [], [given], value=cut),
        helper.make_node("Split", [source, given], [*sizes], axis=1),
    ]
    return nodes, [helper.make_tensor_value_info(name, kind, ["rows", size]) for name, size in sizes.items()]
