"""A file's lines as every reader counts them: they end at \\n, \\r\\n or \\r, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

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


def too_long(file: Path, line: int) -> DataError:
    """The error for a row that does not end."""
    return DataError(
        f"the row that begins here has more than {ROW_BYTES >> 20} MB.",
        todo="Look for a quote that is never closed, for other line ends, or whether this is a table at all.",
        where=f"{file}, line {line}",
    )
