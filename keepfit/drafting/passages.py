"""The draft of a language model: of plain text, or of a table's column of texts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from keepfit.config.sets import FEATURES
from keepfit.data.sources.locate import PLAIN, RANKS, format_of, is_hidden, locate, suffix_of, walk
from keepfit.data.sources.opening import Reading
from keepfit.data.sources.pieces import PIECE
from keepfit.drafting.drafted import Drafted, name_of, written
from keepfit.drafting.learnable import refuse_few
from keepfit.drafting.looking import Seen, head, look
from keepfit.drafting.suggestions import expectations_of
from keepfit.drafting.target import Asked, find_target, told_of
from keepfit.drafting.yaml_text import SourceLines, family_for, pipeline_text
from keepfit.errors import ConfigError
from keepfit.features.column import Choice, ColumnFacts, facts_of
from keepfit.features.lookup import kind_of
from keepfit.problems.target import Recognised

_PIECES = 300
"""A text is cut into so many, where they are of a good length then: each part of the split has some tens."""
_SHORTEST, _LONGEST = 64, 2048
_WORDS = 3
"""A column of fewer words on average is none of texts."""


def plan_passages(path: Path, named: str | None, place: Path, reading: Reading, problem: str) -> Drafted:
    """Look at plain text, or at a table whose texts are `named` or found by their length.

    Raises DataError where there is too little, ConfigError where no column is one of texts.
    """
    if _is_plain(path):
        return _of_plain_text(path, named or "text", place, reading, problem)
    seen = look(path, replace(reading, target=named or ""))
    columns = facts_of(seen.batches)
    where, headless = str(path), seen.opened.headless
    column = find_target(columns, named, where, headless=headless) if named else _longest(columns, where)
    source = SourceLines(written(path, place), encoding=reading.encoding, sheet=reading.sheet)
    return _drafted(path, seen, column, source, Asked(column, problem, Recognised(_told(column)), named=True))


def _is_plain(path: Path) -> bool:
    """Whether files have the endings of plain text, and in a folder none that of a table."""
    place = locate((path,))[0]
    if place.is_dir():
        endings = {suffix_of(name) for file in walk(place) if not is_hidden(name := file.relative_to(place))}
        return bool(endings & {*PLAIN}) and not endings & {*RANKS[0]}
    return suffix_of(place) in PLAIN and format_of(place) == "csv"


def _of_plain_text(path: Path, name: str, place: Path, reading: Reading, problem: str) -> Drafted:
    plain = replace(reading, target=name, format="text")
    characters = sum(len(text) for batch in look(path, plain).batches for text in batch[name].to_pylist())
    size = int(np.clip(2 ** round(np.log2(max(characters / _PIECES, 1))), _SHORTEST, _LONGEST))
    seen = look(path, replace(plain, piece=size))
    (column,) = (column for column in facts_of(seen.batches) if column.name == name)
    more = ("format: text", f"piece: {size}  # characters of a row, which ends with a line or a word")
    source = SourceLines(written(path, place), encoding=reading.encoding, more=more)
    found = Recognised(f"{characters:,} characters in {column.rows:,} pieces")
    return _drafted(path, seen, column, source, Asked(column, problem, found, named=True), PIECE)


def _longest(columns: list[ColumnFacts], where: str) -> ColumnFacts:
    found = max(columns, key=_words)
    if _words(found) < _WORDS:
        raise ConfigError(
            "no column is one of texts.",
            allowed=f"There are: {', '.join(column.name for column in columns[:40])}.",
            todo="Name the one to learn from with --target.",
            where=where,
        )
    return found


def _words(column: ColumnFacts) -> float:
    """Words of a value on average; none of one that reads as numbers or holds bytes."""
    return column.words if column.values and column.number_share <= 0.5 else 0.0


def _told(column: ColumnFacts) -> str:
    return f"{column.filled:,} texts of {_words(column):,.0f} words on average"


def _drafted(path: Path, seen: Seen, column: ColumnFacts, source: SourceLines, asked: Asked, time: str = "") -> Drafted:
    refuse_few(asked, str(path))
    kind = next(kind for kind in FEATURES.names() if kind_of(kind).is_passage)
    choice = Choice(column.name, kind, "the text is asked of itself, so this is the target")
    first = head(path, column.rows, seen)
    text = pipeline_text(name_of(path), source, asked, [choice], family_for([kind]), first, time=time)
    lines = expectations_of({}, {column.name: column}, column, asked.problem)
    told = [] if time else told_of(column, column.name)
    return Drafted(text, lines, column.name, 1, [asked.sentence, *seen.opened.notes, *told])
