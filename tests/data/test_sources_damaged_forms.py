"""JSON documents, ARFF, text of fixed width and packed files: what is damaged is named, and what is not is read."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from keepfit.data.sources import tables, unpack
from keepfit.errors import DataError
from tests.data.test_sources_forms import CSV, in_zip, opened, rows

# JSON documents and ARFF that are none


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('[{"a": 1},', "ends behind row 1"),
        ('[{"a": 1}, {"a": ', "row 2 is damaged, and no other begins behind it"),
        ('[{"a": 1}], {"a": 2}]', "something stands behind the array's end, which is behind row 1"),
        ("[" * 10_000, "row 1"),
        ("{" + '"a": [' * 10_000, "JSON"),
        ('{"a": [1], "a": [2]}', '"a" is there twice'),
        ('{"a": {"b": {"c": 1}}, "d": 2}', "no table by columns that we know"),
        ('{"a": {"x": 1}, "b": {"x": 2}}', "whether its outer keys are columns or rows"),
        ('[{"a": 1, "a": 2}]', '"a" is there twice'),
        ('{"columns": ["a", "b"], "data": [[1, 2], [3]]}', "row 2 does not have 2 cells"),
        ('[{"a": "\\ud800"}]', "row 1"),
        (f'[{{"a": {"9" * 6000}}}]', "row 1"),
        ("[1, 2]", "row 1: not one of its lines is an object"),
        (b'[{"a": "\xe9"}]', "not utf-8|not cp1252|is read|row"),
    ],
)
def test_a_json_document_that_is_no_table_is_told(tmp_path: Path, content: str | bytes, words: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(DataError, match=words) as caught:
        if rows(path, target="") == [{"a": "é"}]:
            raise DataError("is read", where=str(path))
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    ("damaged", "why"),
    [
        ('{"a": }', "it is not JSON"),
        ('{"a": "x', "it is not JSON"),
        ('{"a": 1', "it is not JSON"),
        ('{"a": 1}}', "it is not JSON"),
        ('{"a": , "b": [{"c": 1}, {"c": 2}]}', "it is not JSON"),
        ("", "it is not JSON"),
        ("7", "it is not an object"),
        ("[" * 50_000, "it "),
        ('{"a": ' + "9" * 6_000 + "}", "it cannot be taken in"),
        ('{"a": "\\ud800"}', "it holds half a character"),
        ('{"a": 1, "a": 2}', "it cannot be taken in"),
        (b'{"a": "\xe9"}', "a byte in it is not UTF-8"),
        ('{"a": "' + "x" * 3_000_000 + "}", "it is not JSON"),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_damaged_element_of_an_array_is_unread_and_named(
    tmp_path: Path, damaged: str | bytes, why: str, place: int
) -> None:
    elements = [f'{{\n "a": "é{n}"}}'.encode() for n in range(3)]
    place = place if damaged else min(place, 2)  # at the end that is a comma too many, and no row
    elements.insert(place, damaged if isinstance(damaged, bytes) else damaged.encode())
    (tmp_path / "x.json").write_bytes(b"[" + b" ,\n".join(elements) + b"\n]\n")
    found = opened(tmp_path / "x.json")
    assert [a for batch in found.batches() for a in batch["a"].to_pylist()] == ["é0", "é1", "é2"]
    (gone,) = found.unread
    assert (gone.row, gone.where) == (place + 1, f"x.json, row {place + 1}")
    assert gone.reason.startswith(why)


def test_objects_of_an_array_need_no_comma_between_them(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('[{"a": 1} {"a": 2},]')
    assert rows(tmp_path / "x.json") == [{"a": "1"}, {"a": "2"}]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("@relation x\n@attribute bag relational\n", "line 2: this attribute is relational"),
        ("@relation x\n@attribute a\n@data\n1\n", "line 2: this attribute has no name or no type"),
        ("@relation x\n@attribute a numeric\n@attribute b numeric\n@data\n1\n", "line 5: this row has 1 cells"),
        ("@relation x\n@attribute a numeric\n@data\n{7 1}\n", "line 4: there is no attribute 7"),
        ("@relation x\nage numeric\n", "line 2: this line is none of ARFF's header"),
        ("@relation x\n@attribute a numeric\n", "there is no @data"),
    ],
)
def test_arff_that_is_no_table_is_told(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "x.arff").write_text(content)
    with pytest.raises(DataError, match=words):
        rows(tmp_path / "x.arff")


def test_what_is_wrong_in_arff_is_told_by_the_files_own_line(tmp_path: Path) -> None:
    head = f"% {'-' * 200}\n@relation x\n\n@attribute a numeric\n@attribute b {{x,y}}\n@data\n% more\n1,x\n\n"
    (tmp_path / "x.arff").write_text(f"{head}2,'y\0'\n?,?\n3,y\n")
    found = opened(tmp_path / "x.arff")
    assert [batch.to_pylist() for batch in found.batches()] == [
        [{"a": "1", "b": "x"}, {"a": None, "b": None}, {"a": "3", "b": "y"}]  # one without a value is a row too
    ]
    (gone,) = found.unread
    assert (gone.row, gone.where) == (2, "x.arff, line 10")
    (tmp_path / "x.arff").write_text(head.replace("b {x", "a {x"))
    with pytest.raises(DataError, match=r'x.arff, line 6: the column "a" is there 2 times'):
        opened(tmp_path / "x.arff")


@pytest.mark.parametrize("ending", ["arff", "txt"])
def test_a_last_line_without_an_end_is_refused_in_bounded_memory(tmp_path: Path, ending: str) -> None:
    heads = {
        "arff": "@relation x\n@attribute a numeric\n@data\n" + "1\n" * 200_000,
        "txt": " age   city\n" + "".join(f"{i:>4}   {'Rome' if i % 2 else '    '}\n" for i in range(60_000)),
    }
    path = tmp_path / f"x.{ending}.gz"
    with gzip.open(path, "wt") as file:
        file.write(heads[ending])
        for _ in range(30):
            file.write(" " * (1 << 20))
    with pytest.raises(DataError, match=r"line \d+: the row that begins here has more than 8 MB"):
        rows(path)


def test_a_row_that_leaves_its_columns_of_fixed_width_is_told(tmp_path: Path) -> None:
    body = "".join(f"{i:>4}   {'Rome' if i % 2 else '    '}\n" for i in range(60_000))
    (tmp_path / "x.txt").write_text(f" age   city\n{body}   1 xx Oslo\n")
    with pytest.raises(DataError, match=r"x.txt, line 60002: something stands at 6-7"):
        rows(tmp_path / "x.txt")


# Zips that mean harm, or are harmed


def hostile_zip(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name)


@pytest.mark.parametrize("name", ["../../x.csv", "/etc/x.csv", "a\\..\\x.csv", "C:x.csv", "..csv", "x\u202e.csv"])
def test_what_an_entry_is_called_leads_nowhere(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(hostile_zip(name), CSV)
        archive.writestr("y.csv", CSV)
    before = {p for p in tmp_path.rglob("*") if "scratch" not in str(p)}
    with suppress(DataError):
        assert len(rows(tmp_path / "x.zip")) in (3, 6)
    assert {p for p in tmp_path.rglob("*") if "scratch" not in str(p)} == before


def test_a_bomb_a_password_and_an_unknown_packing_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = in_zip(tmp_path / "x.zip", **{"x.csv": CSV * 50}).read_bytes()
    at = good.index(b"PK\1\2")
    for change, words in (((8, 1), "password"), ((10, 99), "cannot be unpacked"), ((16, 7), "cannot be unpacked")):
        offset, value = change
        (tmp_path / "y.zip").write_bytes(good[: at + offset] + bytes([value]) + good[at + offset + 1 :])
        with pytest.raises(DataError, match=words):
            rows(tmp_path / "y.zip")
    monkeypatch.setattr(tables, "FREE", 100)
    monkeypatch.setattr(tables, "RATIO", 2)
    with pytest.raises(DataError, match="looks like a bomb"):
        rows(tmp_path / "x.zip")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress], ids=["gzip", "bzip2", "xz"])
def test_packed_files_that_are_cut_or_bombs_are_told(
    tmp_path: Path, pack: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = pack((CSV * 3000).encode())
    for content in (packed[:-9], packed[: len(packed) // 2], packed[:40] + b"\xff\xff\xff" + packed[43:]):
        (tmp_path / "x.csv").write_bytes(content)
        with pytest.raises(DataError, match=r"x\.csv.*(truncated or damaged)"):
            rows(tmp_path / "x.csv")
    monkeypatch.setattr(unpack, "FREE", 1000)
    monkeypatch.setattr(unpack, "RATIO", 2)
    (tmp_path / "x.csv").write_bytes(packed)
    with pytest.raises(DataError, match="looks like a bomb"):
        rows(tmp_path / "x.csv")
