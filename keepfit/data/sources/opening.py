"""The one way in, and what every format gives: columns known at once, rows on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from keepfit.data.media import ENDINGS, medium_of
from keepfit.data.sources.locate import format_of, locate
from keepfit.data.unread import Unread
from keepfit.errors import DataError


@dataclass(frozen=True)
class Reading:
    """How to read: what the YAML says of the source, and what is known of its columns."""

    scratch: Path
    """A folder for temporary files, which whoever opens the source removes."""
    target: str = "label"
    """The target's name: for pictures the folder's name goes there, and a CSV header must hold it."""
    needed: frozenset[str] = frozenset()
    """The features; they tell a header line from a data line."""
    uncoded: frozenset[str] = frozenset()
    """Those of which each cell is parsed anyway, so that a dictionary of their texts would be made in vain."""
    format: str = "auto"
    columns: tuple[str, ...] | None = None
    delimiter: str | None = None
    encoding: str | None = None
    missing: tuple[str, ...] | None = None
    sheet: str | None = None
    """The sheet of a workbook; None for the first that is a table."""
    piece: int = 1024
    """Characters of a piece of plain text."""
    labels: tuple[Path, ...] = ()
    """The label files that belong to idx files of images, in the same order; or the table that names pictures or
    recordings."""
    file_names: str | None = None
    """What the names of such files hold, for `FileNames`."""
    test_names: str | None = None
    """Which of such files only judge, the same."""
    tested: bool = False
    """Whether those are read, and not the others."""
    beside: tuple[Path, ...] = ()
    """Other files that the same table names: those of the test part while the train part is read, or the reverse."""
    counted: bool = False
    """Whether the table's rows that mean no file here are counted with that other part."""

    @property
    def names(self) -> frozenset[str]:
        """Columns that the source must have."""
        return (self.needed | {self.target}) - {""}


@dataclass(frozen=True)
class Opened:
    """A source whose names and headers were checked."""

    columns: tuple[str, ...]
    """In source order."""
    files: tuple[Path, ...]
    """What is read, in order."""
    batches: Callable[[], Iterator[pa.RecordBatch]]
    """The rows, of at most some 64 MB a batch. Raises DataError naming file and line of what cannot be read."""
    dialect: Mapping[str, Any] | None = None
    """How text was understood; None for formats that say it themselves."""
    pixels: tuple[int, int, int] | None = None
    """Height, width and channels when the column `image` holds raw pixels, and not picture files."""
    notes: tuple[str, ...] = ()
    """Sentences a person should read."""
    unread: list[Unread] = field(default_factory=list)
    """The rows that no batch holds, in their order. Each reading of `batches` fills it anew; a row stands here before
    the batch that follows it is given."""
    later: list[str] = field(default_factory=list)
    """Sentences that are known only when the rows were read; filled in the same way."""

    @property
    def headless(self) -> bool:
        """Whether it is text without a header line."""
        return not (self.dialect or {}).get("header", True)


def open_source(paths: tuple[Path, ...], reading: Reading) -> Opened:
    """Open files, folders, globs or zips. Raises DataError for what is not there, is empty or cannot be understood."""
    files = locate(paths)
    form = reading.format if reading.format != "auto" else _agreed(files)
    if form in ENDINGS and reading.labels:
        from keepfit.data.sources.labelled import open_labelled, ours, tables_in

        medium = medium_of(form)
        of_table = replace(reading, labels=(), format="auto", needed=reading.needed.difference(ours(medium)))
        tables = tuple(file for path in reading.labels for file in tables_in(path, reading.scratch))
        return open_labelled(files, open_source(tables, of_table), reading, medium)
    if form in ENDINGS or form == "idx":
        return _opened(form, files, reading)
    if reading.labels:
        raise DataError(
            f"source.labels names {reading.labels[0].name}, and these rows hold their labels themselves.",
            allowed="Labels of their own have pictures and recordings in a folder or zip, and idx files.",
            todo="Take source.labels out of the YAML.",
            where=str(files[0]),
        )
    if said := reading.file_names or reading.test_names:
        raise DataError(
            f'the YAML tells what the names of files hold, "{said}", and a file of these is no row.',
            allowed="Names of their own have pictures and recordings in a folder or zip.",
            todo="Take names and test_names out of source in the YAML.",
            where=str(files[0]),
        )
    from keepfit.data.sources.gathered import open_gathered

    return open_gathered(files, "auto" if form == "tables" else form, reading, _opened)


