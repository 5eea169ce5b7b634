"""Links, patterns, what is no regular file, and programs that pass for pictures."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from keepfit import config
from keepfit.data import images
from keepfit.drafting import draft
from keepfit.errors import DataError
from keepfit.stages.ingest import ingest
from keepfit.store import run
from tests.data.test_sources_files import folder, opened, png, table

# What is no regular file, and links


def test_a_linked_folder_is_read_and_one_that_leads_back_is_read_once(tmp_path: Path) -> None:
    folder(tmp_path / "elsewhere", {"1.png": png(1)})
    root = folder(tmp_path / "x", {"a/2.png": png(2)})
    (root / "b").symlink_to(tmp_path / "elsewhere")
    (root / "a" / "back").symlink_to(root)
    assert table(root)["file"].to_pylist() == ["a/2.png", "b/1.png"]


@pytest.mark.parametrize(
    "make", [os.mkfifo, lambda path: path.symlink_to("nowhere"), lambda p: p.symlink_to("/dev/zero")]
)
def test_what_is_no_regular_file_is_named(tmp_path: Path, make: Callable[[Path], None]) -> None:
    root = folder(tmp_path / "x", {"a/2.png": png(2), "b/1.png": png(1)})
    make(root / "b" / "odd.png")
    with pytest.raises(DataError, match=r"odd\.png: this (is no regular file|link leads nowhere)"):
        table(root)
    with pytest.raises(DataError, match=r"odd\.png: this (is no regular file|link leads nowhere)"):
        opened(root / "b" / "odd.png")


def test_a_pattern_finds_what_a_shell_finds(tmp_path: Path) -> None:
    for name in ("a.csv", ".hidden.csv", ".store/b.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x,label\n1,a\n")
    assert [path.name for path in opened(tmp_path / "**" / "*").files] == ["a.csv"]
    assert [path.name for path in opened(tmp_path / ".h*").files] == [".hidden.csv"]


# Pictures that are programs

POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(run me) print\nshowpage\n"


def test_no_picture_starts_a_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow gives PostScript to whatever `gs` it finds; this one would leave a mark."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/gs").write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    (tmp_path / "bin/gs").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin", prepend=os.pathsep)
    root = folder(tmp_path / "x", {"a/1.png": POSTSCRIPT, "b/2.png": png(1)})
    said = draft(root, None, folder=tmp_path / "drafted").said
    assert "a/1.png: it is PostScript" in " ".join(said)
    assert images.fault(POSTSCRIPT)
    for ask in (lambda: images.decode(POSTSCRIPT, (8, 8), 3), lambda: images.shape(POSTSCRIPT)):
        with pytest.raises(DataError, match="is PostScript, which is not read as a picture"):
            ask()
    assert not (tmp_path / "started").exists()


def test_one_module_opens_pictures() -> None:
    sources = {path: path.read_text("utf-8") for path in Path(images.__file__).parent.rglob("*.py")}
    assert [path.name for path, text in sources.items() if "Image.open(" in text] == ["images.py"]
    assert "Image.open(BytesIO(content), formats=" in sources[Path(images.__file__)]


# Names that are not UTF-8


def misnamed(folder: Path, name: bytes, content: bytes) -> None:
    (folder / os.fsdecode(name)).write_bytes(content)


def test_pictures_whose_names_are_not_utf_8_are_unread_and_the_others_read(tmp_path: Path) -> None:
    root = folder(tmp_path / "x", {"a/2.png": png(2), "b/1.png": png(1)})
    misnamed(root / "a", b"caf\xe9.png", png(3))
    found = opened(root)
    for _ in range(2):
        assert [name for batch in found.batches() for name in batch["file"].to_pylist()] == ["a/2.png", "b/1.png"]
        assert [(one.where, one.reason) for one in found.unread] == [("a/caf\\xe9.png", "its name is not UTF-8")]


def test_tables_whose_names_are_not_utf_8_are_named_and_the_others_read(tmp_path: Path) -> None:
    root = folder(tmp_path / "x", {"1.csv": b"a,label\n1,x\n2,y\n"})
    misnamed(root, b"caf\xe9.csv", b"a,label\n3,x\n")
    found = opened(root)
    assert [a for batch in found.batches() for a in batch["a"].to_pylist()] == ["1", "2"]
    assert "x: left unread, as the names are not UTF-8, 1 in all: caf\\xe9.csv." in found.notes


def test_a_folder_with_such_a_name_is_drafted_and_fingerprinted(tmp_path: Path) -> None:
    files = {f"{'ab'[n % 2]}/{n}.png": png(n) for n in range(40)}
    root = folder(tmp_path / "x", files)
    misnamed(root / "a", b"\xff.png", png(99))
    made = draft(root, folder=tmp_path)
    assert "could not be read (a/\\xff.png: its name is not UTF-8)" in " ".join(made.said)
    begun = run.start(config.load(made.pipeline))
    snapshot = ingest(begun)
    assert (snapshot.rows, snapshot.unread) == (40, 1)
