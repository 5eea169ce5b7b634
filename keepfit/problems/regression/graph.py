"""Behind the net: the three numbers of an answer, each an output of its own."""

from __future__ import annotations

from typing import Any

from onnx import NodeProto, TensorProto, ValueInfoProto

from keepfit.problems.outputs import apart
from keepfit.problems.regression.answer import COLUMNS

TYPE = TensorProto.DOUBLE


def tail(source: str, _schema: dict[str, Any]) -> tuple[list[NodeProto], list[ValueInfoProto]]:
    """Nodes from `source` [rows, 3], and the outputs `prediction`, `low` and `high` [rows]."""
    return apart(source, COLUMNS, TYPE)
