"""The .ts format of the UEA and UCR archives: a series a line, channels parted by colons, the class or value last.

https://www.aeon-toolkit.org/en/stable/examples/datasets/data_loading.html
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa

from keepfit.config.source import SERIES
from keepfit.data.sources.lines import text_lines
from keepfit.data.sources.opening import Opened, Reading
from keepfit.errors import DataError

_ROWS = 512
_GAP = "?"


def open_ts(files: tuple[Path, ...], reading: Reading) -> Opened:
    """Open .ts files. Columns: `series`, lists of steps, each a list of channels; and the target."""
    for file in files:
        _head(file)
    batches = partial(_batches, files, reading.target)
    return Opened(columns=(SERIES, reading.target), files=files, batches=batches)


def _head(file: Path) -> int:
    """The line after @data. Raises DataError for a file without labels, or with times of its own."""
    said: dict[str, str] = {}
    last = 0
    for number, line in text_lines(file, "utf-8"):
        if "data" in said:
            break
        if line.startswith("@"):
            key, _, value = line[1:].strip().partition(" ")
            said[key.lower()], last = value.strip().lower(), number
    if "data" not in said:
        raise DataError("there is no line @data.", todo="Copy the file again.", where=str(file))
    if said.get("timestamps") == "true":
        todo = "Write the series as lists of numbers in Parquet or JSON Lines."
        raise DataError("its series have times of their own, which are not read.", todo=todo, where=str(file))
    if not (said.get("classlabel", "").startswith("true") or said.get("targetlabel", "").startswith("true")):
        raise DataError("its series have no class or value.", todo="Name a file that has.", where=str(file))
    return last


def _batches(files: tuple[Path, ...], target: str) -> Iterator[pa.RecordBatch]:
    for file in files:
        rows: list[tuple[list[list[float | None]], str]] = []
        first = _head(file)
        for number, line in text_lines(file, "utf-8"):
            if number <= first or not line.strip() or line.startswith("#"):
                continue
            rows.append(_row(line.strip(), f"{file}, line {number}"))
            if len(rows) == _ROWS:
                yield _batch(rows, target)
                rows = []
        if rows:
            yield _batch(rows, target)


def _row(line: str, where: str) -> tuple[list[list[float | None]], str]:
    *channels, label = line.split(":")
    if not channels:
        raise DataError("there is no colon, and so no label, in it.", todo="Mend the line.", where=where)
    try:
        found = [[None if cell.strip() in (_GAP, "") else float(cell) for cell in one.split(",")] for one in channels]
    except ValueError as error:
        raise DataError(f"a step is no number: {error}.", todo="Mend the line.", where=where) from error
    longest = max(map(len, found))
    steps = [[one[step] if step < len(one) else None for one in found] for step in range(longest)]
    return steps, label.strip()


def _batch(rows: list[tuple[list[list[float | None]], str]], target: str) -> pa.RecordBatch:
    series = pa.array([steps for steps, _ in rows], pa.list_(pa.list_(pa.float64())))
    labels = pa.array([label for _, label in rows], pa.string()).dictionary_encode()
    return pa.record_batch([series, labels], names=[SERIES, target])
