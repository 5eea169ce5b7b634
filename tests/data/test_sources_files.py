"""JSON Lines, Parquet, idx, and pictures in folders and zips: what they give, and what they refuse."""

from __future__ import annotations

import gzip
import io
import json
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from keepfit.data.sources import unpack
from keepfit.data.sources.opening import Opened, Reading, open_source
from keepfit.data.unread import Unread
from keepfit.errors import DataError


def opened(path: Path, target: str = "label", **reading: object) -> Opened:
    return open_source((path,), Reading(path.parent, target=target, **reading))  # type: ignore[arg-type]


def table(path: Path, **reading: object) -> pa.Table:
    return pa.Table.from_batches(list(opened(path, **reading).batches()))  # type: ignore[arg-type]


# JSON Lines


def test_json_lines_take_absent_keys_as_missing_and_mixed_values_as_text(tmp_path: Path) -> None:
    path = tmp_path / "people.jsonl"
    path.write_text('{"年龄": 31, "id": 1}\n\n{"年龄": null, "id": "b", "more": {"x": [1]}}\n{"id": 2.5}\n')
    assert table(path).to_pylist() == [
        {"年龄": 31.0, "id": "1", "more": None},
        {"年龄": None, "id": "b", "more": '{"x": [1]}'},
        {"年龄": None, "id": "2.5", "more": None},
    ]


DAMAGED = {
    "no JSON": ('{"a": }', "it is not JSON: Expecting value (column 7)"),
    "cut off": ('{"a": 1, "b', "it is not JSON: Unterminated string starting at (column 10)"),
    "array": ("[1, 2]", "it is not an object"),
    "text": ('"a"', "it is not an object"),
    "twice": ('{"a": 1, "a": 2}', 'it cannot be taken in: the name "a" is there twice in one object'),
    "deep": ('{"a": ' + "[" * 50_000 + "]" * 50_000 + "}", "it is nested too deep"),
    "digits": ('{"a": ' + "9" * 5_000 + "}", "it cannot be taken in: Exceeds the limit"),
    "half a character": ('{"a": "\\ud800"}', "it holds half a character"),
    "another encoding": (b'{"a": "caf\xe9"}', "a byte in it is not UTF-8"),
}


def as_bytes(line: str | bytes) -> bytes:
    return line if isinstance(line, bytes) else line.encode()


@pytest.mark.parametrize("ending", ["jsonl", "json"])
@pytest.mark.parametrize("damage", DAMAGED)
@pytest.mark.parametrize("place", [1, 2, 5])
def test_a_damaged_line_is_unread_and_named(tmp_path: Path, damage: str, place: int, ending: str) -> None:
    line, why = DAMAGED[damage]
    lines = [b'{"a": %d}' % n for n in range(1, 5)]
    lines.insert(place - 1, as_bytes(line))
    path = tmp_path / f"people.{ending}"
    path.write_bytes(b"\n" + b"\n".join(lines))
    may_be_read = ending == "jsonl" or damage not in ("another encoding", "text")
    found = opened(path, format="auto" if may_be_read else "jsonl")  # what .json holds is told by its text
    for _ in range(2):
        assert [a for batch in found.batches() for a in batch["a"].to_pylist()] == [1, 2, 3, 4]
        (gone,) = found.unread
        assert (gone.row, gone.where) == (place, f"{path.name}, line {place + 1}")
        assert gone.reason.startswith(why)


def test_damaged_lines_of_several_files_count_on(tmp_path: Path) -> None:
    for name in "xy":
        (tmp_path / f"{name}.jsonl").write_text('{"a": 1}\n?\n{"a": 2}\n')
    found = opened(tmp_path)
    assert sum(len(batch) for batch in found.batches()) == 4
    assert [(gone.row, gone.where) for gone in found.unread] == [(2, "x.jsonl, line 2"), (5, "y.jsonl, line 2")]


