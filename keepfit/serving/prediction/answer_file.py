"""The predictions' file: written beside its place under another name, and put there whole."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa

from keepfit.data.unread import Unread
from keepfit.errors import ConfigError
from keepfit.store import files

SUFFIXES = (".csv", ".parquet")
_NAMED = 10_000
"""Rows that are named beside the answers; all are counted."""


class AnswerFile:
    """A file of predictions under way; every method raises MachineError when the disk does not let it."""

    def __init__(self, out: Path) -> None:
        self._out, self._is_csv = out, out.suffix.lower() == ".csv"
        self._temporary = out.with_name(f".{out.name}.{os.getpid()}.tmp")
        self._writer: Any = None
        with files.machine_errors(out):
            out.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._temporary.open("wb")

    def add(self, answers: pa.Table) -> None:
        """Write lines."""
        with files.machine_errors(self._out):
            if self._is_csv:
                self._add_csv(answers)
            else:
                self._add_parquet(answers)

    def finish(self) -> None:
        """Give the file its name."""
        with files.machine_errors(self._out):
            if not self._is_csv and self._writer is not None:
                self._writer.close()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._temporary.replace(self._out)
            files.sync_folder(self._out.parent)

    def leave_empty(self, bad: Sequence[Unread], rows: int) -> None:
        """Name the rows whose lines are empty, for programs, in a file beside the answers; none is there without such.

        It is there before the answers are, so that whoever finds those finds both.
        """
        beside = self._out.with_name(f"{self._out.name}.unread.json")
        if not bad:
            with files.machine_errors(beside):
                beside.unlink(missing_ok=True)  # that of other answers, which these replace
            return
        named = [asdict(one) for one in bad[:_NAMED]]
        files.write_json(beside, {"rows": rows, "unread": len(bad), "share": len(bad) / rows, "where": named})

    def discard(self) -> None:
        """Leave nothing behind of a file that has not got its name."""
        with suppress(OSError):
            self._file.close()
        with suppress(FileNotFoundError):
            self._temporary.unlink()

    def _add_csv(self, answers: pa.Table) -> None:
        text = csv_of(answers, header=self._writer is None)
        self._file.write(text.encode())  # not by polars itself, whose errors do not tell a full disk from others
        self._writer = "header written"

    def _add_parquet(self, answers: pa.Table) -> None:
        import pyarrow.parquet as pq

        if self._writer is None:
            self._writer = pq.ParquetWriter(self._file, answers.schema, compression="zstd")
        self._writer.write_table(answers)


def csv_of(table: pa.Table, *, header: bool) -> str:
    """Lines of CSV; files in cells, such as pictures, are text that is read as a file again."""
    import polars as pl  # Arrow's own writer puts quotes around every text

    spelled = pl.lit("data:;base64,") + pl.col(pl.Binary).bin.encode("base64")
    return pl.DataFrame(table).with_columns(spelled.name.keep()).write_csv(include_header=header)


def check_name(out: Path, rows: Path) -> None:
    """Raise ConfigError for a name that is neither .csv nor .parquet, a folder's, or that is the rows' own."""
    if out.is_dir():
        raise ConfigError(
            f"the predictions cannot go to {out}, which is a folder.", todo=f"Name a file in it: {out / 'answers.csv'}."
        )
    if out.suffix.lower() not in SUFFIXES or out.resolve() == rows.resolve():
        raise ConfigError(
            f"the predictions cannot go to {out}.",
            allowed=f"The name ends in {' or '.join(SUFFIXES)}, and is not that of the rows.",
            todo="Give another with --out.",
        )


@contextmanager
def open_answers(out: Path) -> Iterator[AnswerFile]:
    """A file that takes its name when the block ends well, and is gone when it does not."""
    answers = AnswerFile(out)
    try:
        yield answers
        answers.finish()
    finally:
        answers.discard()
