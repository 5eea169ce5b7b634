"""What a kind's `graph` module gives: the nodes of the ONNX graph before the net.

source(column, entry) → ValueInfoProto         the graph's raw input, [rows] or [rows, …]
nodes(name, target, entry) → list of nodes      from that input to the column's values, [rows] or [rows, …]
joined(columns, target) → list of nodes         columns [rows, 1] side by side to their tensor; where values are
                                                single
TYPE                                            of the tensor, as the net takes it
"""

from __future__ import annotations

from collections.abc import Sequence

from onnx import NodeProto, ValueInfoProto, helper


def single(name: str, kind: int) -> ValueInfoProto:
    """An input of one value a row."""
    return helper.make_tensor_value_info(name, kind, ["rows"])


def concatenated(columns: Sequence[str], target: str) -> list[NodeProto]:
    """Columns [rows, 1] → [rows, n]."""
    return [helper.make_node("Concat", list(columns), [target], axis=1)]
