"""A column of every type that Arrow can make, with gaps, extremes, and nothing in it at all."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import product

import pyarrow as pa
import pyarrow.compute as pc

_TOP = 2**63 - 1
ROWS = 60


def arrow_columns() -> Iterator[tuple[str, pa.Array]]:
    """Name and cells [ROWS], the same ones every time."""
    yield from _fixed()
    yield from _moments()
    yield from _texts()
    yield from _nested()
    yield from _rare()


def _filled(values: list[object], kind: pa.DataType) -> pa.Array:
    return pa.array((values * ROWS)[:ROWS], kind)


def _fixed() -> Iterator[tuple[str, pa.Array]]:
    yield "null", pa.nulls(ROWS)
    yield "bool", _filled([True, None, False], pa.bool_())
    for bits, sign in product((8, 16, 32, 64), ("int", "uint")):
        kind = getattr(pa, f"{sign}{bits}")()
        low, high = (0, 2**bits - 1) if sign == "uint" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        yield f"{kind} extreme", _filled([low, None, high, 7, 8], kind)
        yield f"{kind} tame", pa.array([i % 50 for i in range(ROWS)], kind)
    yield "bigint", pa.array([2**60 + 8000 * (i % 5) for i in range(ROWS)], pa.int64())
    odd = [1.5, None, float("nan"), float("inf"), -float("inf"), -0.0, 2.0]
    for kind in (pa.float16(), pa.float32(), pa.float64()):
        yield f"{kind} odd", _filled([*odd, *range(9)], kind)
    yield "double huge", _filled([1.7e308, -1.7e308, 5e-324, None, 1.0], pa.float64())
    for make, digits in ((pa.decimal32, 9), (pa.decimal64, 18), (pa.decimal128, 38), (pa.decimal256, 76)):
        for scale in (0, 2, digits):
            kind = make(digits, scale)
            nines = f"{'9' * digits}E-{scale}"
            values = [Decimal(nines), None, Decimal(f"-{nines}"), Decimal(f"1E-{scale}")]
            yield f"{kind}", _filled(values, kind)
    yield "decimal negative scale", _filled([Decimal("1E+3"), None, Decimal("9E+3")], pa.decimal128(5, -3))


def _moments() -> Iterator[tuple[str, pa.Array]]:
    whole = pa.array([[_TOP, 0, None, -_TOP - 1, 10**9][i % 5] for i in range(ROWS)], pa.int64())
    tame = pa.array([i * 10**6 for i in range(ROWS)], pa.int64())
    for unit, zone in product(("s", "ms", "us", "ns"), (None, "UTC", "Mars/Olympus", "+23:59", "Asia/Shanghai")):
        yield f"timestamp {unit} {zone} extreme", whole.view(pa.timestamp(unit, zone))
        yield f"timestamp {unit} {zone}", tame.view(pa.timestamp(unit, zone))
    for unit in ("s", "ms", "us", "ns"):
        yield f"duration {unit} extreme", whole.view(pa.duration(unit))
        yield f"duration {unit}", tame.view(pa.duration(unit))
    short = pa.array([[2**31 - 1, 0, None, -(2**31), 19_000][i % 5] for i in range(ROWS)], pa.int32())
    yield "date32 extreme", short.view(pa.date32())
    yield "date32", pa.array(range(ROWS), pa.int32()).view(pa.date32())
    yield "date64 extreme", whole.view(pa.date64())
    yield "date64", pa.array([i * 86_400_000 for i in range(ROWS)], pa.int64()).view(pa.date64())
    yield "time32 s", pa.array(range(ROWS), pa.int32()).view(pa.time32("s"))
    yield "time32 ms odd", short.view(pa.time32("ms"))
    yield "time64 us", tame.view(pa.time64("us"))
    yield "time64 ns odd", whole.view(pa.time64("ns"))
    spans = [pa.MonthDayNano([14, -2, 3 * 10**9]), None, pa.MonthDayNano([2**31 - 1, -(2**31), _TOP])]
    yield "interval", _filled(spans, pa.month_day_nano_interval())


def _texts() -> Iterator[tuple[str, pa.Array]]:
    for kind in (pa.string(), pa.large_string(), pa.string_view()):
        yield f"{kind}", _filled(["a", None, "", " ", "北京", "\x1b[31m", "x" * 3000], kind)
    for kind in (pa.binary(), pa.large_binary(), pa.binary_view()):
        yield f"{kind}", _filled([b"\xff\xd8", None, b"", b"abc"], kind)
    for size in (0, 3, 16):
        yield f"fixed binary {size}", _filled([b"\x80" * size, None], pa.binary(size))
    for index, value in product((pa.int8(), pa.uint16(), pa.uint64()), (pa.string(), pa.large_string(), pa.int64())):
        words = pa.array([5, None, 7] if pa.types.is_integer(value) else ["a", None, "b"], value)
        codes = _filled([0, 1, None, 2], index)
        yield f"dictionary {index} {value}", pa.DictionaryArray.from_arrays(codes, words)
    yield "dictionary null", pa.DictionaryArray.from_arrays(_filled([0, None], pa.int8()), pa.nulls(1))
    yield "dictionary binary", pa.DictionaryArray.from_arrays(_filled([0, None], pa.int8()), pa.array([b"\xff"]))
    dates = pa.array([2**31 - 1, 5], pa.int32()).view(pa.date32())
    yield "dictionary date", pa.DictionaryArray.from_arrays(_filled([0, 1, None], pa.int32()), dates)


def _nested() -> Iterator[tuple[str, pa.Array]]:
    numbers = [[1, None], None, [], [2]]
    for kind in (pa.list_, pa.large_list, pa.list_view, pa.large_list_view):
        yield f"{kind.__name__}", _filled(list(numbers), kind(pa.int64()))
    yield "fixed list", _filled([[1, 2], None], pa.list_(pa.int8(), 2))
    yield "list of lists", _filled([[["a"], None], None], pa.list_(pa.list_(pa.string_view())))
    far = pa.array([_TOP] * ROWS, pa.int64()).view(pa.timestamp("us", "Mars/Olympus"))
    yield "list of moments", pa.ListArray.from_arrays(pa.array(range(ROWS + 1), pa.int32()), far)
    yield "list of nulls", _filled([[None], None], pa.list_(pa.null()))
    yield "map", _filled([[("a", 1)], None, []], pa.map_(pa.string(), pa.int8()))
    yield "struct", _filled([{"a": 1, "b": "x"}, None], pa.struct({"a": pa.int64(), "b": pa.string()}))
    yield "empty struct", _filled([{}, None], pa.struct([]))
    yield "struct of interval", _filled([{"a": None}], pa.struct({"a": pa.month_day_nano_interval()}))
    halves = [pa.array(range(ROWS)), pa.array(["x"] * ROWS)]
    kinds = pa.array([i % 2 for i in range(ROWS)], pa.int8())
    yield "sparse union", pa.UnionArray.from_sparse(kinds, halves)
    yield "dense union", pa.UnionArray.from_dense(kinds, pa.array(range(ROWS), pa.int32()), halves)


def _rare() -> Iterator[tuple[str, pa.Array]]:
    yield "uuid", _filled([b"0123456789abcdef", None, b"\xff" * 16], pa.uuid())
    yield "json", _filled(['{"a": 1}', None], pa.json_())
    yield "bool8", pa.array([i % 2 for i in range(ROWS)], pa.int8()).cast(pa.bool8())
    storage = _filled([b"\0\1", None], pa.binary())
    yield "opaque", pa.ExtensionArray.from_storage(pa.opaque(pa.binary(), "inet", "PostgreSQL"), storage)
    pairs = _filled([[1, 2]], pa.list_(pa.int8(), 2))
    yield "tensor", pa.FixedShapeTensorArray.from_storage(pa.fixed_shape_tensor(pa.int8(), [2]), pairs)
    yield "run ends", pc.run_end_encode(pa.array(["a"] * (ROWS // 2) + ["b"] * (ROWS // 2)))
    yield "run ends of moments", pc.run_end_encode(pa.array([_TOP] * ROWS, pa.int64()).view(pa.timestamp("s")))
