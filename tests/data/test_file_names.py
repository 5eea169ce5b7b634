"""What the names of pictures and recordings say: their labels, and which of them only judge."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from keepfit import config
from keepfit.data.sources.file_names import FileNames
from keepfit.data.sources.opening import Reading, open_source
from keepfit.errors import ConfigError, DataError
from keepfit.stages.ingest import ingest
from keepfit.store import run
from tests.recordings import choir, said


@pytest.mark.parametrize(
    ("pattern", "name", "cells"),
    [
        ("{digit}_{speaker}_{take}", "recordings/3_anna_12.wav", ("3", "anna", "12")),
        ("{digit}_{speaker}_{take}.wav", "3_anna_12.wav", ("3", "anna", "12")),
        ("{digit}_{speaker}_{take}.wav", "3_anna_12.flac", None),
        ("{speaker}/{digit}-*", "all/anna/3-loud.wav", ("anna", "3")),
        ("{speaker}/{digit}-*", "3-loud.wav", None),
        ("{label}[0-9][0-9]", "cat07.png", ("cat",)),
        ("{label}[!0-9]?", "cat_x.png", ("cat",)),
        ("{label}[!0-9]?", "cat07.png", None),
        ("{label}.{number}", "cat.7.jpg", ("cat", "7")),
        ("{a}+({b})", "x+(y).wav", ("x", "y")),
        ("*_[0-4]", "0_anna_4.wav", ()),
        ("*_[0-4]", "0_anna_14.wav", None),
    ],
)
def test_a_name_is_taken_apart(pattern: str, name: str, cells: tuple[str, ...] | None) -> None:
    assert FileNames(pattern).cells(PurePosixPath(name)) == cells


@pytest.mark.parametrize("pattern", ["{a}_{a}", "{}_x", "{file}_x", "{ }"])
def test_a_column_needs_a_name_of_its_own(pattern: str) -> None:
    with pytest.raises(ConfigError, match="has a column"):
        FileNames(pattern, ("file", "audio"))


def zipped(folder: Path, names: list[str]) -> Path:
    with zipfile.ZipFile(folder / "r.zip", "w") as archive:
        for number, name in enumerate(names):
            archive.writestr(f"r/{name}", said(re.split("[_.]", name)[0], number))
    return folder / "r.zip"


NAMES = [f"{label}_{who}_{take}.wav" for label in ("low", "high") for who in ("anna", "ben") for take in range(12)]


def test_labels_stand_in_the_names_and_what_is_called_otherwise_is_unread(tmp_path: Path) -> None:
    path = zipped(tmp_path, [*NAMES, "low.wav"])
    found = open_source((path,), Reading(tmp_path, target="label", file_names="{label}_{who}_{take}"))
    table = pa.Table.from_batches(found.batches())
    assert table.column_names == ["file", "audio", "label", "who", "take"]
    assert table["file"].to_pylist() == [f"r/{name}" for name in sorted(NAMES)]
    assert table["label"].to_pylist() == ["high"] * 24 + ["low"] * 24
    assert [(one.where, one.reason) for one in found.unread] == [
        ("r/low.wav", 'its name is not like "{label}_{who}_{take}"')
    ]


def test_names_tell_the_publishers_test(tmp_path: Path) -> None:
    zipped(tmp_path, NAMES)
    (tmp_path / "pipeline.yaml").write_text(
        'name: r\nsource: {path: r.zip, names: "{label}_{who}_{take}", test_names: "*_[0-2]"}\ntarget: label\n'
        "features: {audio: audio}\nmodel: {family: cnn}\n"
    )
    begun = run.start(config.load(tmp_path / "pipeline.yaml"))
    snapshot = ingest(begun)
    assert (snapshot.rows, snapshot.test_rows, snapshot.unread) == (48, 12, 0)
    rows = pq.read_table(begun.store / snapshot.path / "rows").to_pylist()
    assert {row["take"] for row in rows if row["keepfit_test"]} == {0, 1, 2}
    assert {row["take"] for row in rows if not row["keepfit_test"]} == {*range(3, 12)}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('{path: r, names: "{a}", labels: x.csv}', "either labels or names"),
        ('{path: r, test: s, test_names: "*_1"}', "either test or test_names"),
        ('{sql: select 1, database: x, names: "{a}"}', "names is of files"),
    ],
)
def test_what_contradicts_itself_is_refused(tmp_path: Path, source: str, said: str) -> None:
    text = f"name: r\nsource: {source}\ntarget: a\nfeatures: {{audio: audio}}\nmodel: {{family: cnn}}\n"
    (tmp_path / "pipeline.yaml").write_text(text)
    with pytest.raises(ConfigError, match=said):
        config.load(tmp_path / "pipeline.yaml")


def test_names_of_tables_hold_no_columns(tmp_path: Path) -> None:
    (tmp_path / "a_1.csv").write_text("x,y\n1,2\n")
    with pytest.raises(DataError, match="a file of these is no row"):
        open_source((tmp_path / "a_1.csv",), Reading(tmp_path, target="y", file_names="{a}_{b}"))


def test_one_recording_is_no_source(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="this is one recording"):
        open_source((next(choir(tmp_path, 1).rglob("*.wav")),), Reading(tmp_path))
