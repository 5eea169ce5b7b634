"""Tables whose columns hold pictures beside numbers and names, through all stages and into the model's answers."""

from __future__ import annotations

import io
import re
import warnings
from base64 import b64encode
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from PIL import Image

from keepfit import config, load
from keepfit.errors import ConfigError, DataError
from keepfit.serving.bundle.model import ServedModel
from keepfit.serving.prediction import predict_file
from keepfit.stages.ingest import ingest
from keepfit.store import files
from keepfit.store.run import start
from tests.chain import retrain

ROWS = 400
FEATURES = ("front", "size", "back", "place")
YAML = (
    "name: shelves\nsource: {path: rows.parquet}\ntarget: y\n"
    "features: {front: image, size: number, back: image, place: category}\n"
    "training: {epochs: 25, lr: 0.01}\nevaluation: {slices: [place]}\n"
)


def pixels(level: float, seed: int, shape: tuple[int, ...]) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 8, shape)
    return np.clip(255 * level + noise, 0, 255).astype(np.uint8)


def png(array: np.ndarray) -> bytes:
    with io.BytesIO() as buffer:
        Image.fromarray(array).save(buffer, "PNG")
        return buffer.getvalue()


def shelves() -> pd.DataFrame:
    """Two pictures of unlike size a row, a number and a name with gaps; each of the four has a say in the target."""
    draw = np.random.default_rng(0)
    front, back, size = draw.random((3, ROWS))
    place = draw.choice(["低", "high"], ROWS)
    said = front + back + size + np.where(place == "high", 0.4, -0.4)
    frame = pd.DataFrame(
        {
            "front": [png(pixels(level, row, (8, 8))) for row, level in enumerate(front)],
            "size": size.round(3),
            "back": [png(pixels(level, row, (6, 10, 3))) for row, level in enumerate(back)],
            "place": place.astype(object),
            "y": np.where(said > 1.5, "yes", "no"),
        }
    )
    frame.loc[5:14, "size"] = np.nan
    frame.loc[10:19, "place"] = None
    return frame


def started(folder: Path, frame: pd.DataFrame, model: str = "mlp, members: 2, width: 32") -> config.Pipeline:
    frame.to_parquet(folder / "rows.parquet")
    (folder / "pipeline.yaml").write_text(f"{YAML}model: {{family: {model}}}\n")
    return config.load(folder / "pipeline.yaml")


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> config.Pipeline:
    """A pipeline of such a table with a model in service."""
    found = started(tmp_path_factory.mktemp("shelves"), shelves())
    verdict = retrain(found).verdict
    assert verdict.reason == "first", verdict.sentence
    return found


@pytest.fixture(scope="module")
def model(pipeline: config.Pipeline) -> ServedModel:
    return load(pipeline.file)


def test_all_columns_are_learned_from_and_the_baselines_too(pipeline: config.Pipeline) -> None:
    (found,) = pipeline.folder.glob(".keepfit/stages/evaluate/*/metrics.json")
    metrics = files.read_json(found)
    assert metrics["model"]["accuracy"] > 0.85  # any three of the four columns tell less
    assert metrics["classical"]["accuracy"] > 0.8
    (named,) = pipeline.folder.glob(".keepfit/stages/baseline/*/manifest.json")
    name = files.read_json(named)["artifact"]["classical"]
    assert name == "logistic regression on 8×8 pixels, 6×10 pixels and the other columns"


def test_raw_bytes_get_the_answers_that_torch_gave_to_the_test_rows(
    pipeline: config.Pipeline, model: ServedModel
) -> None:
    (judged,) = pipeline.folder.glob(".keepfit/stages/evaluate/*/predictions.parquet")
    (raw,) = pipeline.folder.glob(".keepfit/stages/preprocess/*/test_raw")
    torchs = pd.read_parquet(judged).set_index("keepfit_row")
    rows = pd.read_parquet(raw).set_index("keepfit_row").loc[torchs.index]
    assert isinstance(rows["front"].iloc[0], bytes)
    served = model.predict(rows)
    np.testing.assert_allclose(served["probability_yes"], [p[1] for p in torchs["probabilities"]], atol=1e-4)


def kinds_of_frames(folder: Path) -> dict[str, Any]:
    """The same rows as whatever a person may hold them in."""
    frame = shelves().head(40)[[*FEATURES]]
    opened = {n: [Image.open(io.BytesIO(content)) for content in frame[n]] for n in ("front", "back")}
    paths = {}
    for name in ("front", "back"):
        paths[name] = [folder / f"{name}-{row}.png" for row in range(len(frame))]
        for path, content in zip(paths[name], frame[name], strict=True):
            path.write_bytes(content)
    return {
        "bytes": frame,
        "pictures": frame.assign(**opened),
        "arrays": frame.assign(**{n: [np.asarray(picture) for picture in opened[n]] for n in opened}),
        "paths": frame.assign(**paths),
        "texts": frame.assign(**{n: [str(path) for path in paths[n]] for n in paths}),
        "polars": pl.from_pandas(frame),
        "arrow": pa.Table.from_pandas(frame),
        "another order": frame[[*reversed(FEATURES)]].assign(more="ignored"),
    }


def test_a_picture_may_be_given_in_any_form(model: ServedModel, tmp_path: Path) -> None:
    frames = kinds_of_frames(tmp_path)
    expected = model.predict(frames["bytes"])
    for form, frame in frames.items():
        found = model.predict(frame)
        assert found["probability_yes"].tolist() == pytest.approx(expected["probability_yes"].tolist()), form


