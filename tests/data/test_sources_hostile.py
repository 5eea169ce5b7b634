"""Text that nobody would write on purpose: rows, or a refusal that says where, in bounded memory."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from keepfit.data.sources.opening import Reading, open_source
from keepfit.errors import DataError


def rows(path: Path, **reading: object) -> list[dict[str, str | None]]:
    opened = open_source((path,), Reading(path.parent, **{"target": "", **reading}))  # type: ignore[arg-type]
    return [row for batch in opened.batches() for row in pa.table(batch).to_pylist()]


@pytest.mark.parametrize(
    "cell",
    ["x" * 3_000_000, "\u2028", "a\x0bb\x0cc\x85d\x1cd", "\x1b[2J\x1b]0;title\x07", "'", "=1+1", "#", "\\"],
)
@pytest.mark.parametrize("odd", [False, True])
def test_a_cell_arrives_as_it_is(tmp_path: Path, cell: str, odd: bool) -> None:
    """By the fast reader, and by the other where a row cannot be read."""
    path = tmp_path / "rows.csv"
    path.write_text("n,text\n1,plain\n2," + cell + "\n" + "1,2,3\n" * odd + "3,end\n", newline="", encoding="utf-8")
    assert [row["text"] for row in rows(path)] == ["plain", cell, "end"]


def test_lone_carriage_returns_end_lines(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"a report\r\rn,text\r1,x\r2\r3,z\r\rtotal\r")
    opened = open_source((path,), Reading(tmp_path, target=""))
    assert sum(map(len, opened.batches())) == 2
    assert [one.where for one in opened.unread] == ["rows.csv, line 5"]


@pytest.mark.parametrize("name", ["n" * 1100, "two\nlines", "  blanks  ", "\x1b[31mred"])
def test_any_name_is_a_column(tmp_path: Path, name: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f'n,"{name}"\n1,2\n3,4\n', encoding="utf-8", newline="")
    assert rows(path) == [{"n": "1", name.strip(): "2"}, {"n": "3", name.strip(): "4"}]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x1f\x8bno gzip at all, of any kind", "rows.csv: this gzip file is truncated or damaged"),
        (b"\x28\xb5\x2f\xfdno zstd at all", "rows.csv: this zstd file is truncated or damaged"),
        (gzip.compress(b"x" * (20 << 20), 9), "rows.csv, line 1: the row that begins here has more than 8 MB"),
        (b"x" * (9 << 20), "rows.csv, line 1: the row that begins here has more than 8 MB"),
        (
            b"n,text\n1,2\n" * 500_000 + b"3," + b"x" * (9 << 20),
            "line 1000001: the row that begins",
        ),
        (b"," * (3 << 20) + b"\n", "rows.csv: no delimiter was found"),
        (b"n,text\n1,\0\0\0\0\n", "rows.csv, line 2, column 3"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    with pytest.raises(DataError) as refusal:
        rows(path)
    assert words in str(refusal.value)


BOMBS = {
    "one line": "gzip.compress(b'n,text\\n1,2\\n' * 500_000 + b'1,' + b'x' * (1 << 30), 6)",
    "many lines": "gzip.compress(b'n,text\\n' + b'1,2\\n' * (1 << 27), 6)",
}


@pytest.mark.slow
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_takes_no_more_memory_than_a_table(tmp_path: Path, bomb: str) -> None:
    program = (
        "import gzip, resource, sys; from pathlib import Path\n"
        f"path = Path(sys.argv[1]); path.write_bytes({BOMBS[bomb]})\n"
    )
    path = tmp_path / "bomb.csv"
    subprocess.run([sys.executable, "-c", program, path], check=True)
    read = (
        "import sys; from pathlib import Path\n"
        "from keepfit.data.sources.opening import Reading, open_source\n"
        "path = Path(sys.argv[1])\n"
        "for batch in open_source((path,), Reading(path.parent, target='')).batches(): pass\n"
    )
    limit = "import resource; resource.setrlimit(resource.RLIMIT_DATA, (2 << 30, 2 << 30))\n"
    done = subprocess.run([sys.executable, "-c", limit + read, path], capture_output=True, text=True)
    assert "MemoryError" not in done.stderr
    assert done.returncode == 0 or "it looks like a bomb" in done.stderr
