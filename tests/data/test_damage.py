"""Valid files of every form with bytes flipped, cut out or put in: rows come, or an error of ours names the file."""

from __future__ import annotations

import random
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest

from keepfit.data.sources.opening import Reading, open_source
from keepfit.errors import KeepfitError
from tests.data.test_sources_files import LABELS, PIXELS, idx
from tests.data.test_sources_forms import CSV, FORMS, in_zip
from tests.data.workbooks import write_ods, write_xlsx

SHEETS = {"A": [["age", "city"], [31, "Rome"], [44, "Oslo"]], "B": [["x"]]}


def valid(folder: Path, name: str) -> Path:
    path = folder / name
    if name in FORMS:
        content = FORMS[name]
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    elif name == "x.zip":
        in_zip(path, **{"a.csv": CSV, "b/c=1/d.csv": CSV})
    elif name == "x.idx":
        path.write_bytes(idx(np.repeat(PIXELS, 1, axis=0)))
    else:
        {"x.xlsx": write_xlsx, "x.ods": write_ods}[name](path, SHEETS)
    return path


def damaged(content: bytes, draw: random.Random) -> bytes:
    found = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 8))):
        place = draw.randrange(max(1, len(found)))
        what = draw.randrange(5)
        if what == 0:
            found[place : place + 1] = bytes([draw.randrange(256)])
        elif what == 1:
            del found[place:]
        elif what == 2:
            del found[place : place + draw.randrange(1, 9)]
        elif what == 3:
            found[place:place] = draw.choice(
                (b"\0", b"\xff", b'"', b"[" * 50, b"\r\n", b"\xed\xa0\x80", draw.randbytes(9))
            )
        else:
            found[place : place + 4] = draw.choice((b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", bytes(4)))
    return bytes(found)


def error_of(path: Path) -> KeepfitError | None:
    """What reading the file ends with: rows, or an error of ours."""
    labels, scratch = path.parent / "labels", path.parent / "scratch"
    labels.write_bytes(idx(LABELS))
    scratch.mkdir(exist_ok=True)
    try:
        for batch in open_source((path,), Reading(scratch, target="city", labels=(labels,))).batches():
            batch.validate(full=True)
    except KeepfitError as error:
        return error
    return None


def check(path: Path, content: bytes, draw: random.Random) -> None:
    path.write_bytes(damaged(content, draw))
    if (error := error_of(path)) is not None:
        assert path.name in error.where or "labels" in error.where, error
        assert len(str(error)) < 2000
        assert str(path.parent / "scratch") not in str(error)


@pytest.mark.parametrize("name", [*FORMS, "x.xlsx", "x.ods", "x.zip", "x.idx"])
def test_a_damaged_file_gives_rows_or_an_error_that_names_it(tmp_path: Path, name: str) -> None:
    path = valid(tmp_path, name)
    content, draw = path.read_bytes(), random.Random(crc32(name.encode()))
    for _ in range(60):
        check(path, content, draw)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*FORMS, "x.xlsx", "x.ods", "x.zip", "x.idx"])
def test_the_same_for_a_long_time(tmp_path: Path, name: str) -> None:
    path = valid(tmp_path, name)
    content = path.read_bytes()
    for seed in range(5_000):
        check(path, content, random.Random(seed))