def test_files_of_rows_hold_pictures_as_bytes_or_spelled_in_text(pipeline: config.Pipeline, tmp_path: Path) -> None:
    frames, answers = kinds_of_frames(tmp_path), []
    spelled = frames["bytes"].map(
        lambda cell: f"data:image/png;base64,{b64encode(cell).decode()}" if isinstance(cell, bytes) else cell
    )
    frames["bytes"].to_parquet(tmp_path / "bytes.parquet")
    spelled.to_csv(tmp_path / "spelled.csv", index=False)
    for name in ("bytes.parquet", "spelled.csv"):
        predict_file(pipeline, tmp_path / name, tmp_path / "out.csv")
        answers.append(pd.read_csv(tmp_path / "out.csv")["probability_yes"].tolist())
    assert answers[1] == pytest.approx(answers[0])


def test_a_path_in_a_file_of_rows_opens_no_file(pipeline: config.Pipeline, tmp_path: Path) -> None:
    kinds_of_frames(tmp_path)["texts"].to_csv(tmp_path / "texts.csv", index=False)
    with pytest.raises(DataError, match="which is not read as a picture"):
        predict_file(pipeline, tmp_path / "texts.csv", tmp_path / "out.csv")


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"front": b"no picture"}, 'row 2: in "front" it is the text "no picture"'),
        ({"front": png(pixels(0.5, 0, (9, 9)))[:-30]}, 'row 2: in "front" it cannot be read as a picture'),
    ],
)
def test_a_row_whose_picture_cannot_be_read_is_named_and_the_others_are_answered(
    cells: dict[str, Any], said: str, model: ServedModel
) -> None:
    frame = shelves().head(3).astype(object)
    expected = model.predict(frame)["probability_yes"].tolist()
    for name, cell in cells.items():
        frame.at[1, name] = cell
    with pytest.warns(UserWarning, match=said):
        found = model.predict(frame)["probability_yes"].tolist()
    assert (found[0], found[2]) == (pytest.approx(expected[0]), pytest.approx(expected[2]))
    assert np.isnan(found[1])


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"front": 3}, "row 2 has a int for a picture. A picture is bytes"),
        ({"front": np.zeros((4, 4))}, "row 2 has a ndarray for a picture.*uint8 array"),
        ({"front": "nowhere.png"}, "nowhere.png: the picture of row 2 cannot be read: No such file"),
    ],
)
def test_what_can_be_no_picture_is_refused(cells: dict[str, Any], said: str, model: ServedModel) -> None:
    frame = shelves().head(3).astype(object)
    for name, cell in cells.items():
        frame.at[1, name] = cell
    with pytest.raises(DataError, match=said):
        model.predict(frame)


@pytest.mark.parametrize("nothing", [None, float("nan")])
def test_a_picture_may_be_missing_beside_others(nothing: Any, model: ServedModel) -> None:
    frame = shelves()
    some = frame.astype(object).assign(back=nothing)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        right = model.predict(some)["prediction"] == frame["y"]
    assert right.mean() > 0.65  # the other three columns tell it of three rows in four


def test_rows_without_a_picture_are_learned_from_and_shown(tmp_path: Path) -> None:
    frame = shelves()
    frame.loc[::3, "front"] = None
    found = started(tmp_path, frame)
    report = retrain(found).report
    (snapshot,) = tmp_path.glob(".keepfit/stages/ingest/*/manifest.json")
    assert files.read_json(snapshot)["artifact"]["rows"] == ROWS
    assert re.search(r">front</td>.*?<td class=\"n\">3\d\.\d %</td>", Path(report).read_text())  # are missing


def test_pictures_alone_are_no_rows_of_it(pipeline: config.Pipeline, tmp_path: Path) -> None:
    (tmp_path / "some").mkdir()
    (tmp_path / "some/one.png").write_bytes(png(pixels(0.5, 0, (8, 8))))
    for rows in ("some", "some/one.png", "some/*.png"):
        with pytest.raises(DataError, match=r"a row of this model is: front, size, back, place.*Give a table"):
            predict_file(pipeline, tmp_path / rows, tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("/somewhere/a.png", r'400 of 400 rows could not be read \(row 1: in "back" it is the text "/somewhere/a.png"'),
        (2.5, 'the column "back" holds double, which no image can be read from. Take it out'),
        (None, 'the feature "back" is empty in all 400 rows. Take it out of features'),
        (b"damaged", r'400 of 400 rows could not be read \(row 1: in "back" it is the text "damaged"'),
    ],
)
def test_a_source_whose_pictures_are_none_is_refused_in_words(cell: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        retrain(started(tmp_path, shelves().assign(back=cell)))


def test_one_damaged_picture_among_others_is_left_out_and_named(tmp_path: Path) -> None:
    frame = shelves()
    frame.at[41, "back"] = frame.at[41, "back"][:-30]
    run = start(started(tmp_path, frame))
    assert ingest(run).rows == len(frame) - 1
    assert any('row 42: in "back" it cannot be read' in note for note in run.outcome("ingest").notes)


def test_the_family_of_one_picture_says_that_it_takes_no_more(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cnn needs exactly one image, sequence or audio feature, and there are 2"):
        started(tmp_path, shelves(), model="cnn")
