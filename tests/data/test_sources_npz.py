"""NumPy's archives as tables."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from keepfit import config
from keepfit.data.sources import unpack
from keepfit.data.sources.opening import Reading, open_source
from keepfit.drafting import draft
from keepfit.errors import DataError
from keepfit.stages.ingest import ingest
from keepfit.store.events import watching
from keepfit.store.run import start

RANDOM = np.random.default_rng(0)


def read(path: Path) -> pa.Table:
    return pa.Table.from_batches(open_source((path,), Reading(path.parent, "y")).batches())


def test_arrays_are_columns_and_their_axes_steps_and_channels(tmp_path: Path) -> None:
    arrays = {
        "plain": RANDOM.normal(size=(7, 12)),
        "several": RANDOM.normal(size=(7, 5, 3)).astype(np.float16),
        "counts": RANDOM.integers(0, 9, (7, 4)).astype(">i2"),
        "y": np.array(list("abcabca")),
        "raw": np.array([b"x"] * 7),
        "day": np.arange(7).astype("datetime64[D]"),
        "yes": np.arange(7) > 3,
    }
    np.savez_compressed(tmp_path / "t.npz", **arrays)
    table = read(tmp_path / "t.npz")
    assert table.column_names == [*arrays]
    for name in ("plain", "several", "counts"):
        np.testing.assert_array_equal(np.array(table[name].to_pylist()), arrays[name])
    assert table["y"].to_pylist() == list("abcabca")
    assert table["raw"].to_pylist() == ["x"] * 7
    assert table["yes"].to_pylist() == [False] * 4 + [True] * 3
    assert pa.types.is_date(table["day"].type)


def test_many_rows_come_in_several_batches_and_files_behind_each_other(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("keepfit.data.sources.npz._BATCH", 1000)
    series = RANDOM.normal(size=(60, 10))
    np.savez(tmp_path / "a.npz", x=series[:40], y=np.arange(40))
    np.savez(tmp_path / "b.npz", x=series[40:], y=np.arange(20))
    batches = [*open_source((tmp_path,), Reading(tmp_path, "y")).batches()]
    assert len(batches) > 5
    np.testing.assert_array_equal(np.concatenate([batch["x"].to_pylist() for batch in batches]), series)


def test_init_finds_the_series_and_the_pipeline_reads_them(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", series=RANDOM.normal(size=(60, 30, 2)), label=np.array(["up", "down"] * 30))
    pipeline = config.load(draft(tmp_path / "t.npz", folder=tmp_path).pipeline)
    assert pipeline.target == "label"
    assert pipeline.features["series"].kind == "sequence"
    with watching(lambda _: None):
        assert ingest(start(pipeline)).rows == 60


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"x": np.zeros((5, 3)), "y": np.zeros(4)}, r"different rows.*x \[5, 3\], y \[4\]"),
        ({"x": np.zeros((5, 3)), "y": np.array(3.0)}, '"y" is no column'),
        ({"x": np.zeros((5, 2, 2, 2))}, '"x" is no column'),
        ({"x": np.zeros(5, complex)}, '"x" is no column'),
        ({"x": np.array([{}, [1]], object)}, "only a pickle can tell"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_told(tmp_path: Path, arrays: dict[str, np.ndarray], words: str) -> None:
    np.savez(tmp_path / "t.npz", **arrays)
    with pytest.raises(DataError, match=words) as caught:
        open_source((tmp_path / "t.npz",), Reading(tmp_path, "y", format="npz"))
    assert "t.npz" in str(caught.value)


def test_a_torn_or_swollen_archive_is_told(tmp_path: Path, monkeypatch) -> None:
    np.savez(tmp_path / "t.npz", x=np.zeros((50, 40)))
    whole = (tmp_path / "t.npz").read_bytes()
    (tmp_path / "torn.npz").write_bytes(whole[:900])
    with pytest.raises(DataError, match="not a whole zip"):
        read(tmp_path / "torn.npz")
    with zipfile.ZipFile(tmp_path / "odd.npz", "w") as archive:
        archive.writestr("x.npy", zipfile.ZipFile(tmp_path / "t.npz").read("x.npy")[:500])
    with pytest.raises(DataError, match="cannot be read"):
        read(tmp_path / "odd.npz")
    monkeypatch.setattr("keepfit.data.sources.npz.FREE", 100)
    monkeypatch.setattr("keepfit.data.sources.npz.RATIO", 1)
    np.savez_compressed(tmp_path / "bomb.npz", x=np.zeros((5000, 40)))
    with pytest.raises(DataError, match="looks like a bomb"):
        read(tmp_path / "bomb.npz")
    assert unpack.RATIO > 1
