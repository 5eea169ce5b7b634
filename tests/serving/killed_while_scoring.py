"""`python -m tests.serving.killed_while_scoring PIPELINE ROWS OUT|TABLE`: score in parts of 100 rows, and wait to be
killed at the third; a line is printed when it is time."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from keepfit import config
from keepfit.serving.scoring import Asked, part, score
from keepfit.serving.scoring.part import Note
from keepfit.serving.scoring.to_files import ToFile, ToFolder
from keepfit.serving.scoring.to_table import ToTable

PART = 100


def asked(rows: Path, to: str) -> Asked:
    """TABLE@DATABASE for a table, else a path."""
    table, _, database = to.partition("@")
    return Asked(rows=rows, table=table, database=database) if database else Asked(rows=rows, out=Path(to))


def waiting(put: Callable[..., Note]) -> Callable[..., Note]:
    count, lock = iter(range(1_000)), threading.Lock()

    def wrapped(self: object, note: Note, lines: pa.Table) -> Note:
        with lock:
            if next(count) == 2:
                print("now", flush=True)
                sys.stdin.read()
            return put(self, note, lines)

    return wrapped


if __name__ == "__main__":
    part.ROWS = PART
    for place in (ToFile, ToFolder, ToTable):
        place.put = waiting(place.put)  # type: ignore[method-assign]
    score(config.load(Path(sys.argv[1])), asked(Path(sys.argv[2]), sys.argv[3]))
