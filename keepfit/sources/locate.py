"""From what the YAML says (file, folder, glob, zip) to the files to read and their format."""

from __future__ import annotations

import glob
from pathlib import Path

from keepfit.errors import DataError, nearest

TEXT = (".csv", ".tsv", ".tab", ".txt", ".data", ".test", ".dat", "")
LINES = (".jsonl", ".ndjson")
PARQUET = (".parquet", ".pq")
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
PACKED = (".gz", ".zst")
_IDX_MAGIC = (b"\0\0\x08\x01", b"\0\0\x08\x03", b"\0\0\x08\x04")


def locate(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    """The files, folders and zips that are meant, globs expanded and sorted; raises DataError where there is none."""
    return tuple(found for path in paths for found in _expand(path))


def format_of(path: Path) -> str:
    """csv, jsonl, parquet, idx or images, from the name and, where that does not tell, the content."""
    if path.is_dir():
        return "parquet" if any(parquet_files(path)) else "images"
    suffix = _suffix(path)
    if suffix == ".zip":
        return "images"
    if suffix in PARQUET:
        return "parquet"
    if suffix in LINES:
        return "jsonl"
    return _by_content(path)


def parquet_files(folder: Path) -> list[Path]:
    """The Parquet files in a folder and below, sorted; hidden ones and those that start with _ are left out."""
    found = (p for p in folder.rglob("*") if p.suffix in PARQUET and p.is_file())
    return sorted(p for p in found if not any(part[0] in "._" for part in p.relative_to(folder).parts))


def _expand(path: Path) -> list[Path]:
    if path.exists():
        return [path]
    if glob.has_magic(str(path)):
        if found := sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor)))):
            return found
        raise DataError("no file matches.", todo="Check the pattern in source.path.", where=str(path))
    beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    hint = nearest(path.name, beside) if beside else f"There is no folder {path.parent} either."
    raise DataError("there is no such file or folder.", todo=hint or "Check source.path.", where=str(path))


def _suffix(path: Path) -> str:
    """The ending that tells the format, that of the compression apart."""
    suffixes = [s.lower() for s in path.suffixes]
    if suffixes and suffixes[-1] in PACKED:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def _by_content(path: Path) -> str:
    from keepfit.sources.unpack import head

    start = head(path, 4096)
    if start.startswith(_IDX_MAGIC):
        return "idx"
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(b"PK\x03\x04"):
        return "images"
    return "jsonl" if start.lstrip().startswith(b'{"') and _suffix(path) in (".json", "") else "csv"
