"""Files of rows and of pictures into files of predictions, by the model in service."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

import keepfit
from keepfit import config
from keepfit.config import Pipeline
from keepfit.errors import ConfigError, DataError, MachineError
from keepfit.serving.prediction import predict_file
from keepfit.store.artifacts import Verdict
from keepfit.store.run import start
from tests.stages.export import exporting


@pytest.fixture
def served(tmp_path: Path) -> Pipeline:
    return exporting.served(exporting.table(), tmp_path)


@pytest.fixture
def pictured(tmp_path: Path) -> Pipeline:
    return exporting.served(exporting.pictures(), tmp_path)


def test_the_test_rows_get_what_evaluate_judged(served, tmp_path):
    raw = exporting.table().raw()
    pq.write_table(raw.drop_columns(["diagnosis"]), tmp_path / "rows.parquet")
    said = str(predict_file(served, tmp_path / "rows.parquet", tmp_path / "out" / "predictions.parquet"))
    found = pl.read_parquet(tmp_path / "out" / "predictions.parquet")
    assert found.columns == ["prediction", "probability_benign", "probability_malignant", "model_version"]
    np.testing.assert_allclose(found[:, 1:3], exporting.table().judged(), atol=1e-5)
    assert set(found["model_version"]) == {"7"}
    assert f"Predicted {len(raw)} rows with version 7" in said


def test_every_format_gets_the_same_answers(served, tmp_path):
    rows = exporting.awkward()
    rows.write_csv(tmp_path / "rows.csv")
    (tmp_path / "rows.tsv.gz").write_bytes(gzip.compress(rows.write_csv(separator="\t").encode("utf-16")))
    rows.write_ndjson(tmp_path / "rows.jsonl")
    rows.write_parquet(tmp_path / "rows.parquet")
    outs = []
    for name in ("rows.csv", "rows.tsv.gz", "rows.jsonl", "rows.parquet"):
        predict_file(served, tmp_path / name, tmp_path / f"{name}.out.csv")
        outs.append(pl.read_csv(tmp_path / f"{name}.out.csv"))
    assert len(outs[0]) == len(rows)
    for out in outs[1:]:
        assert out.equals(outs[0])


def test_a_csv_and_a_frame_of_the_same_rows_get_the_same_answers(served, tmp_path):
    exporting.awkward().write_csv(tmp_path / "rows.csv")
    predict_file(served, tmp_path / "rows.csv", tmp_path / "out.parquet")
    frame = exporting.awkward().with_columns(pl.col("mean_radius").replace("?", None)).to_pandas()
    with pytest.warns(UserWarning, match="values that training did not see"):  # one row has a rare one
        expected = keepfit.load(served.file).predict(frame)
    found = pl.read_parquet(tmp_path / "out.parquet")
    assert found["prediction"].to_list() == expected["prediction"].tolist()
    assert found["probability_benign"].to_list() == expected["probability_benign"].tolist()


def test_unreadable_cells_are_counted(served, tmp_path):
    rows = exporting.awkward().with_columns(label=pl.lit("much"), smoker=pl.lit("?"))
    rows.write_csv(tmp_path / "rows.csv")
    assert f"count as missing: label {len(rows)}." in str(
        predict_file(served, tmp_path / "rows.csv", tmp_path / "out.csv")
    )


def test_values_that_training_did_not_see_are_told_with_their_share(served, tmp_path):
    rows = exporting.awkward().head(50)
    hospitals = pl.Series(["新院", "第三院"] + ["新院"] * 9 + rows["医院"].to_list()[11:])
    rows.with_columns(hospitals.alias("医院")).write_csv(tmp_path / "rows.csv")
    said = str(predict_file(served, tmp_path / "rows.csv", tmp_path / "out.csv"))
    assert re.search(
        r"Note: 2\d % of the cells of 医院 hold values that training did not see.* \(such as 新院\)\.", said
    )


def test_a_single_row_is_read(served, tmp_path):
    rows = exporting.awkward()
    rows.write_csv(tmp_path / "points.csv")
    rows.head(1).write_csv(tmp_path / "one.csv")
    for name in ("points", "one"):
        predict_file(served, tmp_path / f"{name}.csv", tmp_path / f"{name}.out.csv")
    _assert_close(pl.read_csv(tmp_path / "one.out.csv"), pl.read_csv(tmp_path / "points.out.csv").head(1))


def test_another_notation_than_that_of_training_is_told_and_never_guessed(served, tmp_path):
    rows = exporting.awkward().head(30)
    odd = pl.Series("worst area 最大", ["1.234,50"] * 20 + ["1,5"] * 9 + ["much"])
    rows.with_columns(odd, label=pl.lit("1,5")).write_csv(tmp_path / "rows.csv", separator=";")
    said = str(predict_file(served, tmp_path / "rows.csv", tmp_path / "out.csv"))
    assert "count as missing: label 30, worst area 最大 30." in said


def test_the_format_of_the_source_holds_for_rows_of_the_same_ending(served, tmp_path):
    text = served.file.read_text(encoding="utf-8")
    served.file.write_text(text.replace("{path: rows.csv}", "{path: past.txt, format: jsonl}"), encoding="utf-8")
    exporting.awkward().write_ndjson(tmp_path / "rows.txt")
    exporting.awkward().write_csv(tmp_path / "rows.csv")
    for name in ("rows.txt", "rows.csv"):
        predict_file(config.load(served.file), tmp_path / name, tmp_path / f"{name}.out.csv")
    assert (tmp_path / "rows.txt.out.csv").read_text() == (tmp_path / "rows.csv.out.csv").read_text()


@pytest.mark.parametrize("with_target", [True, False])
def test_rows_without_a_header_take_the_names_of_the_yaml(served, tmp_path, with_target):
    rows = exporting.awkward()
    text = served.file.read_text(encoding="utf-8").replace(
        "{path: rows.csv}", f"{{path: rows.csv, columns: {rows.columns}}}"
    )
    served.file.write_text(text, encoding="utf-8")
    rows.write_csv(tmp_path / "named.csv")
    rows.select(pl.all() if with_target else pl.exclude("diagnosis")).write_csv(
        tmp_path / "bare.csv", include_header=False
    )
    for name in ("named", "bare"):
        predict_file(config.load(served.file), tmp_path / f"{name}.csv", tmp_path / f"{name}.out.csv")
    assert (tmp_path / "named.out.csv").read_text() == (tmp_path / "bare.out.csv").read_text()


def test_pictures_in_a_folder_a_zip_or_alone_get_the_same_answers(pictured, tmp_path):
    with zipfile.ZipFile(exporting.CARRIED / "digits/digits.zip") as archive:
        archive.extractall(tmp_path / "digits")
    raw = exporting.pictures().raw()
    predict_file(pictured, tmp_path / "digits", tmp_path / "folder.csv")
    predict_file(pictured, exporting.CARRIED / "digits/digits.zip", tmp_path / "zip.csv")
    predict_file(pictured, tmp_path / "digits" / raw["file"][0].as_py(), tmp_path / "one.csv")
    assert (tmp_path / "folder.csv").read_text() == (tmp_path / "zip.csv").read_text()
    found = pl.read_csv(tmp_path / "folder.csv")
    assert found.columns == ["file", "prediction", *(f"probability_{k}" for k in range(10)), "model_version"]
    assert found["file"].is_sorted()
    judged = pl.DataFrame({"file": raw["file"].to_pylist()}).join(found, on="file", maintain_order="left")
    np.testing.assert_allclose(judged.select(pl.col("^probability_.*$")), exporting.pictures().judged(), atol=1e-5)
    one = pl.read_csv(tmp_path / "one.csv").select(pl.exclude("file"))
    np.testing.assert_allclose(one[:, 1:11], judged[:1, 2:12], atol=1e-6)


def test_a_glob_of_pictures_or_folders_answers_all(pictured, tmp_path):
    with zipfile.ZipFile(exporting.CARRIED / "digits/digits.zip") as archive:
        archive.extractall(tmp_path / "digits")
    predict_file(pictured, tmp_path / "digits", tmp_path / "folder.csv")
    whole = pl.read_csv(tmp_path / "folder.csv", schema_overrides={"file": pl.String})
    for pattern, few in (("*/*.png", len(whole)), ("[12]/*.png", None), ("[12]", None)):
        predict_file(pictured, tmp_path / "digits" / pattern, tmp_path / "glob.csv")
        found = pl.read_csv(tmp_path / "glob.csv")
        expected = whole if few else whole.filter(pl.col("file").str.contains("^[12]/"))
        assert found["file"].to_list() == expected["file"].to_list()
        assert found["prediction"].to_list() == expected["prediction"].to_list()
    (tmp_path / "digits/0/rows.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="pictures and other files were named"):
        predict_file(pictured, tmp_path / "digits/0/*", tmp_path / "glob.csv")


def test_pictures_that_cannot_be_read_have_empty_lines_and_are_named(pictured, tmp_path):
    with zipfile.ZipFile(exporting.CARRIED / "digits/digits.zip") as archive:
        archive.extractall(tmp_path / "digits")
    some = sorted((tmp_path / "digits").rglob("*.png"))
    for odd, content in ((some[0], b""), (some[700], some[700].read_bytes()[:-30]), (some[-1], b"<svg>")):
        odd.write_bytes(content)
    (tmp_path / "digits/note.txt").write_text("x")
    for out in (tmp_path / "out.csv", tmp_path / "out.parquet"):
        said = str(predict_file(pictured, tmp_path / "digits", out))
        assert f"3 of {len(some):,} rows could not be read ({some[0].parent.name}/{some[0].name}: it is empty" in said
        assert "1 file is no picture and is left: note.txt" in said
    found, same = pl.read_parquet(tmp_path / "out.parquet"), pl.read_csv(tmp_path / "out.csv")
    assert found["file"].to_list() == [str(path.relative_to(tmp_path / "digits")) for path in some]
    assert np.flatnonzero(found["prediction"].is_null()).tolist() == [0, 700, len(some) - 1]
    assert found.drop("file").filter(found["prediction"].is_null()).null_count().row(0) == (3,) * (found.width - 1)
    assert same["prediction"].is_null().to_list() == found["prediction"].is_null().to_list()


def test_pictures_of_which_none_can_be_read_leave_the_old_predictions_as_they_were(pictured, tmp_path):
    (tmp_path / "odd.png").write_bytes(b"")
    (tmp_path / "out.csv").write_text("old")
    with pytest.raises(DataError, match=r"1 of 1 rows could not be read \(odd.png: it is empty"):
        predict_file(pictured, tmp_path / "odd.png", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "old"
    assert not list(tmp_path.glob(".out.csv*"))


def test_a_missing_feature_is_named_before_anything_is_written(served, tmp_path):
    exporting.awkward().rename({"stage": "stages"}).write_csv(tmp_path / "rows.csv")
    with pytest.raises(DataError, match=r'missing: stage\..*Did you mean "stages"'):
        predict_file(served, tmp_path / "rows.csv", tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("name", ["out.txt", "out", "rows.csv"])
def test_a_name_the_predictions_cannot_have_is_refused(served, tmp_path, name):
    exporting.awkward().write_csv(tmp_path / "rows.csv")
    before = (tmp_path / "rows.csv").read_bytes()
    with pytest.raises(ConfigError, match=r"ends in .csv or .parquet"):
        predict_file(served, tmp_path / "rows.csv", tmp_path / name)
    assert (tmp_path / "rows.csv").read_bytes() == before


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_a_full_disk_is_told_and_leaves_nothing(served, tmp_path, name):
    exporting.awkward().write_csv(tmp_path / "rows.csv")
    (tmp_path / f".{name}.{os.getpid()}.tmp").symlink_to("/dev/full")
    with pytest.raises(MachineError, match=r"No space left on device.*Free some room"):
        predict_file(served, tmp_path / "rows.csv", tmp_path / name)
    assert not [*tmp_path.glob("out.*"), *tmp_path.glob(".out.*")]


def test_without_a_champion_the_verdict_and_the_bundle_are_told(served, tmp_path):
    (tmp_path / ".keepfit/champion.json").unlink()
    exporting.awkward().write_csv(tmp_path / "rows.csv")
    with pytest.raises(ConfigError, match=r"no run has reached a verdict yet.*keepfit run pipeline.yaml"):
        predict_file(served, tmp_path / "rows.csv", tmp_path / "out.csv")
    id = exporting.table().bundle.id
    verdict = {"outcome": "REJECT", "reason": "gate_failed", "sentence": "accuracy is 0.61, and 0.9 is asked."}
    start(served).add(verdict=Verdict(**verdict), bundle=id)
    with pytest.raises(ConfigError, match=f"REJECT. accuracy is 0.61, and 0.9 is asked.*--bundle {id}"):
        keepfit.load(served.file)
    assert f"version {id}" in str(predict_file(served, tmp_path / "rows.csv", tmp_path / "out.csv", id[:6]))


@pytest.mark.parametrize("start", ["zzz", ""])
def test_an_id_that_no_one_bundle_has_is_told(served, tmp_path, start):
    with pytest.raises(ConfigError, match=f"There are: {exporting.table().bundle.id}"):
        predict_file(served, tmp_path / "rows.csv", tmp_path / "out.csv", start)


def test_a_damaged_bundle_in_service_is_refused_by_the_files_name(served, tmp_path):
    path = tmp_path / ".keepfit" / exporting.table().bundle.folder / "model.onnx"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(MachineError, match=r"model.onnx: this file was changed"):
        predict_file(served, tmp_path / "rows.csv", tmp_path / "out.csv")


def test_rows_that_are_not_there_or_empty_are_told(served, tmp_path):
    with pytest.raises(DataError, match="no such file"):
        predict_file(served, tmp_path / "gone.csv", tmp_path / "out.csv")
    (tmp_path / "rows.csv").write_text("")
    with pytest.raises(DataError, match="empty"):
        predict_file(served, tmp_path / "rows.csv", tmp_path / "out.csv")
    (tmp_path / "folder").mkdir()
    with pytest.raises(DataError, match="no table"):
        predict_file(served, tmp_path / "folder", tmp_path / "out.csv")


def test_the_command_predicts_without_torch(served, tmp_path):
    exporting.awkward().write_csv(tmp_path / "rows.csv")
    code = "import sys; sys.modules['torch'] = None; from keepfit.cli import main; main()"
    command = [sys.executable, "-c", code, "predict", str(served.file), "rows.csv", "--out", "predictions.csv"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "with version 7" in done.stdout
    assert len(pl.read_csv(tmp_path / "predictions.csv")) == len(exporting.awkward())


def test_many_rows_get_the_answers_they_get_alone(served, tmp_path):
    rows = exporting.awkward()
    rows.write_csv(tmp_path / "rows.csv")
    with (tmp_path / "many.csv").open("wb") as many:
        many.write((tmp_path / "rows.csv").read_bytes())
        for _ in range(40):
            rows.write_csv(many, include_header=False)
    predict_file(served, tmp_path / "many.csv", tmp_path / "many.out.csv")
    predict_file(served, tmp_path / "rows.csv", tmp_path / "rows.out.csv")
    once, many = pl.read_csv(tmp_path / "rows.out.csv"), pl.read_csv(tmp_path / "many.out.csv")
    _assert_close(many, pl.concat([once] * 41))


def _assert_close(found: pl.DataFrame, expected: pl.DataFrame) -> None:
    assert found["prediction"].equals(expected["prediction"])
    columns = pl.col("^probability_.*$")
    np.testing.assert_allclose(found.select(columns), expected.select(columns), atol=1e-6)


def test_the_command_prints_one_object(served, tmp_path):
    rows, out = tmp_path / "rows.csv", tmp_path / "out.csv"
    exporting.awkward().with_columns(label=pl.lit("much")).write_csv(rows)
    done = subprocess.run(
        [Path(sys.executable).with_name("keepfit"), "predict", served.file, rows, "-o", out, "--json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert (found["out"], found["version"], found["bad"]) == (str(out), "7", 0)
    assert found["rows"] == len(pl.read_csv(out))
    assert f"count as missing: label {found['rows']}." in " ".join(found["notes"])
