"""A text, a picture, a series and a recording beside a number: each is learned from, and each may be missing later."""

from __future__ import annotations

import io
import warnings

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from keepfit import config, load
from keepfit.serving.bundle.model import ServedModel
from tests.chain import retrain
from tests.recordings import said

ROWS = 300
APART = ("words", "photo", "curve", "sound")
WORDS = {"low": ("slow deep dark", "深 沉"), "high": ("quick bright thin", "高 亮")}


def everything(seed: int = 0, rows: int = ROWS) -> pd.DataFrame:
    """Rows of which each part but the number tells the answer, most of the time."""
    draw = np.random.default_rng(seed)
    truth = draw.choice(["low", "high"], rows)

    def seen(one: str) -> str:
        """What a part says: now and then the wrong thing."""
        return one if draw.random() < 0.95 else next(other for other in WORDS if other != one)

    return pd.DataFrame(
        {
            "words": [" ".join(draw.permutation(" ".join(WORDS[seen(one)]).split())) for one in truth],
            "photo": [photo(seen(one), draw) for one in truth],
            "curve": [curve(seen(one), draw) for one in truth],
            "sound": [said(seen(one), int(draw.integers(1e6))) for one in truth],
            "number": draw.normal(size=rows).round(3),
            "y": truth,
        }
    )


def photo(one: str, draw: np.random.Generator) -> bytes:
    """A bright square, low or high, in noise."""
    pixels = draw.integers(0, 60, (12, 12, 3)).astype(np.uint8)
    top = 8 if one == "low" else 1
    left = int(draw.integers(0, 9))
    pixels[top : top + 3, left : left + 3] = 230
    with io.BytesIO() as out:
        Image.fromarray(pixels).save(out, "PNG")
        return out.getvalue()


def curve(one: str, draw: np.random.Generator) -> list[float]:
    """Falling or rising, of any length."""
    steps = int(draw.integers(8, 20))
    slope = -0.3 if one == "low" else 0.3
    return (slope * np.arange(steps) + draw.normal(0, 0.3, steps)).round(3).tolist()


@pytest.fixture(scope="module", params=["mlp", "wide_deep"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ServedModel:
    folder = tmp_path_factory.mktemp("everything")
    everything().to_parquet(folder / "rows.parquet")
    (folder / "pipeline.yaml").write_text(
        "name: everything\nsource: {path: rows.parquet}\ntarget: y\n"
        "features: {words: text, photo: image, curve: sequence, sound: audio, number: number}\n"
        f"model: {{family: {request.param}, members: 1}}\ntraining: {{epochs: 12, lr: 0.003}}\n"
    )
    verdict = retrain(config.load(folder / "pipeline.yaml")).verdict
    assert verdict.reason == "first", verdict.sentence
    return load(folder / "pipeline.yaml")


def right(model: ServedModel, rows: pd.DataFrame) -> float:
    """Of rows, all of which are answered."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return float((model.predict(rows.drop(columns="y"))["prediction"] == rows["y"]).mean())


@pytest.mark.parametrize("gone", [(), *((one,) for one in APART), APART[:2], APART[2:]])
def test_what_is_left_answers(gone: tuple[str, ...], model: ServedModel) -> None:
    rows = everything(seed=1, rows=200).astype(object)
    for name in gone:
        rows[name] = None
    assert right(model, rows) > 0.9  # two parts of four that agree, or chance between them, are right in 95 %


def test_an_answer_does_not_hang_on_what_others_lack(model: ServedModel) -> None:
    rows = everything(seed=3, rows=40).astype(object)
    alone = model.predict(rows.drop(columns="y"))["probability_high"].to_numpy()
    rows.loc[::2, [*APART]] = None
    beside = model.predict(rows.drop(columns="y"))["probability_high"].to_numpy()
    np.testing.assert_allclose(beside[1::2], alone[1::2], atol=1e-5)
