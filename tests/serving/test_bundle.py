"""A bundle opened: verified, and asked with every kind of frame and cell."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import keepfit
from keepfit.errors import DataError, MachineError
from keepfit.serving.bundle.model import ServedModel, open_bundle
from keepfit.serving.bundle.seal import verify
from keepfit.store import files
from tests.stages.export import exporting
from tests.stages.export.test_export import FILES


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    shutil.copytree(exporting.pictures().folder, tmp_path / "bundle")
    return tmp_path / "bundle"


@pytest.fixture(scope="module")
def model():
    return open_bundle(exporting.table().folder, "7")


@pytest.fixture
def frame() -> pd.DataFrame:
    """The raw test rows as pandas has them, without the target, under an index of their own."""
    rows = exporting.table().raw().to_pandas().drop(columns=["diagnosis", "keepfit_row"])
    return rows.set_index(pd.Index([f"row {i}" for i in range(len(rows))]))


def test_its_id_is_that_of_the_export():
    assert verify(exporting.table().folder) == exporting.table().bundle.id


@pytest.mark.parametrize("name", sorted(FILES - {"manifest.json"}))
def test_a_changed_file_is_refused_by_its_name(copied, name):
    content = bytearray((copied / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copied / name).write_bytes(content)
    with pytest.raises(MachineError, match=f"{name}: this file was changed"):
        open_bundle(copied)


def test_a_missing_file_is_named(copied):
    (copied / "transform.json").unlink()
    with pytest.raises(MachineError, match=r"transform.json: this file of the bundle is missing"):
        open_bundle(copied)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 1}', '{"format": 9, "files": {}}'])
def test_a_manifest_that_cannot_be_used_is_told(copied, content):
    (copied / "manifest.json").write_text(content)
    with pytest.raises((MachineError, DataError), match=r"was changed|has format 9"):
        open_bundle(copied)


def test_a_folder_that_is_no_bundle_is_told(tmp_path):
    with pytest.raises(MachineError, match=r"no bundle lies here: manifest.json is missing"):
        open_bundle(tmp_path)


def test_a_frame_gets_answers_in_its_order_under_its_index(model, frame):
    shuffled = frame.sample(frac=1, random_state=0)
    found = model.predict(shuffled)
    assert list(found.columns) == ["prediction", "probability_benign", "probability_malignant", "model_version"]
    assert list(found.index) == list(shuffled.index)
    judged = pd.DataFrame(exporting.table().judged(), index=frame.index).loc[shuffled.index]
    np.testing.assert_allclose(found[["probability_benign", "probability_malignant"]], judged, atol=1e-5)
    assert (found["prediction"] == np.where(judged[0] >= judged[1], "benign", "malignant")).all()
    assert set(found["model_version"]) == {"7"}


def test_pandas_polars_and_arrow_get_the_same_answers(model, frame):
    expected = model.predict(frame).reset_index(drop=True)
    arrow = exporting.table().raw()
    for other in (arrow, arrow.to_batches()[0], pl.from_arrow(arrow), pl.from_arrow(arrow).lazy()):
        pd.testing.assert_frame_equal(model.predict(other), expected)


def test_types_that_mean_the_same_get_the_same_answers(model, frame):
    other = frame.assign(
        **{
            "stage": " " + frame["stage"].astype("object") + " ",
            "医院": frame["医院"].astype("category"),
            "smoker": frame["smoker"].map({True: "Yes", False: "n"}),
            "seen": frame["seen"].dt.strftime("%d.%m.%Y %H:%M"),
            "label": frame["label"].map(str),
            "mean_radius": frame["mean_radius"].astype("Float64"),
        }
    )
    pd.testing.assert_frame_equal(model.predict(other), model.predict(frame))


def test_unknown_categories_gaps_and_more_columns_do_not_stop_it(model, frame):
    odd = frame.head(3).assign(更多=1, diagnosis="malignant", 医院=["从未见过", None, ""], stage=None, label=np.nan)
    told = r"33 % of the cells of 医院 hold values that training did not see.* \(such as 从未见过\)"
    with pytest.warns(UserWarning, match=told):
        found = model.predict(odd)
    assert found[["probability_benign", "probability_malignant"]].sum(axis=1).to_numpy() == pytest.approx(1)


def test_unreadable_cells_count_as_missing_with_a_warning(model, frame):
    odd = frame.head(3).astype({"label": object, "smoker": object})
    odd["label"] = ["many", 1.5, np.inf]
    odd["smoker"] = ["perhaps", True, None]
    with pytest.warns(UserWarning, match="count as missing: label 2, smoker 1"):
        found = model.predict(odd)
    gaps = frame.head(3).assign(label=[np.nan, 1.5, np.nan], smoker=[None, True, None])
    pd.testing.assert_frame_equal(found, model.predict(gaps))


def test_what_the_source_calls_missing_is_missing_in_frames_too(tmp_path, frame):
    folder = shutil.copytree(exporting.table().folder, tmp_path / "bundle")
    schema = files.read_json(folder / "schema.json")
    assert schema["missing"] is None
    files.write_json(folder / "schema.json", {**schema, "missing": ["-999", "未知"]})
    model = ServedModel(folder, "", "7")
    few = frame.head(3)
    marked = few.assign(label=[-999, 1, 2], stage=[" 未知 ", "early", "late"], 医院=["未知", "北京", "北京"])
    gaps = few.assign(label=[np.nan, 1, 2], stage=[None, "early", "late"], 医院=[None, "北京", "北京"])
    coded = marked.astype({"stage": "category"})
    pd.testing.assert_frame_equal(model.predict(marked), model.predict(gaps))
    pd.testing.assert_frame_equal(model.predict(coded), model.predict(gaps))


def test_a_missing_feature_is_named_with_the_nearest(model, frame):
    with pytest.raises(DataError, match=r'a feature column is missing: mean_radius.* Did you mean "mean_radios"'):
        model.predict(frame.rename(columns={"mean_radius": "mean_radios"}))
    with pytest.raises(DataError, match="11 feature columns are missing"):
        model.predict(frame[["extra"]])


def test_a_column_of_a_type_that_cannot_be_meant_is_named(model, frame):
    with pytest.raises(DataError, match='the column "label" holds list'):
        model.predict(frame.assign(label=[[1.0]] * len(frame)))


@pytest.mark.parametrize("rows", [[1, 2], {"a": 1}, "rows.csv"])
def test_what_is_no_frame_is_told(model, rows):
    with pytest.raises(DataError, match="It takes a pandas or polars frame or a pyarrow Table"):
        model.predict(rows)


def test_no_rows_get_no_answers(model, frame):
    assert model.predict(frame.head(0)).shape == (0, 4)


CELLS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)


@given(st.lists(st.tuples(*[CELLS] * len(exporting.FEATURES)), min_size=1, max_size=5))
@settings(deadline=None, max_examples=50)
@pytest.mark.filterwarnings("ignore:cells that could not be read", "ignore:.* values that training did not see")
def test_whatever_is_in_a_cell_a_row_gets_probabilities(model, rows):
    found = model.predict(pd.DataFrame(rows, columns=list(exporting.FEATURES), dtype=object))
    assert np.isfinite(found[["probability_benign", "probability_malignant"]].to_numpy()).all()


def test_pictures_may_be_bytes_paths_arrays_or_pil(tmp_path):
    model = open_bundle(exporting.pictures().folder)
    contents = exporting.pictures().raw()["image"].to_pylist()[:5]
    paths = [tmp_path / f"图 {i}.png" for i in range(5)]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    opened = [Image.open(io.BytesIO(content)) for content in contents]
    arrays = [np.asarray(picture) for picture in opened]
    coloured = [np.stack([array] * 3, axis=2) for array in arrays]
    expected = exporting.pictures().judged()[:5]
    for pictures in (contents, paths, [str(p) for p in paths], opened, arrays, coloured):
        found = model.predict(pd.DataFrame({"image": pd.Series(pictures, dtype=object)}))
        np.testing.assert_allclose(found.filter(like="probability_"), expected, atol=1e-5)


def test_a_picture_that_cannot_be_used_is_named_by_its_row(tmp_path):
    model = open_bundle(exporting.pictures().folder)
    content = exporting.pictures().raw()["image"][0].as_py()
    for odd, message in ((3.5, "row 2 has a float"), (str(tmp_path / "gone.png"), "picture of row 2 cannot be read")):
        with pytest.raises(DataError, match=message):
            model.predict(pd.DataFrame({"image": pd.Series([content, odd], dtype=object)}))
    for odd, message in ((content[:-40], "row 2: it cannot"), (b"text", "row 2: it is the text"), (None, "no picture")):
        with pytest.warns(UserWarning, match=message):
            found = model.predict(pd.DataFrame({"image": pd.Series([content, odd, content], dtype=object)}))
        assert found["prediction"].isna().tolist() == [False, True, False]
        with pytest.raises(DataError, match=message):
            model.answers(pa.table({"image": pa.array([content, odd], pa.binary())}))


def test_load_gives_the_model_in_service(tmp_path, frame):
    served = exporting.served(exporting.table(), tmp_path)
    found = keepfit.load(served.file).predict(frame)
    assert set(found["model_version"]) == {"7"}


def test_a_bundle_is_opened_and_asked_without_torch():
    code = """
import sys, pathlib, pyarrow as pa, keepfit
assert len([m for m in sys.modules if m.startswith("keepfit")]) == 1
from keepfit.serving.bundle.model import open_bundle
import pyarrow.parquet as pq
open_bundle(pathlib.Path(sys.argv[1])).answers(pq.read_table(sys.argv[2]))
heavy = {"torch", "onnx", "sklearn", "mlflow", "great_expectations", "matplotlib", "duckdb", "prefect"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""
    made = exporting.table()
    raw = made.run.store / f"{made.prepared.path}/test_raw"
    subprocess.run([sys.executable, "-c", code, made.folder, raw], check=True)
