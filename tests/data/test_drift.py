"""Columns that come and go between the files of one source: read by name, in every format, and told."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from keepfit.data.sources.opening import Opened, Reading, open_source

Rows = list[dict[str, Any]]
Write = Callable[[Path, Rows], None]


def write_csv(path: Path, rows: Rows) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0]])
        writer.writeheader()
        writer.writerows(rows)


def write_parquet(path: Path, rows: Rows) -> None:
    pq.write_table(pa.Table.from_pylist(rows), path)


def write_lines(path: Path, rows: Rows) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


FORMATS = {"csv": write_csv, "parquet": write_parquet, "jsonl": write_lines}
every_format = pytest.mark.parametrize("form", FORMATS)


def opened(folder: Path, form: str, months: list[Rows]) -> Opened:
    for number, rows in enumerate(months, 1):
        FORMATS[form](folder / f"{number}.{form}", rows)
    reading = Reading(folder, target="y", needed=frozenset(["a", "b"]))
    return open_source((folder / f"*.{form}",), reading)


def cells(source: Opened, name: str) -> list[str | None]:
    found = [cell for batch in source.batches() for cell in batch[name].to_pylist()]
    return [None if cell is None else f"{float(cell):g}" for cell in found]


@every_format
def test_columns_are_read_by_name(tmp_path: Path, form: str) -> None:
    months: list[Rows] = [
        [{"a": 1, "b": 2, "y": 3}, {"a": 4, "b": 5, "y": 6}],
        [{"note": 9, "y": 30, "a": 10, "b": 20}],
        [{"y": 300, "a": 100}],
    ]
    source = opened(tmp_path, form, months)
    assert set(source.columns) == {"a", "b", "y", "note"}
    assert cells(source, "a") == ["1", "4", "10", "100"]
    assert cells(source, "b") == ["2", "5", "20", None]
    assert cells(source, "y") == ["3", "6", "30", "300"]
    assert sorted(source.notes) == [
        f'the column "b" is not in 3.{form}: missing in its rows.',
        f'the column "note" is only in 2.{form}: no feature, and left.',
    ]


@every_format
def test_many_columns_are_told_in_one_sentence_a_set_of_files(tmp_path: Path, form: str) -> None:
    wide = {f"extra{n}": n for n in range(50)}
    source = opened(tmp_path, form, [[{"a": 1, "b": 2, "y": 3}], [{"a": 1, "b": 2, "y": 3, **wide}]])
    assert [*source.notes] == [
        f'the columns "extra0", "extra1", "extra2" and 47 more are only in 2.{form}: no feature, and left.'
    ]


def test_a_key_after_the_first_lines_is_read_if_declared_and_told_if_not(tmp_path: Path) -> None:
    first: Rows = [{"a": 1, "y": 2}] * 10_001
    source = opened(tmp_path, "jsonl", [[*first, {"a": 1, "b": 7, "y": 2, "late": 1}, {"b": 8, "late": 2}]])
    assert cells(source, "b")[-3:] == [None, "7", "8"]
    assert source.later == ['1.jsonl: the key "late" comes after the first 10,000 lines alone and is left.']
