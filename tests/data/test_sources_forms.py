"""Tables in every form that people hand over: each gives the rows it holds, or is named for what it is."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from keepfit.data.sources import excel
from keepfit.data.sources.opening import Opened, Reading, open_source
from keepfit.errors import DataError
from tests.data.workbooks import Date, Error, write_ods, write_xlsx

CSV = "age,city\n31,Rome\n,Oslo\n44,Rome\n"
ROWS = [{"age": "31", "city": "Rome"}, {"age": None, "city": "Oslo"}, {"age": "44", "city": "Rome"}]
FRAME = pa.table({"age": [31, None, 44], "city": ["Rome", "Oslo", "Rome"]})


def opened(path: Path, target: str = "city", **reading: object) -> Opened:
    scratch = path.parent / "scratch"
    scratch.mkdir(exist_ok=True)
    return open_source((path,), Reading(scratch, target=target, **reading))  # type: ignore[arg-type]


def rows(path: Path, **reading: object) -> list[dict[str, object]]:
    """The rows, with whole numbers as text whatever the form has them as."""
    found = [row for batch in opened(path, **reading).batches() for row in batch.to_pylist()]
    return [{name: _text(cell) for name, cell in row.items()} for row in found]


def _text(cell: object) -> object:
    whole = isinstance(cell, int | float) and float(cell).is_integer()
    return str(int(cell)) if whole else cell


def in_zip(path: Path, **files: str | bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def arrow(*, stream: bool) -> bytes:
    out = io.BytesIO()
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(out, FRAME.schema) as writer:
        writer.write_table(FRAME)
    return out.getvalue()


def parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(FRAME, out)
    return out.getvalue()


RECORDS = [{"age": 31, "city": "Rome"}, {"age": None, "city": "Oslo"}, {"age": 44, "city": "Rome"}]
ARFF = (
    "% a comment\n@RELATION people\n\n@attribute age NUMERIC\n@attribute 'city' {Rome, 'Oslo'}\n"
    "@data\n31,Rome\n?, 'Oslo'\n% between\n44,\"Rome\"\n"
)
FORMS: dict[str, str | bytes] = {
    "x.csv.bz2": bz2.compress(CSV.encode()),
    "x.csv.xz": lzma.compress(CSV.encode()),
    "twice.csv.xz": lzma.compress(CSV[:20].encode()) + lzma.compress(CSV[20:].encode()),
    "x.csv.gz": gzip.compress(CSV.encode()),
    "called.csv": bz2.compress(CSV.encode()),
    "x.feather": arrow(stream=False),
    "x.arrow": arrow(stream=True),
    "x.arrow.gz": gzip.compress(arrow(stream=False)),
    "no ending": arrow(stream=False),
    "x.parquet": parquet(),
    "called.txt": parquet(),
    "x.parquet.xz": lzma.compress(parquet()),
    "array.json": json.dumps(RECORDS),
    "pretty.json": json.dumps(RECORDS, indent=2),
    "utf16.json": json.dumps(RECORDS).encode("utf-16"),
    "bom.json": json.dumps(RECORDS).encode("utf-8-sig"),
    "lines.json": "\n".join(map(json.dumps, RECORDS)),
    "utf16.jsonl": "\n".join(map(json.dumps, RECORDS)).encode("utf-16"),
    "columns.json": json.dumps({"age": {"0": 31, "1": None, "2": 44}, "city": {"0": "Rome", "1": "Oslo", "2": "Rome"}}),
    "index.json": json.dumps({str(i): row for i, row in enumerate(RECORDS)}),
    "list.json": json.dumps({"age": [31, None, 44], "city": ["Rome", "Oslo", "Rome"]}),
    "split.json": json.dumps(
        {"columns": ["age", "city"], "index": [0, 1, 2], "data": [[31, "Rome"], [None, "Oslo"], [44, "Rome"]]}
    ),
    "inside.json": json.dumps({"count": 3, "results": RECORDS}),
    "x.arff": ARFF,
    "sparse.arff": ARFF.replace("31,Rome", "{0 31}")
    .replace("?, 'Oslo'", "{0 ?, 1 Oslo}")
    .replace('44,"Rome"', "{0 44}"),
    "fixed.txt": "age   city \n 31   Rome \n      Oslo \n 44   Rome \n",
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_the_same_rows(tmp_path: Path, name: str) -> None:
    content = FORMS[name]
    (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    assert rows(tmp_path / name) == ROWS


@pytest.mark.parametrize("write", [write_xlsx, write_ods])
def test_a_workbook_gives_the_first_sheet_that_is_a_table_and_names_the_others(
    tmp_path: Path, write: Callable[..., Path]
) -> None:
    sheet = [["age", "city"], [31, "Rome"], [None, "Oslo"], [44, "Rome"]]
    book = write(tmp_path / "book", {"Read me": [["hello"]], "People": sheet, "More": [["a", "b"], [1, 2]]})
    assert rows(book) == ROWS
    assert any('the sheet "People" is read, the others are not: Read me, More' in n for n in opened(book).notes)
    assert rows(book, sheet="More", target="b") == [{"a": "1", "b": "2"}]
    with pytest.raises(DataError, match=r"no sheet \"Poeple\".* Did you mean \"People\"\?"):
        opened(book, sheet="Poeple")


def test_cells_of_a_workbook_are_what_they_show(tmp_path: Path) -> None:
    cells = [[7.0, Date(45292), True, "007", Error("#N/A")], [1e300, Date(45292.5), False, "a\nb", 0.1], [None] * 5]
    book = write_xlsx(
        tmp_path / "x.xlsx",
        {"Secret": [["x", "y"], [1, 2]], "A": [["n", "when", "ok", "code", "odd"], *cells]},
        first_row=4,
        hidden=["Secret"],
    )
    assert rows(book, target="code") == [
        {"n": "7", "when": "2024-01-01", "ok": "true", "code": "007", "odd": None},
        {"n": "1e+300", "when": "2024-01-01 12:00:00", "ok": "false", "code": "a\nb", "odd": "0.1"},
    ]


def test_a_workbook_too_large_or_without_a_table_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="no sheet of this workbook holds a table"):
        opened(write_xlsx(tmp_path / "empty.xlsx", {"A": [], "B": [["x"]]}))
    monkeypatch.setattr(excel, "BYTES", 100)
    with pytest.raises(DataError, match="unpacks to"):
        opened(write_xlsx(tmp_path / "x.xlsx", {"A": [["a", "b"], [1, 2]]}))


# Folders and zips


def test_a_folder_and_a_zip_of_tables_are_one_table(tmp_path: Path) -> None:
    parts = {"2/b.csv": "city,age\nRome,44\n", "1.csv": CSV[: CSV.index("44")], "README.txt": "hi", "_x.csv": "no"}
    archive = in_zip(tmp_path / "people.zip", **parts, **{"__MACOSX/1.csv": "no"})
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(tmp_path / "people")
    for root in (archive, tmp_path / "people"):
        assert rows(root) == ROWS
        notes = opened(root).notes
        assert f"{root.name}: 2 files are read as one table." in notes
        assert f"{root.name}: passed over, as no part of the table: 1 .txt." in notes


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a.csv": CSV, "b.parquet": parquet()}, r"several kinds of tables: 1 .csv, 1 .parquet.* 'in(.zip)?/\*.csv'"),
        (
            {"train.csv": CSV, "test.csv": CSV},
            r"training and test files.* init in(.zip)?/train.csv --test in(.zip)?/test.csv",
        ),
        ({"data/train-0.parquet": parquet(), "data/test-0.parquet": parquet()}, "training and test files"),
        ({"a.data": CSV, "a.test": CSV}, "several kinds of tables"),
        ({"a.pdf": b"%PDF-1.4", "b.pdf": b"%PDF"}, "there is no table and no picture in it; it holds 2 .pdf"),
        ({"a.zip": b"PK\5\6" + bytes(18)}, "there is no table and no picture in it"),
        ({"a.csv": b""}, r"a\.csv.*the file is empty"),
    ],
)
def test_a_folder_or_zip_that_is_no_table_is_told(tmp_path: Path, files: dict[str, str | bytes], words: str) -> None:
    for name, content in files.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(content.encode() if isinstance(content, str) else content)
    in_zip(tmp_path / "in.zip", **files)
    for root in (tmp_path / "in", tmp_path / "in.zip"):
        with pytest.raises(DataError, match=words) as caught:
            rows(root)
        assert str(root) in str(caught.value)
        assert "scratch" not in str(caught.value)


def test_folders_called_key_value_are_columns(tmp_path: Path) -> None:
    for month, rest in (("2024-01", "a%2Fb"), ("__HIVE_DEFAULT_PARTITION__", "c")):
        folder = tmp_path / "sales" / f"month={month}" / f"shop={rest}" / "city=Bonn"
        folder.mkdir(parents=True)
        pq.write_table(FRAME.slice(0, 1), folder / "part-0.snappy.parquet")
        (folder / "_SUCCESS").touch()
    (tmp_path / "sales" / "_temporary").mkdir()
    (tmp_path / "sales" / "_temporary" / "0.parquet").write_bytes(b"PAR1")
    found = opened(tmp_path / "sales")
    assert found.columns == ("age", "city", "month", "shop")
    assert rows(tmp_path / "sales") == [
        {"age": "31", "city": "Rome", "month": "2024-01", "shop": "a/b"},
        {"age": "31", "city": "Rome", "month": None, "shop": "c"},
    ]
    assert "Columns from the folders' names: month, shop." in found.notes
    assert any('folders\' names also say "city"' in note for note in found.notes)


def test_an_index_of_pandas_is_no_column(tmp_path: Path) -> None:
    pq.write_table(FRAME.append_column("__index_level_0__", pa.array([5, 6, 7])), tmp_path / "x.parquet")
    found = opened(tmp_path / "x.parquet")
    assert found.columns == ("age", "city")
    assert found.notes == ("Left out, as an index of pandas and no column: __index_level_0__.",)
    assert opened(tmp_path / "x.parquet", target="__index_level_0__").columns == (
        *FRAME.column_names,
        "__index_level_0__",
    )


# Known, and not read

STRANGERS: dict[str, tuple[bytes, str]] = {
    "x.feather": (b"FEA1\0\0\0\0", "a file of Feather's first version"),
    "x.avro": (b"Obj\x01" + bytes(20), "an Avro file"),
    "x.orc": (b"ORC\x0a\x03\x00" + bytes(20), "an ORC file"),
    "x.sas7bdat": (bytes(12) + bytes.fromhex("c2ea8160b31411cfbd92080009c7318c181f1011"), "a SAS data set"),
    "x.xpt": (b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!", "a SAS transport file"),
    "x.dta": (b"<stata_dta><header>", "a Stata file"),
    "old.dta": (b"\x72\x02\x01\x00", "a Stata file"),
    "x.sav": (b"$FL2@(#) SPSS DATA FILE", "an SPSS file"),
    "x.h5": (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    "x.npy": (b"\x93NUMPY\x01\x00", "a NumPy array"),
    "x.pkl": (b"\x80\x04\x95\x00", "a Python pickle"),
    "x.db": (b"SQLite format 3\x00", r"an SQLite database.* --database sqlite:///"),
    "x.duckdb": (bytes(8) + b"DUCK", "a DuckDB database"),
    "x.mdb": (b"\x00\x01\x00\x00Standard Jet DB\x00", "a Microsoft Access database"),
    "x.pdf": (b"%PDF-1.7", "a PDF document"),
    "x.rtf": (b"{\\rtf1", "a Rich Text document"),
    "x.rds": (gzip.compress(b"X\n\x00\x00\x00\x03"), "an R data file"),
    "x.RData": (bz2.compress(b"RDX3\nX\n\x00"), "an R data file"),
    "x.mat": (b"MATLAB 5.0 MAT-file, Platform", "a Matlab file"),
    "x.7z": (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    "x.tar.gz": (gzip.compress(bytes(257) + b"ustar\x0000"), "a tar archive"),
    "x.lz4": (b"\x04\x22\x4d\x18", "packed in a way"),
    "page.xls": (b"<html><body><table>", "a web page"),
    "x.xml": (b"<?xml version='1.0'?><rows/>", "an XML document"),
    "lfs.csv": (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
    "x.png": (b"\x89PNG\r\n\x1a\n", "one picture"),
    "x.doc": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Word"),
    "broken.xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "no workbook that can be read"),
    "x.docx": (b"docx", "a Word document"),
}


@pytest.mark.parametrize("name", STRANGERS)
def test_what_is_known_and_not_read_is_named(tmp_path: Path, name: str) -> None:
    content, words = STRANGERS[name]
    if content == b"docx":
        in_zip(tmp_path / name, **{"word/document.xml": "<w/>", "[Content_Types].xml": "<T/>"})
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=words) as caught:
        opened(tmp_path / name)
    assert name in str(caught.value)
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize("header", ["ORCID", "PAR1", "MZ", "BZh9", "FEA1", "Obj", "GIF8", "CDF", "7z"])
def test_a_header_that_begins_like_another_format_is_a_header(tmp_path: Path, header: str) -> None:
    (tmp_path / "x.csv").write_text(f"{header},city\n1,Rome\n2,Oslo\n")
    assert opened(tmp_path / "x.csv").columns == (header, "city")
