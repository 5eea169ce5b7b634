"""A file's lines as every reader counts them: they end at \\n, \\r\\n or \\r, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import IO

from keepfit.data.sources.encoding import wrong_encoding
from keepfit.data.sources.unpack import unpacked
from keepfit.errors import DataError

ROW_BYTES = 8 << 20
"""A row of more bytes is refused: it is no table's, and memory is bounded by it."""
_CHUNK = 1 << 20


def chunks(stream: IO[bytes], size: int | None = None) -> Iterator[bytes]:
    """The next `size` bytes of a stream, or all that are left, a MB at a time."""
    left = size
    while content := stream.read(_CHUNK if left is None else min(_CHUNK, left)):
        left = left if left is None else left - len(content)
        yield content


def lines_of(parts: Iterable[bytes], file: Path, line: int = 1) -> Iterator[bytes]:
    """The lines with their ends; `line` is the number of the first. Raises DataError for one that is too long."""
    rest = b""
    for part in parts:
        cut = (rest + part).splitlines(keepends=True)  # of bytes: at line ends alone, not at U+2028, \x0b, \x0c
        rest = cut.pop() if cut and not cut[-1].endswith(b"\n") else b""
        yield from cut
        line += len(cut)
        if len(rest) > ROW_BYTES:
            raise too_long(file, line)
    if rest:
        yield rest


def text_lines(file: Path, encoding: str) -> Iterator[tuple[int, str]]:
    """The lines of a text, packed or not, numbered from 1, without their ends.

    Raises DataError for one that is too long, or that has a byte that the encoding does not know.
    """
    number = 0
    try:
        with unpacked(file) as stream, TextIOWrapper(stream, encoding=encoding) as text:
            while line := text.readline(ROW_BYTES + 1):
                number += 1
                if len(line) > ROW_BYTES:
                    raise too_long(file, number)
                yield number, line.rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise wrong_encoding(file, encoding, number + 1) from error


def too_long(file: Path, line: int) -> DataError:
    """The error for a row that does not end."""
    return DataError(
        f"the row that begins here has more than {ROW_BYTES >> 20} MB.",
        todo="Look for a quote that is never closed, for other line ends, or whether this is a table at all.",
        where=f"{file}, line {line}",
    )
