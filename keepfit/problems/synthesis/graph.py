"""Behind the net: what is thought of a row, its cells, and those of a new one, each an output of its own."""

from __future__ import annotations

from typing import Any

from onnx import NodeProto, TensorProto, ValueInfoProto

from keepfit.problems.outputs import blocks
from keepfit.problems.synthesis.answer import ANSWER, OUTPUTS

TYPE = TensorProto.DOUBLE


def tail(source: str, schema: dict[str, Any]) -> tuple[list[NodeProto], list[ValueInfoProto]]:
    """Nodes from `source` [rows, A]; the outputs likeness [rows, 1], own and made [rows, C]."""
    cells = (ANSWER.width(schema) - 1) // 2
    return blocks(source, dict(zip(OUTPUTS, (1, cells, cells), strict=True)), TYPE)
