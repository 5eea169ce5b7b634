"""Recordings through all stages: three pitches, in a folder each, in a zip, or with a table of labels."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from keepfit import config, load
from keepfit.drafting import draft
from keepfit.errors import DataError
from keepfit.serving.prediction import predict_file
from keepfit.stages.ingest import ingest
from keepfit.store import run
from tests.chain import retrain
from tests.recordings import PITCHES, choir, said


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What init writes of a folder with a folder of recordings for each class, run once."""
    folder = tmp_path_factory.mktemp("choir")
    choir(folder / "choir", 60)
    (folder / "choir/low/broken.wav").write_bytes(said("low", 1)[:500])
    drafted = draft(folder / "choir", "pitch", folder=folder)
    assert "181 recordings in 3 classes." in " ".join(drafted.said)
    text = drafted.pipeline.read_text()
    assert "audio: audio  # 0.1 to 0.4 seconds; or {kind: audio, seconds: 20}" in text
    drafted.pipeline.write_text(text.replace("family: cnn", "family: cnn\n  width: 8") + "training: {epochs: 8}\n")
    retrain(config.load(drafted.pipeline))
    return drafted.pipeline


def test_it_learns_and_is_let_in(made: Path) -> None:
    journal = pd.read_json(made.parent / ".keepfit/journal.jsonl", lines=True)
    assert journal.outcome.tolist() == ["FIRST"]
    assert journal.figures[0]["value"] > 0.9


def test_the_report_draws_the_worst_and_names_what_could_not_be_heard(made: Path) -> None:
    page = next(made.parent.glob(".keepfit/runs/*/report.html")).read_text("utf-8")
    assert page.count("data:image/png;base64,") >= 5
    assert "heard at 8,000 samples a second" in page
    assert "low/broken.wav" in page


def test_an_answer_is_the_same_however_it_is_asked(made: Path, tmp_path: Path) -> None:
    contents = [said([*PITCHES][n % 3], 7000 + n) for n in range(12)]
    found = load(made).predict(pd.DataFrame({"audio": contents}))
    assert (found.prediction == [[*PITCHES][n % 3] for n in range(12)]).mean() > 0.8
    for number, content in enumerate(contents):
        (tmp_path / "asked").mkdir(exist_ok=True)
        (tmp_path / f"asked/{number:02d}.wav").write_bytes(content)
    pipeline = config.load(made)
    archive = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path / "asked"))
    for rows in (tmp_path / "asked", archive, tmp_path / "asked/00.wav"):
        predict_file(pipeline, rows, tmp_path / "out.csv")
        answers = pd.read_csv(tmp_path / "out.csv")
        assert answers.prediction.tolist() == found.prediction.tolist()[: len(answers)]
        np.testing.assert_allclose(answers.probability_low, found.probability_low[: len(answers)], atol=1e-5)


def test_what_is_no_recording_is_named(made: Path, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="row 2: it is no recording"):
        found = load(made).predict(pd.DataFrame({"audio": [said("low", 1), b"hello"]}))
    assert found.prediction.isna().tolist() == [False, True]
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    with pytest.raises(DataError, match="these are pictures, and a row of this model is: audio"):
        predict_file(config.load(made), tmp_path / "a.png", tmp_path / "out.csv")


def test_labels_may_stand_in_a_table_beside(tmp_path: Path) -> None:
    choir(tmp_path / "r", 20, "{label}{number}.wav")
    names = [(f"{label}{n}.wav", label, n) for label in PITCHES for n in range(20)]
    pd.DataFrame(names, columns=["path", "pitch", "take"]).to_csv(tmp_path / "labels.csv", index=False)
    drafted = draft(tmp_path / "r", "pitch", folder=tmp_path)
    pipeline = config.load(drafted.pipeline)
    assert pipeline.source.labels == "labels.csv"
    snapshot = ingest(run.start(pipeline))
    assert (snapshot.rows, snapshot.unread, snapshot.classes) == (60, 0, ("high", "low", "middle"))


def test_recordings_in_a_table_beside_other_columns(tmp_path: Path) -> None:
    labels = [[*PITCHES][n % 3] for n in range(150)]
    contents = [{"bytes": said(label, n), "path": f"{n}.wav"} for n, label in enumerate(labels)]
    frame = pd.DataFrame({"sound": contents, "weight": np.arange(150) % 7 / 2, "pitch": labels})
    frame.to_parquet(tmp_path / "rows.parquet")
    drafted = draft(tmp_path / "rows.parquet", "pitch", folder=tmp_path)
    pipeline = config.load(drafted.pipeline)
    assert {name: feature.kind for name, feature in pipeline.features.items()} == {"sound": "audio", "weight": "number"}
    small = pipeline.model.model_copy(update={"members": 2, "width": 32})
    training = pipeline.training.model_copy(update={"epochs": 20, "lr": 0.01})
    released = retrain(pipeline.model_copy(update={"model": small, "training": training}))
    assert released.verdict.outcome == "FIRST"
    assert released.verdict.figures["value"] > 0.8
