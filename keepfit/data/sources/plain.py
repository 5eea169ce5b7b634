"""Any text as the readers want it: UTF-8, not compressed, without a mark."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from keepfit.data.sources.lines import chunks
from keepfit.data.sources.unpack import packing, unpacked
from keepfit.errors import DataError

_PLAIN = ("utf-8", "utf-8-sig", "ascii")
ODD = "keepfit.odd"
"""How bytes that an encoding does not know are decoded."""
codecs.register_error(ODD, lambda error: ("\udcff", error.end))  # type: ignore[attr-defined]


@contextmanager
def plain(file: Path, encoding: str, scratch: Path) -> Iterator[Path]:
    """The file, or a plain copy of it that is removed after use; a byte that the encoding does not know is no UTF-8."""
    if encoding in _PLAIN and packing(file) is None:
        yield file
        return
    with TemporaryDirectory(dir=scratch) as folder:
        copy = Path(folder) / "plain.csv"
        with unpacked(file) as stream, copy.open("wb") as out:
            for part in as_utf8(chunks(stream), encoding):
                out.write(part)
        yield copy


def as_utf8(parts: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """A text's bytes in UTF-8. What is UTF-8 already is given as it is, with its mark and what is wrong in it."""
    if encoding in _PLAIN:
        yield from parts
        return
    decoder = codecs.getincrementaldecoder(encoding)(ODD)
    try:
        for part in parts:
            yield decoder.decode(part).removeprefix("\ufeff").encode("utf-8", "surrogatepass")
        yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")
    except UnicodeError as error:  # not of single bytes, which are taken as they are
        raise DataError(
            f"the text is not {encoding}: {error}.",
            allowed="Text without a mark at its beginning is utf-16-le, utf-16-be, utf-32-le or utf-32-be.",
            todo="Name another source.encoding, or leave it out.",
        ) from error
