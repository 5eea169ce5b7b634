"""Behind the net: figures of one number a row, and those of several, each an output of its own."""

from __future__ import annotations

from typing import Any

from onnx import NodeProto, TensorProto, ValueInfoProto

from keepfit.problems.described import layout_of
from keepfit.problems.outputs import blocks
from keepfit.problems.reconstruction.answer import SEVERAL, SINGLE

TYPE = TensorProto.DOUBLE


def tail(source: str, schema: dict[str, Any]) -> tuple[list[NodeProto], list[ValueInfoProto]]:
    """Nodes from `source` [rows, A]; the outputs strangeness, elbo, rate [rows, 1], code, share, mended [rows, …]."""
    layout = layout_of(schema)
    sizes = dict(zip(SEVERAL, (layout.code, layout.cells, layout.cells), strict=True))
    return blocks(source, {**dict.fromkeys(SINGLE, 1), **sizes}, TYPE)