def test_an_object_is_found_behind_many_damaged_lines(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text("?\n" * 25_000 + '{"a": 1}\n')
    found = opened(tmp_path / "x.jsonl")
    assert [batch.to_pylist() for batch in found.batches()] == [[{"a": 1}]]
    assert (len(found.unread), found.unread[-1].row) == (25_000, 25_000)


def test_half_a_character_of_utf_16_is_its_lines_fault_alone(tmp_path: Path) -> None:
    text = '\ufeff{"a": "x"}\n{"a": "\ud800"}\n{"a": "z"}\n'.encode("utf-16-le", "surrogatepass")
    (tmp_path / "x.jsonl").write_bytes(text)
    found = opened(tmp_path / "x.jsonl")
    assert [a for batch in found.batches() for a in batch["a"].to_pylist()] == ["x", "z"]
    assert [(gone.row, gone.where) for gone in found.unread] == [(2, "x.jsonl, line 2")]


def test_no_depth_of_a_line_is_read_first_and_fails_later(tmp_path: Path) -> None:
    depths = [*range(80, 1_000, 7), *range(900, 1_000)]
    lines = ['{"a": ' + "[" * depth + "]" * depth + "}" for depth in depths]
    (tmp_path / "x.jsonl").write_text("\n".join(lines))
    found = opened(tmp_path / "x.jsonl")
    assert sum(len(batch) for batch in found.batches()) + len(found.unread) == len(depths)


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_file_of_which_not_one_line_is_an_object_is_refused(tmp_path: Path, damage: str) -> None:
    line, why = DAMAGED[damage]
    path = tmp_path / "people.jsonl"
    path.write_bytes((b"\n" + as_bytes(line)) * 3)
    with pytest.raises(DataError, match=rf"line 2: not one of its lines is an object; of this line: {re.escape(why)}"):
        table(path)


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "people.jsonl"
    path.write_text('{"a": 1}\n' + f'{{"a": "{"x" * (65 << 20)}"}}' + "\n")
    with pytest.raises(DataError, match="line 2: this line has more than 64 MB"):
        table(path)


def test_a_packed_file_that_is_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "FREE", 1 << 20)  # the true bound is a GiB
    for packed in (gzip.compress(bytes(50_000_000), mtime=0), pa.compress(bytes(50_000_000), "zstd", asbytes=True)):
        (tmp_path / "x.csv").write_bytes(packed)
        with unpack.unpacked(tmp_path / "x.csv") as stream, pytest.raises(DataError, match="looks like a bomb"):
            while stream.read(1 << 16):
                pass


# Parquet


def test_a_folder_of_parquet_is_one_table(tmp_path: Path) -> None:
    folder = tmp_path / "people" / "2024"
    folder.mkdir(parents=True)
    pq.write_table(pa.table({"a": [1, 2], "b": ["x", "y"]}), folder / "1.parquet")
    pq.write_table(pa.table({"b": ["z"], "a": [3]}), folder / "2.parquet")
    (folder / "_hidden.parquet").write_bytes(b"")
    assert table(tmp_path / "people").to_pydict() == {"a": [1, 2, 3], "b": ["x", "y", "z"]}


def test_damaged_parquet_is_named(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1], "b": ["x"]}), tmp_path / "1.parquet")
    (tmp_path / "2.parquet").write_bytes((tmp_path / "1.parquet").read_bytes()[:-9])
    with pytest.raises(DataError, match=r"2.parquet: this is not a whole Parquet file"):
        table(tmp_path)


# idx


def idx(content: np.ndarray, magic: bytes = b"\0\0\x08") -> bytes:
    return magic + bytes([content.ndim]) + struct.pack(f">{content.ndim}I", *content.shape) + content.tobytes()


PIXELS = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)
LABELS = np.array([7, 0, 7], np.uint8)


def test_idx_gives_raw_pixels_and_labels(tmp_path: Path) -> None:
    images, labels = tmp_path / "images.gz", tmp_path / "labels"
    images.write_bytes(gzip.compress(idx(PIXELS), mtime=0))
    labels.write_bytes(idx(LABELS))
    found = opened(images, labels=(labels,))
    assert found.pixels == (4, 5, 1)
    rows = pa.Table.from_batches(list(found.batches())).to_pydict()
    assert rows == {"image": [p.tobytes() for p in PIXELS], "label": ["7", "0", "7"]}


@pytest.mark.parametrize(
    ("images", "labels", "words"),
    [
        (idx(PIXELS), idx(LABELS[:2]), "3 pictures and, in labels, 2 labels"),
        (idx(PIXELS), idx(PIXELS), "no idx file of labels: it begins with 00 00 08 03"),
        (idx(PIXELS)[:-1], idx(LABELS), "ends before the last picture"),
        (idx(PIXELS) + b"x", idx(LABELS), "more bytes than its header says"),
        (idx(PIXELS), idx(LABELS)[:-1], "ends before the last picture or label"),
        (idx(PIXELS[:0]), idx(LABELS[:0]), "no picture"),
        (gzip.compress(idx(PIXELS), mtime=0)[:-9], idx(LABELS), "truncated"),
    ],
)
def test_what_is_wrong_with_idx_is_named(tmp_path: Path, images: bytes, labels: bytes, words: str) -> None:
    (tmp_path / "images").write_bytes(images)
    (tmp_path / "labels").write_bytes(labels)
    with pytest.raises(DataError, match=words):
        table(tmp_path / "images", labels=(tmp_path / "labels",))


def test_idx_without_its_labels_says_where_to_name_them(tmp_path: Path) -> None:
    (tmp_path / "images").write_bytes(idx(PIXELS))
    with pytest.raises(DataError, match=r"source\.labels"):
        opened(tmp_path / "images")


# Pictures


def png(shade: int, size: int = 8) -> bytes:
    file = io.BytesIO()
    Image.new("L", (size, size), shade).save(file, "PNG")
    return file.getvalue()


def jpeg() -> bytes:
    file = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(file, "JPEG")
    return file.getvalue()


