"""A code before the net: the vocabulary's look-up of a string."""

from __future__ import annotations

from typing import Any

from onnx import NodeProto, TensorProto, ValueInfoProto, helper

from keepfit.data.transform import Entry
from keepfit.features.front import concatenated as joined
from keepfit.features.front import single
from keepfit.features.shared.entries import FIRST, MISSING, UNKNOWN, CodedEntry

__all__ = ["TYPE", "joined", "nodes", "source"]

TYPE = TensorProto.INT64


def source(column: dict[str, Any], _entry: Entry) -> ValueInfoProto:
    """A string a row."""
    return single(column["input"], TensorProto.STRING)


def nodes(name: str, target: str, entry: CodedEntry) -> list[NodeProto]:
    """The string's code."""
    return [helper.make_node(
        "LabelEncoder", [name], [target], domain="ai.onnx.ml",
        keys_strings=["", *entry.vocabulary],
        values_int64s=[MISSING, *range(FIRST, FIRST + len(entry.vocabulary))],
        default_int64=UNKNOWN,
    )]  # fmt: skip
