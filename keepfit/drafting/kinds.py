"""Which kind a column is, or why it is left out; each decision with the words that tell it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from keepfit.config.sets import FEATURES
from keepfit.drafting.ties import Tied, depends
from keepfit.features.column import Choice, ColumnFacts, short
from keepfit.features.lookup import kind_of, words_of

_NUMBER_SHARE = 0.95
"""Values that are all different and of which fewer read as numbers are texts."""
_ALL_DIFFERENT = 0.9
_ID_ROWS = 30
"""In fewer rows than this, all different says nothing."""
_WORDS = 5
"""A column whose values have more words than this, on average, is free text."""


def choose(column: ColumnFacts, target: Tied) -> Choice:
    """The kind of a column, or None with the reason. Each kind is asked, the most particular first."""
    left = _empty(column)
    asked = sorted((words_of(name) for name in FEATURES.names()), key=lambda words: words.asked)
    if _is_raw(column):
        asked = [words for words in asked if kind_of(words.kind).is_raw]
    choice = next((found for words in asked if (found := words.recognise(column))), None) if not left else None
    before = [words for words in asked if choice is None or words.asked < words_of(str(choice.kind)).asked]
    like = next((said for words in before if not left and (said := words.resembles(column))), "")
    if choice is not None and not choice.may_all_differ:
        left = _names_rows(column, target, like)
    if choice is None or left:
        raw = f"its cells are {short(str(column.type))}, which is no kind of feature" if _is_raw(column) else ""
        left = left or raw or "no kind of feature can read it"
        return Choice(column.name, None, left, f'The column "{column.name}" is left out: {left}.')
    if like:
        said = f'The column "{column.name}" is taken as {choice.kind}, but it {like}.'
        return replace(choice, comment=f"{choice.comment}; {like}", said=f"{choice.said} {said}".strip())
    return choice


def _empty(column: ColumnFacts) -> str:
    """Why there is nothing in a column to learn from; empty when there is."""
    if _is_raw(column):
        return "" if column.some is not None else "it is empty"
    if column.filled == 0:
        return "it is empty"
    if column.distinct == 1 and column.missing < 0.01 * column.rows:
        return f"it is always {short(column.values[0])}"
    return ""


def _is_raw(column: ColumnFacts) -> bool:
    """Whether cells are bytes or nested, so that no values are known."""
    return bool(pa.types.is_binary(column.type) or pa.types.is_nested(column.type))


def _names_rows(column: ColumnFacts, target: Tied, like: str) -> str:
    """Why a column only tells the rows apart; empty when it tells more."""
    if column.filled < _ID_ROWS or column.distinct < _ALL_DIFFERENT * column.filled:
        return ""
    if column.number_share < _NUMBER_SHARE:
        return f"it {like}" if like else _why_text(column)
    return "it numbers the rows or names them" if _is_identifier(column, target) else ""


def _why_text(column: ColumnFacts) -> str:
    if column.words > _WORDS:
        return "it is free text, different in nearly every row"
    return "its values are nearly all different, so that it names the rows"


def _is_identifier(column: ColumnFacts, target: Tied) -> bool:
    """Whole numbers, nearly all different: with an id's name, or dense, or rising, or telling nothing of the target."""
    numbers = column.numbers[np.isfinite(column.numbers)]
    if not np.all(numbers == np.round(numbers)):
        return False
    if column.called_id:
        return True
    if column.distinct < len(numbers):
        return False
    dense = bool(np.ptp(numbers) < 2 * len(numbers))
    rising = bool(np.all(np.diff(numbers) > 0))
    return dense or rising or (len(numbers) >= 100 and not depends(column, target))
