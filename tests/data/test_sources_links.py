"""Links, patterns, what is no regular file, and programs that pass for pictures."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from keepfit.data import images
from keepfit.drafting import draft
from keepfit.errors import DataError
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
