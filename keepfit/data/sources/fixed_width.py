"""Text of fixed width: columns that only blanks running through all rows tell apart."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path

from keepfit.data.sources.copies import by_copy, of_copy, write_rows
from keepfit.data.sources.encoding import check_encoding, encoding_of
from keepfit.data.sources.lines import text_lines
from keepfit.data.sources.opening import Opened, Reading
from keepfit.data.sources.text import open_text
from keepfit.data.sources.unpack import head
from keepfit.errors import DataError

_HEAD = 1 << 18
_FEW = 10
"""In fewer lines than this a single blank may run through by chance; two side by side hardly do."""
_DELIMITERS = ",;\t|"

Spans = list[tuple[int, int]]
"""From and to of each column, counted from 0."""


def spans_of(file: Path, reading: Reading) -> Spans:
    """The columns, where blanks alone tell them apart and some cells are empty or hold blanks themselves; or none."""
    start = head(file, _HEAD)
    try:
        text = start.decode(_encoding(file, start, reading), "replace")
    except DataError:
        return []
    lines = text.splitlines() if len(start) < _HEAD else text.splitlines()[:-1]
    filled = [line for line in lines if line.strip()]
    if len(filled) < 3 or len({len(line.split()) for line in filled}) == 1 or _is_delimited(filled):
        return []
    found = _spans(filled)
    gaps = [after[0] - before[1] for before, after in pairwise(found)]
    return found if len(found) > 1 and (len(filled) >= _FEW or min(gaps) > 1) else []


def open_fixed(files: tuple[Path, ...], spans: Spans, reading: Reading) -> Opened:
    """Open files whose columns stand at these places."""
    return by_copy(files, partial(_write, spans, reading), open_text, of_copy(reading))


def _encoding(file: Path, start: bytes, reading: Reading) -> str:
    return check_encoding(reading.encoding) if reading.encoding else encoding_of(start, file)


def _is_delimited(lines: list[str]) -> bool:
    return any(2 * sum(mark in line for line in lines) > len(lines) for mark in _DELIMITERS)


def _spans(lines: list[str]) -> Spans:
    width = max(map(len, lines))
    inked = [False] * (width + 1)
    for line in lines:
        for place, mark in enumerate(line):
            inked[place] = inked[place] or mark != " "
    edges = [place for place in range(width + 1) if inked[place] != (place > 0 and inked[place - 1])]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _write(spans: Spans, reading: Reading, file: Path, copy: Path) -> str:
    write_rows(_rows(spans, reading, file), copy)
    places = ", ".join(f"{start + 1}-{end}" for start, end in spans[:10])
    return (
        f"{file.name} has no delimiter: it is read as {len(spans)} columns of fixed width, told apart by the blanks "
        f"that run through all rows ({places}{' …' if len(spans) > 10 else ''})."
    )


def _rows(spans: Spans, reading: Reading, file: Path) -> Iterator[list[str]]:
    ends = [*(start for start, _ in spans[1:]), None]
    for number, line in text_lines(file, _encoding(file, head(file, _HEAD), reading)):
        for (_, end), after in zip(spans, ends, strict=True):
            if after is not None and line[end:after].strip():
                raise DataError(
                    f"something stands at {end + 1}-{after}, where all rows above have blanks.",
                    todo="Save it as CSV, or mend that line.",
                    where=f"{file}, line {number}",
                )
        yield [line[start:after].strip() for (start, _), after in zip(spans, ends, strict=True)]
