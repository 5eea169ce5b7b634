"""Which encoding a text is in, from its first bytes."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from keepfit.data.sources.alphabets import by_letters
from keepfit.data.sources.han import by_characters
from keepfit.errors import DataError

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before that of UTF-16, with which it begins
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
_PAIRED = ["cp932", "euc_jp", "cp949", "gb18030", "big5"]
_NO_TEXT = {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape"}
_WORD = re.compile(rb"[^\x00-@\[-`{-\x7f]*[\x80-\xff][^\x00-@\[-`{-\x7f]*")
_CELL = re.compile(rb"[^\n\r,;\t\"|]*[\x80-\xff][^\n\r,;\t\"|]*")
_RUN = re.compile(rb"[\x80-\xff]+")
_ODD, _BEYOND = re.compile("[\udc80-\udcff]"), re.compile("[^\x00-\x7f]")
_FEW, _UNLIKE = 6, -4.0
_MANY = 2_000
"""So many different words tell."""


def encoding_of(start: bytes, path: Path) -> str:
    """The encoding of a file that begins with `start`; UTF-8 unless the bytes say otherwise.

    Raises DataError for bytes that are no text.
    """
    for mark, name in _MARKS.items():
        if start.startswith(mark):
            return name
    if b"\0" in start:
        if wide := _wide(start):
            return wide
        if 100 * start.count(0) > len(start):
            raise _no_text(start, path)
    return "utf-8" if _is_utf8(start) else _legacy(start)


def check_encoding(name: str) -> str:
    """The encoding's name, if Python knows it and it is one of texts."""
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        found = None
    if found is None or not getattr(found, "_is_text_encoding", True) or found.name.replace("-", "_") in _NO_TEXT:
        raise DataError(
            f"source.encoding is {name[:60]!r}, which is no known encoding of texts.",
            allowed="For instance utf-8, utf-16, gb18030, cp1252, shift_jis, big5.",
        )
    return found.name


def wrong_encoding(path: Path, encoding: str, line: int, text: str = "") -> DataError:
    """The error for a byte that the encoding does not know, in a text if it is a name that cannot be left out."""
    return DataError(
        f"a byte in {text.encode('utf-8', 'replace').decode()[:60]!r} is not {encoding}."
        if text
        else f"a byte here is not {encoding}.",
        todo="Save the file as UTF-8, or name its encoding in source.encoding (--encoding of keepfit init).",
        where=f"{path}, line {line}",
    )


def _no_text(start: bytes, path: Path) -> DataError:
    before = start[: start.index(0)]
    line, column = before.count(b"\n") + 1, len(before) - (before.rfind(b"\n") + 1) + 1
    return DataError(
        "this is not a text file: it has zero bytes in it.",
        allowed="CSV, TSV, JSON Lines, Parquet, idx, and folders or zips of pictures can be read.",
        where=f"{path}, line {line}, column {column}",
    )


def _wide(start: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: as text it has line ends and commas, and no zero."""
    for name in _WIDE:
        try:
            text = codecs.getincrementaldecoder(name)().decode(start)
        except UnicodeDecodeError:
            continue
        plain = sum(c < "\x80" for c in text)
        if plain > 0.05 * len(text) and 100 * text.count("\0") <= len(text) and {"\n", "\r"} & set(text):
            return name
    return None


def _is_utf8(start: bytes) -> bool:
    """Whether a text is UTF-8, some bytes in it perhaps apart: a file is often put together from others."""
    text = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(start)
    odd = len(_ODD.findall(text))
    return odd == 0 or len(_BEYOND.findall(text)) >= 2 * odd


def _legacy(start: bytes) -> str:
    """An older encoding: one of single bytes if its letters are a language's, else one of pairs, if it has many.

    Greek, Cyrillic and Hebrew words have odd numbers of letters as often as even ones; where all are even, pairs are
    likelier, unless there are few and they read well.
    """
    words = sorted({*_WORD.findall(start)})[:_MANY]
    if paired := by_characters(sorted({*_CELL.findall(start)})[:_MANY]):  # a pair's second byte may be a sign of ASCII
        return paired
    found = by_letters(words)
    even = all(len(run) % 2 == 0 for word in words for run in _RUN.findall(word))
    if found and not (even and (len(words) >= _FEW or found[1] < _UNLIKE)):
        return found[0]
    return _paired(start) or (found[0] if found else "cp1252")


def _paired(start: bytes) -> str | None:
    from charset_normalizer import from_bytes

    cells = sorted({*_CELL.findall(start)})[:_MANY]
    best = from_bytes(b"\n".join(cells), cp_isolation=_PAIRED).best()
    if best is None:
        return None
    high = sum(byte >= 0x80 for cell in cells for byte in cell)
    wide = sum(c > "\u2e7f" for c in str(best))
    return str(best.encoding) if high >= 8 and 2 * wide >= 0.6 * high else None
