"""Behind the net: the values of each step, and the ends of their intervals, each an output of its own."""

from __future__ import annotations

from typing import Any

from onnx import NodeProto, TensorProto, ValueInfoProto

from keepfit.problems.forecasting.answer import ANSWER
from keepfit.problems.outputs import apart

TYPE = TensorProto.DOUBLE


def tail(source: str, schema: dict[str, Any]) -> tuple[list[NodeProto], list[ValueInfoProto]]:
    """Nodes from `source` [rows, 3 H], and an output [rows] for each."""
    return apart(source, ANSWER.outputs(schema), TYPE)
