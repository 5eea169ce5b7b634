"""What decides alone comes out on top: a patch of a picture, a stretch of a series, one of a recording."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import soundfile
from PIL import Image

from keepfit.config.sets import MODELS
from keepfit.features.sequence.packed import pack
from keepfit.features.shared.heat import effects
from keepfit.stages.evaluation import evaluate
from keepfit.stages.preprocessing import preprocess
from keepfit.stages.training import train
from keepfit.store.files import read_json
from tests.stages import snapshot_by_hand as by_hand

ROWS = 300
RANDOM = np.random.default_rng(0)
TRUTH = RANDOM.random(ROWS) < 0.5
RATE, SAMPLES = 8000, 4000


def picture(one: bool) -> bytes:
    """Noise, and in a corner a bright square or a dark one."""
    pixels = RANDOM.normal(128, 40, (16, 16)).clip(0, 255)
    pixels[10:14, 2:6] = 235 if one else 20
    with io.BytesIO() as file:
        Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
        return file.getvalue()


def series(one: bool) -> bytes:
    """Noise, and near the end a bump up or down."""
    steps = RANDOM.normal(0, 1, (60, 2))
    steps[40:48] += 3 if one else -3
    return pack(steps.astype(np.float32))


def recording(one: bool) -> bytes:
    """Quiet noise, and early a high tone or a low one."""
    time = np.arange(SAMPLES) / RATE
    samples = RANDOM.normal(0, 0.02, SAMPLES)
    samples[800:1400] += 0.5 * np.sin(2 * np.pi * (1500 if one else 400) * time)[800:1400]
    with io.BytesIO() as file:
        soundfile.write(file, samples, RATE, format="WAV")
        return file.getvalue()


SECTIONS: dict[str, Any] = {"training": {"epochs": 4, "augment": False}, "evaluation": {"worst": 2}}
PLANTED: dict[str, tuple[Any, Any, Any]] = {
    "image": (picture, [16, 16], np.s_[10:14, 2:6]),
    "sequence": (series, [60], np.s_[40:48]),
    "audio": (recording, [SAMPLES], np.s_[500:1700]),
}
"""Kind → what makes a cell, its shape, and where what decides stands."""


@pytest.mark.parametrize("kind", PLANTED)
def test_the_part_that_decides_comes_out_on_top(tmp_path: Path, kind: str) -> None:
    make, shape, place = PLANTED[kind]
    cells = pa.array([make(one) for one in TRUTH], pa.binary())
    table = by_hand.with_ids(pa.table({"planted": cells, "answer": pa.array(np.where(TRUTH, "yes", "no"))}))
    said = by_hand.pipeline(tmp_path, {"planted": kind}, **SECTIONS)
    said = said.model_copy(update={"model": MODELS.module("cnn").Settings(width=8)})
    run, validated = by_hand.validated(said, table)
    prepared = preprocess(run, validated)
    evaluated = evaluate(run, train(run, prepared.learnable), prepared)
    found = read_json(run.store / evaluated.path / "metrics.json")
    assert found["model"]["accuracy"] > 0.9
    right = [row for row in found["typical"] if row["label"] == row["prediction"]]
    assert right
    for row in right:
        heat = effects(shape, row["rests_on"]["planted"])
        there = np.zeros(shape, np.bool_)
        there[place] = True
        assert there.flat[heat.argmax()]
        assert np.abs(heat[~there]).mean() < 0.5 * heat[there].mean()
