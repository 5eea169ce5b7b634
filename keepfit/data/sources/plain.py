"""Any text as the fast reader wants it: UTF-8, not compressed, one character between cells."""

from __future__ import annotations

import codecs
import csv
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from keepfit.data.sources.dialect import Dialect, cut
from keepfit.data.sources.encoding import wrong_encoding
from keepfit.data.sources.unpack import packing, unpacked
from keepfit.errors import DataError

_PLAIN = ("utf-8", "utf-8-sig", "ascii")


@contextmanager
def plain(file: Path, dialect: Dialect, scratch: Path) -> Iterator[tuple[Path, Dialect]]:
    """The file and its dialect, or a plain copy of it that is removed after use, and the copy's dialect."""
    respaced = dialect.delimiter == " " or dialect.blanks
    if not respaced and dialect.encoding in _PLAIN and packing(file) is None:
        yield file, dialect
        return
    with TemporaryDirectory(dir=scratch) as folder:
        copy = Path(folder) / "plain.csv"
        if respaced:
            _write_cells(file, dialect, copy)
            yield copy, replace(dialect, encoding="utf-8", delimiter=",", quote='"', escape="", skip=0)
        else:
            _write_text(file, dialect, copy)
            yield copy, replace(dialect, encoding="utf-8")


def ragged(file: Path, line: int, cells: int, dialect: Dialect) -> DataError:
    """The error for a row that has too few cells or too many."""
    return DataError(
        f"this row has {cells} cells, and the others have {dialect.width}.",
        todo="Mend or delete that line, or put quotes around a cell that has the delimiter in it.",
        where=f"{file}, line {line}",
    )


def first_ragged(file: Path, dialect: Dialect) -> DataError | None:
    """The first row of a file that has not the number of cells of the others; a slow search, made for an error."""
    with unpacked(file) as stream, _text(stream, dialect) as text:
        for line, cells in _table(text, dialect):
            if len(cells) != dialect.width:
                return ragged(file, line, len(cells), dialect)
    return None


def first_undecodable(file: Path, dialect: Dialect) -> DataError | None:
    """The first line of a file that its encoding cannot read."""
    decoder = codecs.getincrementaldecoder(dialect.encoding)()
    line = 1
    with unpacked(file) as stream:
        while True:
            part = stream.read(1 << 20)
            try:
                line += decoder.decode(part, final=not part).count("\n")
            except UnicodeDecodeError as error:
                good = bytes(error.object[: error.start]).decode(dialect.encoding, "ignore")
                return wrong_encoding(file, dialect.encoding, line + good.count("\n"))
            if not part:
                return None


def _write_text(file: Path, dialect: Dialect, copy: Path) -> None:
    with unpacked(file) as stream, copy.open("wb") as out:
        if dialect.encoding in _PLAIN:
            shutil.copyfileobj(stream, out, 1 << 20)
            return
        with _text(stream, dialect) as text:
            line = 1
            try:
                while part := text.read(1 << 20):
                    out.write(part.encode())
                    line += part.count("\n")
            except UnicodeDecodeError as error:
                raise first_undecodable(file, dialect) or wrong_encoding(file, dialect.encoding, line) from error


def _write_cells(file: Path, dialect: Dialect, copy: Path) -> None:
    with unpacked(file) as stream, _text(stream, dialect) as text, copy.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        for line, cells in _table(text, dialect):
            if len(cells) != dialect.width and line > dialect.skip + 1:
                raise ragged(file, line, len(cells), dialect)
            writer.writerow(cells)


def _table(text: TextIOWrapper, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """The header, if there is one, and the rows, each with the line it ends on."""
    for _ in range(dialect.skip):
        text.readline()
    for line, cells in cut(text, dialect):
        yield line + dialect.skip, cells


def _text(stream: IO[bytes], dialect: Dialect) -> TextIOWrapper:
    return TextIOWrapper(stream, encoding=dialect.encoding, newline="")
