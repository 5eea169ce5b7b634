"""The one way in: what the YAML says of the source, opened by the module of its format."""

from __future__ import annotations

from pathlib import Path

from keepfit.errors import DataError
from keepfit.sources.locate import format_of, locate
from keepfit.sources.opened import Opened, Reading


def open_source(paths: tuple[Path, ...], reading: Reading) -> Opened:
    """Open files, folders, globs or zips. Raises DataError for what is not there, is empty or cannot be understood."""
    files = locate(paths)
    form = reading.format
    if form == "auto":
        forms = {format_of(file) for file in files}
        if len(forms) > 1:
            raise DataError(
                f"files of several formats were named: {', '.join(sorted(forms))}.",
                todo="Name files of one format.",
                where=str(files[0]),
            )
        form = forms.pop()
    return _opened(form, files, reading)


def _opened(form: str, files: tuple[Path, ...], reading: Reading) -> Opened:
    """Each way is imported where it is taken; a stage's key follows these imports too."""
    if form == "idx":
        from keepfit.sources.idx import open_idx

        return open_idx(files, reading)
    if form == "images":
        from keepfit.sources.pictures import open_pictures

        return open_pictures(files, reading)
    if form in ("jsonl", "parquet"):
        from keepfit.sources.records import open_lines, open_parquet

        return open_lines(files) if form == "jsonl" else open_parquet(files)
    from keepfit.sources.text import open_text

    return open_text(files, reading)
