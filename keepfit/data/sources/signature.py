"""What a file is by its first bytes, whatever its name: one of our formats, or a known one that is not read."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from keepfit.data.sounds import starts_as_recording
from keepfit.errors import DataError

HEAD = 4096
"""Bytes looked at."""
_FRAME = "in Python: pandas.{}(…).to_parquet('data.parquet')"
_UNPACK = "Unpack it, and name what is in it"
_EXPORT = "Export the table as CSV or Parquet"
_BINARY = rb"[\0-\x08\x0e-\x1f\x80-\xff]"
"""A column of a CSV file may be called PAR1."""
_READ = {
    "idx": rb"\0\0\x08[\x01\x03\x04]",
    "parquet": rb"PAR1" + _BINARY,
    "arrow": rb"ARROW1\0\0|\xff\xff\xff\xff[\s\S]{4}[\s\S]\0\0\0",
    "excel": rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "zip": rb"PK\x03\x04|PK\x05\x06",
    "ts": rb"(?i)(\xef\xbb\xbf)?(#[^\n]*\n|\s*\n)*@problemname\b",
    "arff": rb"(?i)(\xef\xbb\xbf)?(\s*%[^\n]*\n|\s+)*@relation\b",
}
_UNREAD = (
    (rb"FEA1\0", "a file of Feather's first version", _FRAME.format("read_feather")),
    (rb"Obj\x01", "an Avro file", _FRAME.format("DataFrame(fastavro.reader")),
    (rb"ORC[\s\S]{0,400}?\0", "an ORC file", _FRAME.format("read_orc")),
    (rb"PARE" + _BINARY, "an encrypted Parquet file", "Write it without encryption"),
    (rb"\0{12}\xc2\xea\x81\x60\xb3\x14\x11\xcf\xbd\x92\x08\0", "a SAS data set", _FRAME.format("read_sas")),
    (rb"HEADER RECORD\*{7}LIB", "a SAS transport file", _FRAME.format("read_sas")),
    (rb"<stata_dta>|[\x6e-\x73][\x01\x02]\x01\0", "a Stata file", _FRAME.format("read_stata")),
    (rb"\$FL[23]@", "an SPSS file", _FRAME.format("read_spss")),
    (rb"[\s\S]{40}ASCII SPSS PORT FILE|ASCII SPSS PORT FILE", "an SPSS portable file", "Save it as CSV in SPSS"),
    (rb"\x89HDF\r\n\x1a\n", "an HDF5 file", _FRAME.format("read_hdf")),
    (rb"\x93NUMPY", "a NumPy array", "in Python: numpy.savez('data.npz', series=numpy.load(…), label=…)"),
    (rb"\x80[\x02-\x05][\x95}\]\x8ac(]", "a Python pickle, which may run any program when it is opened",
     "If you trust it, " + _FRAME.format("read_pickle")),
    (rb"SQLite format 3\0", "an SQLite database", "keepfit init --database sqlite:///FILE --table NAME"),
    (rb"[\s\S]{8}DUCK", "a DuckDB database", "COPY the table TO 'data.parquet' in DuckDB"),
    (rb"\0\x01\0\0Standard (Jet|ACE) DB", "a Microsoft Access database", _EXPORT),
    (rb"%PDF-", "a PDF document", _EXPORT + " where the PDF was made"),
    (rb"\{\\rtf", "a Rich Text document", "Save the table in it as CSV"),
    (rb"RD[XA][23]\n|[XA]\n\0\0\0[\x02\x03]", "an R data file", "in R: arrow::write_parquet(table, 'data.parquet')"),
    (rb"MATLAB 5\.0 MAT-file", "a Matlab file", "in Matlab: writetable or parquetwrite"),
    (rb"CDF[\x01\x02\x05]", "a NetCDF file",
     "in Python: xarray.open_dataset(…).to_dataframe().to_parquet('data.parquet')"),
    (rb"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (rb"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (rb"[\s\S]{257}ustar", "a tar archive", _UNPACK),
    (rb"\x04\x22\x4d\x18|\x1f\x9d|\xff\x06\0\0sNaPpY|LZIP\x01", "packed in a way that is not read",
     "Unpack it, or pack it with gzip, bzip2, xz or zstd"),
    (rb"(?i)(\xef\xbb\xbf)?\s*(<!doctype html|<html|<table)", "a web page",
     "Open it in a spreadsheet and save it as CSV"),
    (rb"(\xef\xbb\xbf)?\s*<\?xml", "an XML document",
     "Open it in a spreadsheet and save it as CSV, or in Python: pandas.read_xml(…).to_parquet('data.parquet')"),
    (rb"version https://git-lfs", "the pointer to a file that Git LFS keeps", "git lfs pull"),
    (rb"\x7fELF|MZ[\0-\x08\x0e-\x1f\x80-\xff]|\xca\xfe\xba\xbe", "a program", ""),
)  # fmt: skip
_PICTURE = rb"\x89PNG|\xff\xd8\xff|GIF8[79]a|BM[\s\S]{4}\0\0\0\0|II\*\0|MM\0\*|RIFF[\s\S]{4}WEBP"


def form_by(start: bytes, path: Path) -> str | None:
    """The format that the first bytes tell; None for text and what is unknown. Raises DataError for a known stranger.

    A zip may be several things: see `of_zip`.
    """
    found = next((form for form, magic in _READ.items() if re.match(magic, start)), None)
    if found == "excel" and path.suffix.lower() in (".doc", ".ppt", ".msg", ".msi"):
        raise stranger(path, "an old Word, PowerPoint or Outlook file", "Save the table in it as CSV")
    if found:
        return found
    if re.match(_PICTURE, start):
        raise stranger(path, "one picture", "Name a folder or zip with a folder of pictures for each class")
    if starts_as_recording(start):
        raise stranger(path, "one recording", "Name a folder or zip with a folder of recordings for each class")
    for magic, name, todo in _UNREAD:
        if re.match(magic, start):
            raise stranger(path, name, todo)
    return None


def of_zip(path: Path) -> str:
    """What a zip file is: excel for a workbook, npz for arrays, archive for files packed together.

    Raises DataError for a document.
    """
    names = zip_names(path)
    if "xl/workbook.xml" in names or "xl/workbook.bin" in names:
        return "excel"
    if "content.xml" in names and "mimetype" in names:
        if b"spreadsheet" in _mimetype(path):
            return "excel"
        raise stranger(path, "an OpenDocument text or drawing", "Save the table in it as CSV")
    for inside, name in (("word/document.xml", "a Word document"), ("ppt/presentation.xml", "a PowerPoint file")):
        if inside in names:
            raise stranger(path, name, "Save the table in it as CSV")
    if names and all(name.endswith(".npy") for name in names):
        return "npz"
    if any(name.endswith("data.pkl") for name in names):
        raise stranger(path, "a PyTorch checkpoint", "Name a table")
    return "archive"


def zip_names(path: Path) -> list[str]:
    """The names of a zip's files. Raises DataError for one that is not whole."""
    try:
        with zipfile.ZipFile(path) as archive:
            return [info.filename for info in archive.infolist() if not info.filename.endswith("/")]
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, UnicodeDecodeError) as error:
        raise not_whole(path, error) from error


def not_whole(path: Path, error: Exception) -> DataError:
    """The error for a zip that cannot be opened."""
    return DataError(
        f"this is not a whole zip file ({str(error).rstrip('.')[:200]}).", todo="Copy it again.", where=str(path)
    )


def stranger(path: Path, name: str, todo: str) -> DataError:
    """The error for a file that is known for what it is, and is not read."""
    return DataError(
        f"this is {name}.",
        allowed="Read are CSV and its relatives, JSON, Parquet, Arrow, Excel, ARFF, npz, idx, and zips and folders of "
        "these or of pictures or recordings.",
        todo=f"{todo}." if todo else "Name a table.",
        where=str(path),
    )


def _mimetype(path: Path) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive, archive.open("mimetype") as file:
            return file.read(200)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError, RuntimeError) as error:
        raise not_whole(path, error) from error
