"""Which kind a column is, or why it is left out; each decision with the words that tell it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from keepfit.drafting.facts import Facts
from keepfit.drafting.ties import depends
from keepfit.sources.cells import format_of_dates

_NUMBER_SHARE = 0.95
"""From this share of readable cells a column is one of numbers with a few odd cells."""
_MARKED_SHARE = 0.5
"""The same where the odd cells are one to three words, such as "unknown", that stand for a missing value."""
_ALL_DIFFERENT = 0.9
_ID_ROWS = 30
"""In fewer rows than this, all different says nothing."""
_IDS = re.compile(r"(?i)(^|[_\s.-])(id|uid|uuid|guid|index|idx|key|rowid|row_name|code number)$|(?-i:[a-z]Id|ID)$")
_PAIRS = ({"true", "false"}, {"yes", "no"}, {"t", "f"}, {"y", "n"})
_WORDS = 5
"""A column whose values have more words than this, on average, is free text."""


@dataclass(frozen=True)
class Choice:
    """What becomes of a column."""

    name: str
    kind: str | None
    """None: left out."""
    comment: str
    """Why, or what is in it, in a few words for the YAML."""
    said: str = ""
    """A sentence for the person, where something is out of the ordinary."""


def choose(column: Facts, target: Facts) -> Choice:
    """The kind of a column, or None with the reason."""
    left = _left_out(column, target)
    if left:
        return Choice(column.name, None, left, f'The column "{column.name}" is left out: {left}.')
    if pa.types.is_boolean(column.type) or {value.lower() for value in column.values} in _PAIRS:
        return Choice(column.name, "boolean", " or ".join(column.values[:2]) + _gaps(column))
    if _is_date(column):
        return Choice(column.name, "datetime", f"such as {column.values[0]}{_gaps(column)}")
    if _is_number(column):
        return _number(column)
    many = f"{column.distinct:,} values, most often {_short(column.top[0][0])}"
    return Choice(column.name, "category", many + _gaps(column))


def _left_out(column: Facts, target: Facts) -> str:
    """Why a column cannot be learned from; empty when it can."""
    if pa.types.is_binary(column.type) or pa.types.is_nested(column.type):
        return f"its cells are {column.type}, which is no kind of feature"
    if column.filled == 0:
        return "it is empty"
    if column.distinct == 1 and column.missing < 0.01 * column.rows:
        return f"it is always {_short(column.values[0])}"
    if column.filled < _ID_ROWS or column.distinct < _ALL_DIFFERENT * column.filled or _is_date(column):
        return ""
    if column.number_share < _NUMBER_SHARE:
        return _why_text(column)
    return "it numbers the rows or names them" if _is_identifier(column, target) else ""


def _why_text(column: Facts) -> str:
    words = np.mean([len(value.split()) for value in column.values[:1000]])
    if words > _WORDS:
        return "it is free text, different in nearly every row"
    return "its values are nearly all different, so that it names the rows"


def _is_identifier(column: Facts, target: Facts) -> bool:
    """Whole numbers, nearly all different: with an id's name, or dense, or rising, or telling nothing of the target."""
    numbers = column.numbers[np.isfinite(column.numbers)]
    if not np.all(numbers == np.round(numbers)):
        return False
    if _IDS.search(column.name):
        return True
    if column.distinct < len(numbers):
        return False
    dense = bool(np.ptp(numbers) < 2 * len(numbers))
    rising = bool(np.all(np.diff(numbers) > 0))
    return dense or rising or (len(numbers) >= 100 and not depends(column, target))


def _is_date(column: Facts) -> bool:
    """Texts in a form of dates, or whole numbers that are all days, such as 20240131."""
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        return True
    if column.distinct == 0:
        return False
    if column.number_share > 0.5:
        days = column.parsed[np.isfinite(column.parsed)]
        if column.number_share < 1 or days.min() < 19000101 or days.max() > 20991231:
            return False
    texts = pa.array(column.values[:10_000], pa.string())
    return format_of_dates(texts) is not None


def _is_number(column: Facts) -> bool:
    if _has_leading_zeros(column):
        return False
    few = len(column.odd) <= 3 and column.number_share >= _MARKED_SHARE and column.distinct > 10
    return column.number_share >= _NUMBER_SHARE or few


def _has_leading_zeros(column: Facts) -> bool:
    """Codes such as 00501 are names, whatever they look like."""
    coded = [v for v in column.values if re.fullmatch(r"0\d+", v)]
    return bool(coded) and all(v.isdigit() for v in column.values)


def _number(column: Facts) -> Choice:
    finite = column.parsed[np.isfinite(column.parsed)]
    comment = f"{_figure(finite.min())} to {_figure(finite.max())}, {column.distinct:,} different{_gaps(column)}"
    if not column.odd:
        return Choice(column.name, "number", comment)
    words = ", ".join(f'"{_short(word)}"' for word in column.odd[:3])
    rows = int(column.counts[~np.isfinite(column.parsed)].sum())
    cells = "1 cell says" if rows == 1 else f"{rows:,} cells say"
    said = f'The column "{column.name}" holds numbers, but {cells} {words}; they count as missing.'
    return Choice(column.name, "number", f"{comment}; {words} counts as missing", said)


def _gaps(column: Facts) -> str:
    return f", {column.missing:,} missing" if column.missing else ""


def _figure(number: float) -> str:
    return f"{number:g}"


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "…"
