"""Plain text as rows."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from sklearn import datasets

from keepfit.data.sources.opening import Reading, open_source
from keepfit.data.sources.pieces import cut
from keepfit.errors import DataError

TEXT = datasets.load_digits().DESCR


def pieces(*files: Path, size: int = 200, **how: str) -> tuple[list[str], list[int]]:
    reading = Reading(files[0].parent, "text", frozenset({"text"}), format="text", piece=size, **how)
    opened = open_source(files, reading)
    assert opened.columns == ("text", "piece")
    batches = [*opened.batches()]
    return [t for b in batches for t in b["text"].to_pylist()], [n for b in batches for n in b["piece"].to_pylist()]


@pytest.mark.parametrize("size", [16, 100, 1024, 1_000_000])
def test_the_pieces_are_the_text(tmp_path, size):
    (tmp_path / "a.txt").write_text(TEXT)
    texts, numbers = pieces(tmp_path / "a.txt", size=size)
    assert "".join(texts) == TEXT
    assert numbers == list(range(len(texts)))
    assert max(map(len, texts)) <= size


def test_a_piece_ends_with_a_line_or_a_word():
    texts = [*cut(iter([TEXT]), 200)]
    assert sum(text[-1] in "\n " for text in texts[:-1]) == len(texts) - 1
    assert [*cut(iter(["x" * 50]), 20)] == ["x" * 20, "x" * 20, "x" * 10]


def test_what_is_added_changes_no_piece_but_the_last():
    before, after = ([*cut(iter([text]), 100)] for text in (TEXT[:1500], TEXT))
    assert after[: len(before) - 1] == before[:-1]


def test_how_the_text_comes_in_decides_nothing():
    whole, parts = ([*cut(iter(given), 100)] for given in ([TEXT], [TEXT[i : i + 7] for i in range(0, len(TEXT), 7)]))
    assert whole == parts


def test_files_stand_behind_each_other(tmp_path):
    for name, text in (("a.txt", "one two"), ("b.txt", "three")):
        (tmp_path / name).write_text(text)
    assert pieces(tmp_path / "a.txt", tmp_path / "b.txt") == (["one two", "three"], [0, 1])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "cp1251"])
def test_encodings_are_found(tmp_path, encoding):
    text = {"cp1251": "Все счастливые семьи похожи друг на друга.\n"}.get(
        encoding, "北京是中国的首都，也是历史名城。\n"
    ) * 5
    (tmp_path / "a.txt").write_bytes(text.encode(encoding))
    assert "".join(pieces(tmp_path / "a.txt")[0]) == text


def test_packed_text_and_lines_of_windows(tmp_path):
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(b"one\r\ntwo\rthree"))
    assert pieces(tmp_path / "a.txt.gz")[0] == ["one\ntwo\nthree"]


@pytest.mark.parametrize("content", [b"", b" \n\t\r\n"])
def test_an_empty_file_is_told(tmp_path, content):
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(DataError, match="empty"):
        pieces(tmp_path / "a.txt")


def test_bytes_of_another_encoding_are_told(tmp_path):
    (tmp_path / "a.txt").write_bytes("naïve".encode("latin-1"))
    with pytest.raises(DataError, match="not utf-8"):
        pieces(tmp_path / "a.txt", encoding="utf-8")
