"""A picture before the net: bytes of decoded pixels, as they are."""

from __future__ import annotations

from typing import Any

from onnx import NodeProto, TensorProto, ValueInfoProto, helper

from keepfit.features.image import Entry

TYPE = TensorProto.UINT8


def source(column: dict[str, Any], entry: Entry) -> ValueInfoProto:
    """[rows, H, W, C]."""
    return helper.make_tensor_value_info(column["input"], TensorProto.UINT8, ["rows", *entry.shape])


def nodes(name: str, target: str, _entry: Entry) -> list[NodeProto]:
    """The same."""
    return [helper.make_node("Identity", [name], [target])]
