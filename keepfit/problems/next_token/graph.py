"""Behind the net: what a text cost, and how many tokens it has, each an output of its own."""

from __future__ import annotations

from typing import Any

from onnx import NodeProto, TensorProto, ValueInfoProto

from keepfit.problems.next_token.answer import COLUMNS
from keepfit.problems.outputs import apart

TYPE = TensorProto.DOUBLE


def tail(source: str, _schema: dict[str, Any]) -> tuple[list[NodeProto], list[ValueInfoProto]]:
    """Nodes from `source` [rows, 2], and the outputs `nats` and `tokens` [rows]."""
    return apart(source, COLUMNS, TYPE)