def folder(root: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def archive(root: Path, files: dict[str, bytes]) -> Path:
    path = root / "pictures.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in files.items():
            out.writestr(name, content)
    return path


MAKERS = pytest.mark.parametrize("make", [folder, archive])
Maker = Callable[[Path, dict[str, bytes]], Path]


@MAKERS
def test_the_folder_is_the_class(tmp_path: Path, make: Maker) -> None:
    files = {
        "Set/猫/b.PNG": png(1), "Set/狗/a.jpg": jpeg(), "Set/猫/deep/c.png": png(2), "Set/README.txt": b"hello",
        "__MACOSX/Set/猫/._b.png": b"junk",
    }  # fmt: skip
    found = table(make(tmp_path / "x" if make is folder else tmp_path, files), target="animal")
    assert found.column_names == ["file", "image", "animal"]
    assert list(zip(*found.select(["file", "animal"]).to_pydict().values(), strict=True)) == [
        ("Set/狗/a.jpg", "狗"), ("Set/猫/b.PNG", "猫"), ("Set/猫/deep/c.png", "猫"),
    ]  # fmt: skip
    assert found["image"][1].as_py() == png(1)


@MAKERS
def test_pictures_are_told_by_content_and_not_by_name(tmp_path: Path, make: Maker) -> None:
    files = {"a/1": png(1), "a/2.dat": jpeg(), "b/3.png": jpeg(), "b/4.HEIC": b"x", "b/list.csv": b"a,b\n"}
    found = opened(make(tmp_path, files), format="images")
    names = [name for batch in found.batches() for name in batch["file"].to_pylist()]
    assert names == ["a/1", "a/2.dat", "b/3.png", "b/4.HEIC"]
    assert [note.split(": ", 1)[1] for note in found.notes] == ["1 file is no picture and is left: b/list.csv."]


@MAKERS
def test_a_picture_in_no_class_is_unread(tmp_path: Path, make: Maker) -> None:
    files = {"x/loose.png": png(0), "x/a/1.png": png(1), "x/a/more/2.png": png(2), "x/b/3.png": png(3)}
    found = opened(make(tmp_path, files), format="images")
    rows = pa.Table.from_batches(found.batches())
    assert rows["label"].to_pylist() == ["a", "a", "b"]
    assert found.unread == [Unread(4, "x/loose.png", "it lies in no class's folder")]


PARTS = {"d/train/a/1.png": png(1), "d/train/b/2.png": png(2), "d/Val/a/3.png": png(3), "d/Val/b/4.png": png(4)}


@MAKERS
def test_parts_of_the_data_are_no_classes(tmp_path: Path, make: Maker) -> None:
    with pytest.raises(DataError, match=r'the folders "train", "Val" are parts of the data and no classes') as caught:
        opened(make(tmp_path, PARTS), format="images")
    assert "test: " in str(caught.value) or "unzip" in str(caught.value)


def test_several_folders_of_pictures_are_one_source(tmp_path: Path) -> None:
    root = folder(tmp_path, PARTS)
    found = open_source((root / "d/train", root / "d/Val"), Reading(tmp_path))
    rows = pa.Table.from_batches(found.batches())
    assert rows["file"].to_pylist() == ["train/a/1.png", "train/b/2.png", "Val/a/3.png", "Val/b/4.png"]
    assert rows["label"].to_pylist() == ["a", "b", "a", "b"]


def test_folders_that_are_called_so_and_hold_pictures_are_classes(tmp_path: Path) -> None:
    root = folder(tmp_path, {"train/1.png": png(1), "test/2.png": png(2)})
    assert [label for b in opened(root).batches() for label in b["label"].to_pylist()] == ["test", "train"]


@MAKERS
@pytest.mark.parametrize(
    ("files", "words"),
    [({"readme.txt": b"x"}, "no picture in it"), ({"a.png": png(1), "b.png": png(2)}, "at least two folders")],
)
def test_pictures_must_lie_in_folders(tmp_path: Path, make: Maker, files: dict[str, bytes], words: str) -> None:
    with pytest.raises(DataError, match=words):
        opened(make(tmp_path, files), format="images")


@pytest.mark.parametrize("name", ["../a/x.png", "/a/x.png", "a/../../x.png", "c:/a/x.png"])
def test_a_zip_that_points_outside_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="points outside"):
        opened(archive(tmp_path, {"b/1.png": png(1), name: png(2)}))


def test_bombs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="zip bomb"):
        opened(archive(tmp_path, {"a/1.png": bytes(10_000_000), "b/2.png": png(1)}))


def test_a_cut_off_zip_is_named(tmp_path: Path) -> None:
    path = archive(tmp_path, {"a/1.png": png(1), "b/2.png": png(2)})
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match="not a whole zip"):
        opened(path)


def test_formats_are_told_by_content_where_names_do_not_help(tmp_path: Path) -> None:
    (tmp_path / "lines").write_text("\n".join(json.dumps({"a": i, "b": "x"}) for i in range(3)))
    pq.write_table(pa.table({"a": [1], "b": [2]}), tmp_path / "table.bin")
    assert opened(tmp_path / "lines").columns == opened(tmp_path / "table.bin").columns == ("a", "b")
    with pytest.raises(DataError, match="several formats"):
        opened(tmp_path / "*")
