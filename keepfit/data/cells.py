"""Cells as found (text, or a file's own types) as numbers and as categories; shared by all kinds of columns.

What is missing besides empty cells: for a number what is no finite number, which is counted; a category is a text
without blanks around it, in which 1.0 and true are written 1, and false 0: what is yes and no in Parquet or JSON is 1
and 0 from a database or a spreadsheet, and one class must have one name.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from keepfit.data import notation
from keepfit.data.names import FALSE, TRUE, WHOLE, plain

ERRORS = (
    "#DIV/0!", "#REF!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#NV", "#BEZUG!", "#WERT!",
    "#ZAHL!", "#VALEUR!", "#NOM?", "#NOMBRE!", "#VALOR!", "#¿NOMBRE?", "\\N",
)  # fmt: skip
"""What spreadsheets write where they could not reckon, and databases where there is nothing: no value, in any file."""
_LONG = r"^[+-]?[0-9]{16,}$"
_EXACT = 2**53
_A_SECOND = {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}


def counted(read: Callable[[pa.Array], pa.Array], cells: pa.Array) -> tuple[pa.Array, int]:
    """The cells as `read` gives them, and how many had something in them that it could not read."""
    before = cells.null_count
    typed = read(cells)
    return typed, typed.null_count - before - _blank(cells, typed)


def as_found(cells: pa.Array) -> pa.Array:
    """Cells of a column that nobody declared: text without blanks around it, anything else as it is."""
    return _stripped(cells) if is_text(cells.type) else cells


def spelled(cells: pa.Array) -> pa.Array:
    """Bytes as the text that they spell, as older writers of Parquet have it. Raises ArrowInvalid where they do not."""
    return cells.cast(pa.string()) if pa.types.is_binary(cells.type) else cells


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
    """Cells of blanks or an error alone: missing, and not unreadable."""
    if not is_text(cells.type) or typed.null_count == cells.null_count:
        return 0
    lost = cells.filter(pc.and_(typed.is_null(), cells.is_valid())).cast(pa.string())
    return int(pc.sum(pc.is_in(pc.utf8_trim_whitespace(lost), pa.array(("", *ERRORS)))).as_py() or 0)


def numbers(cells: pa.Array, form: str = "") -> pa.Array:
    """float64, of texts in the notation `form`, of durations in seconds; null where there is no finite number."""
    if is_text(cells.type):
        found = _parsed(cells.cast(pa.string()), form)
    elif pa.types.is_timestamp(cells.type) or pa.types.is_date(cells.type):
        found = pa.nulls(len(cells), pa.float64())
    elif pa.types.is_duration(cells.type):
        found = pc.divide(cells.cast(pa.int64()).cast(pa.float64(), safe=False), _A_SECOND[cells.type.unit])
    else:
        found = cells.cast(pa.float64(), safe=False)
    if (bad := pc.invert(pc.is_finite(found)).fill_null(False)).true_count:
        return pc.if_else(bad, None, found)
    return found


def _parsed(cells: pa.Array, form: str) -> pa.Array:
    if form:
        return notation.read(cells, form)
    try:
        return cells.cast(pa.float64())
    except pa.ArrowInvalid:  # some cell is odd: the slow way, for this batch alone
        texts = pc.utf8_trim_whitespace(cells)
        return pc.if_else(pc.match_substring_regex(texts, notation.NUMBER), texts, None).cast(pa.float64())


def are_whole_names(texts: pa.Array) -> bool:
    """Whether some of these texts are whole numbers of so many digits that doubles would take two for one."""
    long = pc.utf8_ltrim(texts.filter(pc.match_substring_regex(texts, _LONG)), "+-0")
    return any(len(text) > 16 or int(text or 0) > _EXACT for text in long.to_pylist())


def categories(cells: pa.Array) -> pa.Array:
    """A dictionary of canonical texts, so that 1, 1.0 and " 1" are one category."""
    if pa.types.is_floating(cells.type):
        texts = [None if v is None or v != v else plain(v) for v in cells.to_pylist()]
        return pa.array(texts, pa.string()).dictionary_encode()
    if pa.types.is_duration(cells.type):
        return categories(numbers(cells))
    if not is_text(cells.type):
        return categories(cells.cast(pa.string()))
    if not pa.types.is_dictionary(cells.type):
        return categories(cells.dictionary_encode())
    texts = _stripped(cells.dictionary.cast(pa.string()))
    for pattern, written in ((WHOLE, r"\1"), (TRUE, "1"), (FALSE, "0")):
        texts = pc.replace_substring_regex(texts, pattern, written)
    return _recoded(cells, texts)


def truths(cells: pa.Array) -> pa.Array:
    """bool: cells that say true or false, in type or in words; null for any other."""
    if pa.types.is_boolean(cells.type) or not is_text(cells.type):
        return cells if pa.types.is_boolean(cells.type) else pa.nulls(len(cells), pa.bool_())
    texts = pc.utf8_trim_whitespace(cells.cast(pa.string()))
    true = pc.match_substring_regex(texts, TRUE)
    return pc.if_else(pc.or_(true, pc.match_substring_regex(texts, FALSE)), true, None)


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
