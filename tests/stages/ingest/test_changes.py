"""Whoever writes to a source while it is read, and whenever: no rows are filed under the fingerprint of others."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from keepfit.errors import TransientError
from keepfit.stages.ingest import ingest
from keepfit.stages.ingest.fingerprint import fingerprint, has_changed
from keepfit.store import files, run
from keepfit.store.events import Event
from tests.stages.ingest.ingesting import start

OLD = "a,y\n" + "".join(f"{n},{'xz'[n % 2]}\n" for n in range(10, 99))
NEW = "a,y\n" + "".join(f"{n},{'zx'[n % 2]}\n" for n in range(10, 99))
ROWS = {hashlib.sha256(text.encode()).hexdigest(): text for text in (OLD, NEW)}

Write = Callable[[Path], None]


def in_place(path: Path) -> None:
    path.write_text(NEW)


def in_place_with_the_old_times(path: Path) -> None:
    before = path.stat()
    path.write_text(NEW)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def renamed_over(path: Path) -> None:
    path.with_suffix(".new").write_text(NEW)
    path.with_suffix(".new").replace(path)


def cut_short(path: Path) -> None:
    path.write_text(OLD[:20])


def gone(path: Path) -> None:
    path.unlink()


WRITES = (in_place, in_place_with_the_old_times, renamed_over, cut_short, gone)


def of_rows(begun: run.Run, snapshot: str) -> str:
    """The snapshot's rows as the text they came from."""
    table = pq.read_table(begun.store / snapshot / "rows").to_pylist()
    return "a,y\n" + "".join(f"{row['a']:g},{row['y']}\n" for row in table)


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("instant", ["start", "step", "done"])
def test_a_write_at_any_instant_is_noticed_or_too_late(tmp_path: Path, write: Write, instant: str) -> None:
    source = tmp_path / "a.csv"
    source.write_text(OLD)
    wrote = []

    def listener(event: Event) -> None:
        if event.what == instant and not wrote:
            write(source)
            wrote.append(event)

    begun = replace(start(tmp_path, {"path": "a.csv"}, {"a": "number"}, "y"), listener=listener)
    if instant == "done":
        snapshot = ingest(begun)
    else:
        with pytest.raises(TransientError, match="changed while it was read"):
            ingest(begun)
        assert not list(begun.store.root.glob("stages/ingest/*"))
        source.write_text(NEW)
        snapshot = ingest(begun)
    (entry,) = json.loads((begun.store / snapshot.path / "schema.json").read_text())["files"]
    assert of_rows(begun, snapshot.path) == ROWS[entry["sha256"]]


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("late", [False, True])
def test_a_write_while_it_is_fingerprinted_is_noticed(tmp_path: Path, write: Write, late: bool) -> None:
    source = tmp_path / "a.csv"
    source.write_text(OLD)

    def sha256(path: Path) -> str:
        if not late:
            write(path)
        digest = files.sha256(path)
        if late:
            write(path)
        return digest

    try:
        rows = fingerprint({"train": (source,), "test": ()}, sha256)
    except TransientError:
        return
    assert has_changed(rows)


def test_a_second_write_within_one_tick_of_the_clock_is_noticed(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_text(OLD)
    rows = fingerprint({"train": (source,), "test": ()})
    assert not has_changed(rows)
    source.write_text(NEW)
    same = {str(source): _stamp(source)}  # as a coarse clock would have it
    assert has_changed(rows.model_copy(update={"stamps": same}))


def _stamp(path: Path) -> str:
    from keepfit.store.hashes import stamp_of

    return stamp_of(path)


def test_a_picture_that_comes_or_goes_is_noticed(tmp_path: Path) -> None:
    for name in ("0/a.png", "1/b.png"):
        (tmp_path / "p" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "p" / name).write_bytes(b"x")
    rows = fingerprint({"train": (tmp_path / "p",), "test": ()})
    (tmp_path / "p/1/c.png").write_bytes(b"x")
    assert has_changed(rows)
    (tmp_path / "p/1/c.png").unlink()
    assert not has_changed(rows)
    (tmp_path / "p/1/b.png").unlink()
    assert has_changed(rows)
