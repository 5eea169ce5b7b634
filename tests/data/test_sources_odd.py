"""Odd files of every format: what no one writes on purpose is read as it is meant, or named, and never our fault."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from keepfit.data.sources.opening import Reading, open_source
from keepfit.errors import DataError


def table(path: Path, content: bytes | str | None = None, **reading: object) -> dict[str, list[object]]:
    """The cells of a file, written first where its content is given."""
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    opened = open_source((path,), Reading(path.parent, **{"target": "label", **reading}))
    return pa.Table.from_batches(list(opened.batches())).to_pydict()


# Text


@pytest.mark.parametrize("place", ["cell", "header", "late"])
@pytest.mark.parametrize("length", [131_073, 1_000_000])
def test_a_cell_of_any_length_is_one_cell(tmp_path: Path, place: str, length: int) -> None:
    """Python's own reader stops at 131,072 characters unless it is told otherwise."""
    long = "x" * length
    name = long if place == "header" else "a"
    before = "1,2\n" * (5_000 if place == "late" else 1)
    found = table(tmp_path / "x.csv", f'"{name}",b\n{before}"{long}",3\n4,5\n')
    assert [*found] == [name, "b"]
    assert [len(str(cell)) for cell in found[name][-2:]] == [length, 1]


@pytest.mark.parametrize("delimiter", [*"\\'~.a:#^ \t"])
def test_any_single_character_may_stand_between_cells(tmp_path: Path, delimiter: str) -> None:
    rows = [("x", "y"), ("1", "2"), ("3", "4")]
    content = "\n".join(delimiter.join(row) for row in rows)
    assert table(tmp_path / "x.csv", content, delimiter=delimiter) == {"x": ["1", "3"], "y": ["2", "4"]}