def _agreed(files: tuple[Path, ...]) -> str:
    """The one format of the files; that of tables among folders of tables shows when they are looked into."""
    forms = {format_of(file) for file in files}
    if "tables" in forms and not forms & ENDINGS.keys():
        return "tables"
    if len(forms) > 1:
        raise DataError(
            f"files of several formats were named: {', '.join(sorted(forms))}.",
            todo="Name files of one format.",
            where=str(files[0]),
        )
    return forms.pop()


def together(files: Sequence[tuple[str, Sequence[str]]], declared: frozenset[str]) -> tuple[tuple[str, ...], list[str]]:
    """The columns of (name, columns) of several files, read by name: all of them, in order of appearance.

    What a file has not is missing there. Also gives the sentences that tell it.
    """
    columns = tuple(dict.fromkeys(name for _, names in files for name in names))
    sets = [(file, frozenset(names)) for file, names in files]
    drifting: dict[tuple[bool, tuple[str, ...]], list[str]] = {}
    for column in columns:
        lacking = tuple(file for file, names in sets if column not in names)
        if lacking:
            drifting.setdefault((column in declared, lacking), []).append(column)
    told = [_drift(names, is_declared, lacking, files) for (is_declared, lacking), names in drifting.items()]
    return columns, told


def _drift(names: list[str], is_declared: bool, lacking: tuple[str, ...], files: Sequence[tuple[str, Any]]) -> str:
    """Columns that the same files have not, in a sentence."""
    quoted = [f'"{name}"' for name in names]
    what = f"the column {quoted[0]} is" if len(names) == 1 else f"the columns {_some(quoted)} are"
    having = [file for file, _ in files if file not in lacking]
    where = f"not in {_some(lacking)}" if is_declared or len(having) > len(lacking) else f"only in {_some(having)}"
    return f"{what} {where}: {'missing in its rows' if is_declared else 'no feature, and left'}."


def in_order(
    batch: pa.RecordBatch, columns: Sequence[str], types: Mapping[str, pa.DataType] | None = None
) -> pa.RecordBatch:
    """The named columns of a batch; one that it has not is missing in each row, in its type of `types`, or in none."""
    if batch.schema.names == [*columns]:
        return batch
    there = set(batch.schema.names)
    cells = [
        batch[name] if name in there else pa.nulls(len(batch), types[name] if types else pa.null()) for name in columns
    ]
    return pa.RecordBatch.from_arrays(cells, names=[*columns])


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _opened(form: str, files: tuple[Path, ...], reading: Reading) -> Opened:
    """Each way is imported where it is taken; a stage's key follows these imports too."""
    if form == "idx":
        from keepfit.data.sources.idx import open_idx

        return open_idx(files, reading)
    if form in ENDINGS:
        from keepfit.data.sources.pictures import open_pictures

        return open_pictures(files, reading, medium_of(form))
    if form in ("jsonl", "parquet"):
        from keepfit.data.sources.jsonl_parquet import open_lines, open_parquet

        return open_lines(files, reading) if form == "jsonl" else open_parquet(files, reading)
    return _rare(form, files, reading) or _text(files, reading)


def _rare(form: str, files: tuple[Path, ...], reading: Reading) -> Opened | None:
    if form == "json":
        from keepfit.data.sources.json_documents import open_json

        return open_json(files, reading)
    if form == "arrow":
        from keepfit.data.sources.arrow_ipc import open_arrow

        return open_arrow(files, reading)
    if form == "excel":
        from keepfit.data.sources.excel import open_excel

        return open_excel(files, reading)
    if form == "ts":
        from keepfit.data.sources.ts import open_ts

        return open_ts(files, reading)
    if form == "arff":
        from keepfit.data.sources.arff import open_arff

        return open_arff(files, reading)
    if form == "npz":
        from keepfit.data.sources.npz import open_npz

        return open_npz(files, reading)
    if form == "text":
        from keepfit.data.sources.pieces import open_pieces

        return open_pieces(files, reading)
    return None


def _text(files: tuple[Path, ...], reading: Reading) -> Opened:
    from keepfit.data.sources.fixed_width import open_fixed, spans_of
    from keepfit.data.sources.text import open_text

    if reading.delimiter is None and (spans := spans_of(files[0], reading)):
        return open_fixed(files, spans, reading)
    return open_text(files, reading)
