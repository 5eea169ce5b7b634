"""Cells as found (text, or a file's own types) as numbers and as categories; shared by all kinds of columns.

What is missing besides empty cells: for a number what is no finite number, which is counted; a category is a text
without blanks around it, in which 1.0 is written 1.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_AMOUNT = r"^[$€£¥]? ?([+-]?[0-9.,]+([eE][+-]?[0-9]+)?) ?[%$€£¥]?$"
_WHOLE = r"^([+-]?[0-9]+)\.0+$"


def counted(read: Callable[[pa.Array], pa.Array], cells: pa.Array) -> tuple[pa.Array, int]:
    """The cells as `read` gives them, and how many had something in them that it could not read."""
    before = cells.null_count
    typed = read(cells)
    return typed, typed.null_count - before - _blank(cells, typed)


def as_found(cells: pa.Array) -> pa.Array:
    """Cells of a column that nobody declared: text without blanks around it, anything else as it is."""
    return _stripped(cells) if is_text(cells.type) else cells


def without(cells: pa.Array, markers: tuple[str, ...]) -> pa.Array:
    """The cells with those that say one of `markers` made missing; text readers do so themselves."""
    if pa.types.is_floating(cells.type) or pa.types.is_integer(cells.type):
        said = pc.is_in(cells.cast(pa.float64(), safe=False), numbers(pa.array(markers, pa.string())).drop_null())
    elif is_text(cells.type):
        said = pc.is_in(pc.utf8_trim_whitespace(cells.cast(pa.string())), pa.array(markers, pa.string()))
    else:
        return cells
    return pc.if_else(said, None, cells)


def numbers_without(cells: pa.Array, markers: tuple[str, ...] | None) -> pa.Array:
    """Cells that were read: a number that says one of `markers` is missing however it was written, -999 or -999.0."""
    return without(cells, markers) if markers and pa.types.is_floating(cells.type) else cells


def is_text(kind: pa.DataType) -> bool:
    """Whether cells of this type are text, coded or not."""
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(inner) or pa.types.is_large_string(inner) or pa.types.is_string_view(inner))


def _blank(cells: pa.Array, typed: pa.Array) -> int:
    """Cells of blanks alone: missing, and not unreadable."""
    if not is_text(cells.type) or typed.null_count == cells.null_count:
        return 0
    lost = cells.filter(pc.and_(typed.is_null(), cells.is_valid())).cast(pa.string())
    return int(pc.sum(pc.equal(pc.utf8_trim_whitespace(lost), "")).as_py() or 0)


def numbers(cells: pa.Array, decimal: str = ".") -> pa.Array:
    """float64; null where there is no finite number. Amounts such as $1,234.50 are read as well."""
    if is_text(cells.type):
        found = _parsed(cells.cast(pa.string()), decimal)
    elif pa.types.is_timestamp(cells.type) or pa.types.is_date(cells.type):
        found = pa.nulls(len(cells), pa.float64())
    else:
        found = cells.cast(pa.float64(), safe=False)
    if (bad := pc.invert(pc.is_finite(found)).fill_null(False)).true_count:
        return pc.if_else(bad, None, found)
    return found


def _parsed(cells: pa.Array, decimal: str) -> pa.Array:
    try:
        return _with_point(cells, decimal).cast(pa.float64())
    except pa.ArrowInvalid:  # some cell is odd: the slow way, for this batch alone
        plain = _plain_numbers(pc.utf8_trim_whitespace(cells), decimal)
        return pc.if_else(pc.match_substring_regex(plain, NUMBER), plain, None).cast(pa.float64())


def _with_point(cells: pa.Array, decimal: str) -> pa.Array:
    """The cells with a decimal point; where the comma is decimal, a point that is there already makes a cell odd."""
    return pc.replace_substring(pc.replace_substring(cells, ".", "_"), ",", ".") if decimal == "," else cells


def _plain_numbers(texts: pa.Array, decimal: str) -> pa.Array:
    """Amounts such as $1,234.50 or 12 % without their signs and marks between thousands, and with a decimal point."""
    bare = pc.replace_substring_regex(texts, _AMOUNT, r"\1")
    mark = "." if decimal == "," else ","
    grouped = pc.match_substring_regex(bare, rf"^[+-]?[0-9]{{1,3}}([{mark}][0-9]{{3}})+([{decimal}][0-9]+)?$")
    bare = pc.if_else(grouped, pc.replace_substring(bare, mark, ""), bare)
    return pc.replace_substring(bare, ",", ".") if decimal == "," else bare


def categories(cells: pa.Array) -> pa.Array:
    """A dictionary of canonical texts, so that 1, 1.0 and " 1" are one category."""
    if pa.types.is_floating(cells.type):
        texts = [None if v is None or v != v else _plain(v) for v in cells.to_pylist()]
        return pa.array(texts, pa.string()).dictionary_encode()
    if not is_text(cells.type):
        return categories(cells.cast(pa.string()))
    if not pa.types.is_dictionary(cells.type):
        return categories(cells.dictionary_encode())
    texts = _stripped(cells.dictionary.cast(pa.string()))
    return _recoded(cells, pc.replace_substring_regex(texts, _WHOLE, r"\1"))


def _plain(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)


def _stripped(cells: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(cells.type):
        return _recoded(cells, _stripped(cells.dictionary))
    trimmed = pc.utf8_trim_whitespace(cells)
    return pc.if_else(pc.equal(trimmed, ""), None, trimmed)


def _recoded(cells: pa.Array, texts: pa.Array) -> pa.Array:
    """The same codes over changed texts; texts that became equal or missing are given one code or none."""
    coded = texts.dictionary_encode()
    codes = coded.indices if len(cells.dictionary) else pa.array([], pa.int32())
    return pa.DictionaryArray.from_arrays(codes.take(cells.indices), coded.dictionary)


def codes_of(column: pa.Array, names: pa.Array) -> NDArray[np.int32]:
    """Strings [n] → the place of each in `names`, -1 where it is missing or not there."""
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    table = pc.index_in(coded.dictionary.cast(names.type), names).fill_null(-1).to_numpy(zero_copy_only=False)
    places = coded.indices.fill_null(len(table)).to_numpy(zero_copy_only=False)
    codes: NDArray[np.int32] = np.append(table, -1).astype(np.int32)[places]
    return codes
