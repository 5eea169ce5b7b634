"""A number before the net: a double as it is; infinite counts as missing, as when rows are prepared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from onnx import NodeProto, TensorProto, ValueInfoProto, helper

from keepfit.data.transform import Entry
from keepfit.features.front import concatenated, single

TYPE = TensorProto.DOUBLE


def source(column: dict[str, Any], _entry: Entry) -> ValueInfoProto:
    """A double a row."""
    return single(column["input"], TensorProto.DOUBLE)


def nodes(name: str, target: str, _entry: Entry) -> list[NodeProto]:
    """The same."""
    return [helper.make_node("Identity", [name], [target])]


def joined(columns: Sequence[str], target: str) -> list[NodeProto]:
    """Side by side, NaN for infinite ones."""
    doubles, infinite, missing = (f"{target}/{part}" for part in ("doubles", "infinite", "missing"))
    nan = helper.make_tensor(missing, TensorProto.DOUBLE, [], [float("nan")])
    return [
        *concatenated(columns, doubles),
        helper.make_node("IsInf", [doubles], [infinite]),
        helper.make_node("Constant", [], [missing], value=nan),
        helper.make_node("Where", [infinite, missing, doubles], [target]),
    ]
