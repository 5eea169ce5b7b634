"""Which encoding a text is in, from its first bytes."""

from __future__ import annotations

import codecs
from pathlib import Path

from keepfit.errors import DataError

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def encoding_of(start: bytes, path: Path) -> str:
    """The encoding of a file that begins with `start`; UTF-8 unless the bytes say otherwise.

    Raises DataError for bytes that are no text.
    """
    for mark, name in _MARKS.items():
        if start.startswith(mark):
            return name
    if b"\0" in start:
        return _wide(start, path)
    if _reads(start, "utf-8"):
        return "utf-8"
    return "gb18030" if _looks_chinese(start) else "cp1252"


def check_encoding(name: str) -> str:
    """The encoding's name, if Python knows it."""
    try:
        return codecs.lookup(name).name
    except LookupError as error:
        raise DataError(
            f'source.encoding is "{name}", which is no known encoding.',
            allowed="For instance utf-8, utf-16, gb18030, cp1252, shift_jis, big5.",
        ) from error


def decode(start: bytes, encoding: str, path: Path) -> str:
    """The first bytes as text; a character cut off at the end is left out."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(start)
    except UnicodeDecodeError as error:
        raise wrong_encoding(path, encoding, 1 + start[: error.start].count(b"\n")) from error


def wrong_encoding(path: Path, encoding: str, line: int) -> DataError:
    """The error for a byte that the encoding does not know."""
    return DataError(
        f"a byte here is not {encoding}.",
        todo="Save the file as UTF-8, or name its encoding in source.encoding (such as cp1252 or gb18030).",
        where=f"{path}, line {line}",
    )


def _wide(start: bytes, path: Path) -> str:
    """UTF-16 without a mark: Latin letters, commas and line ends have one zero byte each, always on the same side."""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if max(even, odd) > 0.2 * len(start) / 2 and min(even, odd) < 0.1 * max(even, odd):
        return "utf-16-le" if odd > even else "utf-16-be"
    raise DataError(
        "this is not a text file: it has zero bytes in it.",
        allowed="CSV, TSV, JSON Lines, Parquet, idx, and folders or zips of pictures can be read.",
        where=str(path),
    )


def _reads(start: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(start)
    except UnicodeDecodeError:
        return False
    return True


def _looks_chinese(start: bytes) -> bool:
    """Chinese text is made of pairs of high bytes; in Western text a high byte mostly stands alone."""
    if not _reads(start, "gb18030"):
        return False
    text = codecs.getincrementaldecoder("gb18030")().decode(start)
    common = sum("\u4e00" <= c <= "\u9fff" and c.encode("gb18030")[1] >= 0xA1 for c in text)
    high = sum(byte >= 0x80 for byte in start)
    return 2 * common >= 0.6 * high