@pytest.mark.parametrize("encoding", ["hex", "base64", "rot13", "zip", "undefined", "klingon", "mbcs", "punycode"])
def test_an_encoding_that_is_none_of_text_is_named(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(DataError, match=f"source.encoding is '{encoding}', which is no known encoding.*utf-8"):
        table(tmp_path / "x.csv", "a,b\n1,2\n", encoding=encoding)


@pytest.mark.parametrize("encoding", ["utf-32", "utf-16"])
def test_a_text_without_the_mark_that_its_encoding_begins_with_is_said(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(DataError, match=rf"the text is not {encoding}: .*utf-16-le.*Name another source.encoding"):
        table(tmp_path / "x.csv", b"a,b\n1,2\n", encoding=encoding)


@pytest.mark.parametrize("delimiter", ["§", "，", "é"])
def test_a_delimiter_that_takes_several_bytes_is_refused(tmp_path: Path, delimiter: str) -> None:
    with pytest.raises(DataError, match=f"source.delimiter is '{delimiter}'.*one ASCII character"):
        table(tmp_path / "x.csv", f"a{delimiter}b\n1{delimiter}2\n", delimiter=delimiter)


@pytest.mark.parametrize("encoding", ["utf-32", "utf-16-le", "utf-7", "cp037", "koi8-r"])
def test_encodings_that_must_be_named_are_read(tmp_path: Path, encoding: str) -> None:
    content = "name,n\nAnna,1\nBob,2\n".encode(encoding)
    assert table(tmp_path / "x.csv", content, encoding=encoding) == {"name": ["Anna", "Bob"], "n": ["1", "2"]}


@pytest.mark.parametrize(
    ("content", "reading", "words"),
    [
        (b"\xef\xbb\xbf", {}, "empty"),
        ("1,2,3\n4,5,6\n", {"columns": ("a", "b")}, "source.columns names 2 columns, and the rows have 3 cells"),
        ("1,2\n3,4\n", {"columns": ("a", "a")}, 'column "a" is there 2 times'),
        ("a;b\n1;2\n", {"delimiter": ","}, "no delimiter was found.*source.delimiter"),
    ],
)
def test_what_a_table_of_text_cannot_be_is_said(
    tmp_path: Path, content: bytes | str, reading: dict[str, object], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        table(tmp_path / "x.csv", content, **reading)


@pytest.mark.parametrize(
    ("lines", "cells"),
    [
        ('{"a": true}\n{"a": null}', [True, None]),
        ('{"a": true}\n{"a": 1}', ["true", "1"]),
        ('{"a": 12345678901234567890}\n{"a": 1}', ["12345678901234567890", "1"]),
        ('{"a": []}\n{}', ["[]", None]),
    ],
)
def test_values_of_json_keep_what_they_say(tmp_path: Path, lines: str, cells: list[object]) -> None:
    assert table(tmp_path / "x.jsonl", lines) == {"a": cells}


# Parquet


def parquet(made: pa.Table) -> bytes:
    with io.BytesIO() as buffer:
        pq.write_table(made, buffer, compression="zstd")
        return buffer.getvalue()


def spoiled(content: bytes) -> bytes:
    """Whole at both ends, with rubbish where the first page begins."""
    return content[:4] + bytes(byte ^ 0x5A for byte in content[4:40]) + content[40:]


NUMBERS = pa.table({"a": np.arange(5000) ** 2, "label": ["x", "y"] * 2500})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (parquet(pa.table([[1], [2]], names=["a", "a"])), 'column "a" is there twice. Rename one'),
        (spoiled(parquet(NUMBERS)), "this Parquet file is damaged"),
        (b"PAR1" + bytes(50) + b"PAR1", "not a whole Parquet file"),
        (b"PAR1", "not a whole Parquet file"),
    ],
)
def test_parquet_that_cannot_be_read_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(DataError, match=rf"x\.parquet: .*{words}"):
        table(tmp_path / "x.parquet", content)


# idx


def idx(content: np.ndarray) -> bytes:
    return b"\0\0\x08" + bytes([content.ndim]) + struct.pack(f">{content.ndim}I", *content.shape) + content.tobytes()


PIXELS, LABELS = np.zeros((3, 4, 5), np.uint8), np.array([7, 0, 7], np.uint8)


@pytest.mark.parametrize(
    ("images", "labels", "words"),
    [
        (idx(PIXELS[:0]), idx(LABELS[:0]), "there is no picture in it"),
        (idx(PIXELS)[:9], idx(LABELS), "ends before the last picture or label"),
        (idx(PIXELS), idx(LABELS)[:-1], "ends before the last picture or label"),
        (idx(PIXELS)[:-1], idx(LABELS), "ends before the last picture or label"),
        (idx(PIXELS) + b"x", idx(LABELS), "more bytes than its header says"),
        (idx(LABELS), idx(LABELS), "no idx file of pictures: it begins with 00 00 08 01"),
        (idx(np.zeros((3, 4, 5, 2), np.uint8)), idx(LABELS), "said to be 4 × 5 × 2.*1 or 3 channels"),
        (idx(np.zeros((3, 0, 5), np.uint8)), idx(LABELS), "said to be 0 × 5"),
    ],
)
def test_idx_whose_header_does_not_fit_is_named(tmp_path: Path, images: bytes, labels: bytes, words: str) -> None:
    (tmp_path / "labels").write_bytes(labels)
    with pytest.raises(DataError, match=words):
        table(tmp_path / "images", images, labels=(tmp_path / "labels",))


def test_idx_files_of_one_source_hold_pictures_of_one_size(tmp_path: Path) -> None:
    for name, pixels in (("1", PIXELS), ("2", PIXELS.reshape(3, 5, 4))):
        (tmp_path / f"images{name}").write_bytes(idx(pixels))
        (tmp_path / f"labels{name}").write_bytes(idx(LABELS))
    files, labels = (tuple(tmp_path / f"{kind}{n}" for n in (1, 2)) for kind in ("images", "labels"))
    with pytest.raises(DataError, match="hold pictures of several sizes"):
        open_source(files, Reading(tmp_path, target="label", labels=labels))


# Zips


def png(level: int) -> bytes:
    with io.BytesIO() as buffer:
        Image.new("L", (4, 4), level).save(buffer, "PNG")
        return buffer.getvalue()


def zipped(folder: Path, more: tuple[str, ...] = (), spoil: Callable[[bytearray], None] | None = None) -> Path:
    path = folder / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("a/1.png", "b/2.png", *more):
            archive.writestr(zipfile.ZipInfo(name), png(len(name)))
    content = bytearray(path.read_bytes())
    if spoil:
        spoil(content)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", [".", "./", "a/", ".hidden.png", "__MACOSX/a/1.png", "notes.txt"])
def test_an_entry_that_is_no_picture_is_passed_over(tmp_path: Path, name: str) -> None:
    assert table(zipped(tmp_path, (name,)))["file"] == ["a/1.png", "b/2.png"]


def test_an_entry_without_a_name_is_passed_over(tmp_path: Path) -> None:
    def nameless(content: bytearray) -> None:
        """Cuts the third entry's name out of its two headers."""
        for mark, length_at, size in ((b"PK\3\4", 26, 30), (b"PK\1\2", 28, 46)):
            start = content.rindex(mark)
            content[start + length_at : start + length_at + 2] = b"\0\0"
            del content[start + size]
        end = content.rindex(b"PK\5\6")
        size, offset = struct.unpack("<II", content[end + 12 : end + 20])
        content[end + 12 : end + 20] = struct.pack("<II", size - 1, offset - 1)

    path = zipped(tmp_path, ("x",), nameless)
    assert zipfile.ZipFile(path).namelist() == ["a/1.png", "b/2.png", ""]
    assert table(path)["file"] == ["a/1.png", "b/2.png"]


def set_flag(content: bytearray) -> None:
    content[content.find(b"PK\1\2") + 8] |= 1


def set_method(content: bytearray) -> None:
    for mark, place in ((b"PK\1\2", 10), (b"PK\3\4", 8)):
        content[content.find(mark) + place] = 99


def set_pixel(content: bytearray) -> None:
    content[content.find(b"IDAT") + 6] ^= 255


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (set_flag, "entry is encrypted. Make the zip without a password"),
    ],
)
def test_an_entry_that_may_not_be_unpacked_is_named(
    tmp_path: Path, spoil: Callable[[bytearray], None], words: str
) -> None:
    with pytest.raises(DataError, match=rf"x\.zip, a/1\.png: this {words}"):
        table(zipped(tmp_path, spoil=spoil))


@pytest.mark.parametrize(("spoil", "words"), [(set_method, "not supported"), (set_pixel, "CRC")])
def test_an_entry_that_is_damaged_is_a_row_that_cannot_be_read(
    tmp_path: Path, spoil: Callable[[bytearray], None], words: str
) -> None:
    opened = open_source((zipped(tmp_path, spoil=spoil),), Reading(tmp_path, target="label"))
    assert [name for batch in opened.batches() for name in batch["file"].to_pylist()] == ["b/2.png"]
    (unread,) = opened.unread
    assert (unread.row, unread.where) == (1, "a/1.png")
    assert words in unread.reason
