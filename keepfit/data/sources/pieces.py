"""Plain text as rows: pieces of about one size in their order, each with its number."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from io import TextIOWrapper
from itertools import chain, islice
from pathlib import Path

import pyarrow as pa

from keepfit.data.sources.encoding import check_encoding, encoding_of
from keepfit.data.sources.opening import Opened, Reading
from keepfit.data.sources.unpack import unpacked
from keepfit.errors import DataError

PIECE = "piece"
"""The column of a piece's number, from 0."""
_HEAD = 4 << 20
_PART = 1 << 20
_BATCH = 4096


def open_pieces(files: tuple[Path, ...], reading: Reading) -> Opened:
    """Open text files: the column that the target names holds their text, file behind file.

    A piece ends with a line or a word, where one ends in its second half. Raises DataError for an empty file.
    """
    encodings = [_encoding(file, reading) for file in files]
    batches = partial(_batches, files, encodings, reading)
    return Opened((reading.target, PIECE), files, batches, dialect={"encoding": encodings[0]})


def _encoding(file: Path, reading: Reading) -> str:
    with unpacked(file) as stream:
        start = stream.read(_HEAD)
    if not start.strip(b"\0\r\n\t \xef\xbb\xbf\xff\xfe"):
        raise DataError("the file is empty.", todo="Give one with text in it.", where=str(file))
    return check_encoding(reading.encoding) if reading.encoding else encoding_of(start, file)


def _batches(files: tuple[Path, ...], encodings: list[str], reading: Reading) -> Iterator[pa.RecordBatch]:
    read = (cut(_text(file, encoding), reading.piece) for file, encoding in zip(files, encodings, strict=True))
    pieces, first = chain.from_iterable(read), 0
    while some := list(islice(pieces, _BATCH)):
        numbers = pa.array(range(first, first + len(some)), pa.int64())
        yield pa.RecordBatch.from_arrays([pa.array(some, pa.string()), numbers], names=[reading.target, PIECE])
        first += len(some)


def _text(file: Path, encoding: str) -> Iterator[str]:
    """Its characters as they come, lines ended as on Unix. Raises DataError for what is not in the encoding."""
    try:
        with unpacked(file) as stream, TextIOWrapper(stream, encoding=encoding) as text:
            while part := text.read(_PART):
                yield part.removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise DataError(
            f"the text is not {encoding}: {error.reason}.", todo="Name its source.encoding.", where=str(file)
        ) from error


def cut(parts: Iterator[str], size: int) -> Iterator[str]:
    """Pieces of at most `size` characters."""
    held = ""
    for part in parts:
        held += part
        while len(held) > 2 * size:
            end = _end(held, size)
            yield held[:end]
            held = held[end:]
    while held:
        end = _end(held, size)
        yield held[:end]
        held = held[end:]


def _end(text: str, size: int) -> int:
    """Where the first piece ends."""
    if len(text) <= size:
        return len(text)
    ends = (text.rfind(mark, size // 2, size) + 1 for mark in ("\n", " "))
    return next((end for end in ends if end), size)
