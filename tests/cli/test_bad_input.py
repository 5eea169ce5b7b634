"""What bad input gets: one clear message, the right exit code, nothing half-written, and the model in service stays.

Every case is played on a pipeline that has a model in service: the fault is planted, the command refuses it and leaves
the store as it was, the fault is mended, and the same command works again.
"""

from __future__ import annotations

import gzip
import io
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from keepfit.cli.main import app, exit_code
from tests import CARRIED
from tests.refusing import go, kept, refused

Fault = Callable[[str], str | bytes]
"""The table's text → what stands in its place."""
CSV = "breast_cancer.csv"


@pytest.fixture(scope="module")
def pictures_in_service(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few of the carried digits in a folder, and a model that saw them once."""
    folder = tmp_path_factory.mktemp("pictures")
    with zipfile.ZipFile(CARRIED / "digits" / "digits.zip") as archive:
        names = [name for name in archive.namelist() if name[0] in "012" and name.endswith(".png")]
        archive.extractall(folder / "digits", names[::4])
    text = (CARRIED / "digits" / "pipeline.yaml").read_text().replace("digits.zip", "digits")
    text = text.replace("validation:\n  expectations: expectations.yaml\n", "")
    (folder / "pipeline.yaml").write_text(text + "training:\n  epochs: 1\n")
    assert go(folder / "pipeline.yaml") == 0
    return folder


@pytest.fixture
def pictures(pictures_in_service: Path, tmp_path: Path) -> Path:
    """The YAML of a pipeline over a folder of pictures, with a model in service."""
    return shutil.copytree(pictures_in_service, tmp_path / "pictures") / "pipeline.yaml"


def survives(
    pipeline: Path, file: Path, broken: bytes, capsys: pytest.CaptureFixture[str], *words: str, read: bool = False
) -> None:
    """Plant the broken content, be refused, mend it, and find the model in service as it was.

    `read`: the rows could be read, and were refused by a later stage, so that their snapshot stays.
    """
    whole, before = file.read_bytes(), kept(pipeline.parent)
    capsys.readouterr()
    file.write_bytes(broken)
    assert go(pipeline) == 2
    refused(capsys.readouterr().err, *words)
    more = kept(pipeline.parent).keys() - before.keys()
    assert all(read and name.startswith("stages/ingest/") for name in more)
    assert {name: content for name, content in kept(pipeline.parent).items() if name not in more} == before
    assert not list(pipeline.parent.rglob("*.part"))
    file.write_bytes(whole)
    assert go(pipeline) == 0
    assert {name: content for name, content in kept(pipeline.parent).items() if name not in more} == before


# The table


def blank(text: str, column: str) -> str:
    """The table with nothing in a column."""
    header, *rows = [line.split(",") for line in text.splitlines()]
    at = header.index(column)
    return "\n".join(",".join(cells) for cells in [header, *([*r[:at], "", *r[at + 1 :]] for r in rows)])


FAULTS: dict[str, tuple[Fault, list[str]]] = {
    "no target": (
        lambda t: t.replace("diagnosis", "Diagnose"),
        ['no column "diagnosis", the target', 'mean "Diagnose"'],
    ),
    "no feature": (
        lambda t: t.replace("mean_area", "meanarea"),
        ['no column "mean_area", the feature', 'mean "meanarea"'],
    ),
    "one class": (
        lambda t: t.replace("benign", "malignant"),
        ['every row has the same target "malignant"', "two classes"],
    ),
    "an empty feature": (
        lambda t: blank(t, "mean_area"),
        ['feature "mean_area" is empty in all 569 rows', "out of features"],
    ),
    "a feature of the wrong kind": (
        lambda t: re.sub(r"\n[^,]*,", "\n北京,", t),
        ['569 cells of the feature "mean_radius"', "北京", "another kind"],
    ),
    "a gzip file cut at its end": (
        lambda t: gzip.compress(t.encode())[:-200],
        ["gzip file is truncated", "Copy or download"],
    ),
    "a gzip file cut in its first block": (
        lambda t: gzip.compress(t.encode())[:40],
        ["gzip file is truncated", "Copy or download"],
    ),
    "a column twice": (
        lambda t: t.replace("mean_area", "mean_radius"),
        ["line 1", '"mean_radius" is there 2 times', "Rename"],
    ),
    "an empty file": (lambda _: b"", ["the file is empty", "header and rows"]),
    "a header and no row": (lambda t: t.splitlines()[0] + "\n", ["there is no row"]),
    "a picture": (lambda _: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, ["this is one picture"]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_table_that_cannot_be_learned_from(table: Path, capsys: pytest.CaptureFixture[str], fault: str) -> None:
    file = table.parent / CSV
    plant, words = FAULTS[fault]
    broken = plant(file.read_text())
    broken = broken.encode() if isinstance(broken, str) else broken
    survives(table, file, broken, capsys, f"error: {file}", *words)


@pytest.mark.parametrize("bad", [lambda row: row + ",7", lambda row: row[:9]])
def test_rows_with_too_many_or_too_few_cells(
    table: Path, capsys: pytest.CaptureFixture[str], bad: Callable[[str], str]
) -> None:
    file = table.parent / CSV
    lines = [bad(row) if n % 10 == 6 else row for n, row in enumerate(file.read_text().splitlines())]
    words = [r"57 of 569 rows could not be read \(breast_cancer.csv, line 7: ", "max_bad_share", "unread.parquet"]
    survives(table, file, "\n".join(lines).encode(), capsys, *words, read=True)


def test_an_encoding_that_is_not_the_named_one(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = table.parent / CSV
    table.write_text(table.read_text().replace(f"path: {CSV}", f"path: {CSV}\n  encoding: utf-8"))
    assert go(table) == 0
    rows = file.read_bytes().split(b"\n")
    for n in range(300, 350):
        rows[n] = rows[n].replace(b"benign", "gutartig – höflich".encode("cp1252"))
        rows[n] = rows[n].replace(b"malignant", "bösartig".encode("cp1252"))
    survives(table, file, b"\n".join(rows), capsys, f"{CSV}, line 301", "utf-8", "max_bad_share", read=True)


def test_a_source_that_is_not_there(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = table.read_text().replace(CSV, "breast_cancr.csv")
    survives(table, table, text.encode(), capsys, "breast_cancr.csv", 'mean "breast_cancer.csv"')


# The YAML


@pytest.mark.parametrize(
    ("added", "words"),
    [
        ("trainig:\n  epochs: 3\n", ["line 43, column 1", 'unknown key "trainig"', 'mean "training"']),
        ("evaluation:\n  slice: [a]\n", ["line 44, column 3", 'unknown key "evaluation.slice"', 'mean "slices"']),
        ("release:\n  margin: wide\n", ["line 44, column 3", "release.margin is 'wide'", "number"]),
        ("preprocessing: 3\n", ["line 43, column 1", "preprocessing is 3"]),
        ("preprocessing: [\n", ["line 4", "not valid YAML"]),
        ("evaluation:\n  slices: [mean_aera]\n", ["pipeline.yaml", 'slices names "mean_aera"', 'mean "mean_area"']),
        (
            "preprocessing:\n  split:\n    by: group\n    column: patient\n",
            ['preprocessing.split.column names "patient"', "There are: .*diagnosis"],
        ),
    ],
)
def test_a_yaml_that_cannot_be_meant(
    table: Path, capsys: pytest.CaptureFixture[str], added: str, words: list[str]
) -> None:
    survives(table, table, (table.read_text() + added).encode(), capsys, f"error: {table}", *words)


def test_the_command_refuses_a_yaml_before_it_starts_anything(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table.write_text(table.read_text() + "trainig: 3\n")
    for command in ("run", "show", "rollback"):
        assert exit_code(lambda command=command: app([command, str(table)], exit_on_error=False)) == 2
        said = capsys.readouterr()
        refused(said.err, 'unknown key "trainig"')
        assert said.out == ""


# Pictures


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def bmp(content: bytes) -> bytes:
    file = io.BytesIO()
    Image.open(io.BytesIO(content)).save(file, "BMP")
    return file.getvalue()[:-20]


@pytest.mark.parametrize("damage", [cut, bmp, lambda _: b"", lambda _: b"<html>not found</html>"])
def test_damaged_pictures(pictures: Path, capsys: pytest.CaptureFixture[str], damage: Callable[[bytes], bytes]) -> None:
    files = sorted((pictures.parent / "digits").rglob("*.png"))
    for file in files[10:18]:
        file.write_bytes(damage(file.read_bytes()))
    name = files[10].relative_to(pictures.parent / "digits")
    last = files[18]
    pictures.write_text(pictures.read_text() + f"validation:\n  max_bad_share: {8.5 / len(files)}\n")
    assert go(pictures) == 0
    words = rf"9 of {len(files)} rows could not be read \({name}: "
    survives(pictures, last, damage(last.read_bytes()), capsys, words, read=True)


# Warned, not stopped


def test_a_feature_that_tells_the_target_is_said_and_does_not_stop(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = table.parent / CSV
    rows = file.read_text().splitlines()
    told = [rows[0] + ",outcome", *(row + (",1" if row.endswith("malignant") else ",0") for row in rows[1:])]
    file.write_text("\n".join(told))
    table.write_text(table.read_text().replace("validation:", "  outcome: number\nvalidation:", 1))
    notes: list[str] = []
    assert go(table, lambda event: notes.append(event.message) if event.what == "note" else None) == 0
    assert [note for note in notes if '"outcome"' in note and '"diagnosis"' in note]
