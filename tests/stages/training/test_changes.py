"""How pictures are changed in training: what validation allows, what the YAML says, how long is learned."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from keepfit.errors import ConfigError
from keepfit.models.cnn import net
from keepfit.stages.preprocessing import preprocess
from keepfit.stages.training import train
from keepfit.store.events import watching
from tests.stages import snapshot_by_hand as by_hand
from tests.stages.evaluation import test_explanations as planted
from tests.stages.training.training_data import bright_sides, picture, pictures, prepare, run

EVERY = "flip: auto, cutout: 0.3, colour: 0.2, crop: 0.2, contrast: 0.2, brightness: 0.2, mixup: 0.3"


class Interruption(Exception):  # noqa: N818
    pass


def resolved(folder: Path) -> dict[str, Any]:
    (found,) = folder.glob(".keepfit/stages/train/*/resolved.json")
    content: dict[str, Any] = json.loads(found.read_text())
    return content


@pytest.mark.parametrize("axis", [0, 1])
def test_a_mirror_is_used_where_it_leaves_the_classes_as_they_are(tmp_path: Path, axis: int) -> None:
    train(*bright_sides(tmp_path, f"{{epochs: 8, processes: {2 - axis}}}", axis))  # whoever follows is told, too
    found = resolved(tmp_path)
    across, down = (found["plan"]["augment"][how] for how in ("flip", "flip_vertical"))
    assert (across, down) == ((0.5, 0.0) if axis == 0 else (0.0, 0.5))
    assert found["kept"]["flip" if axis == 0 else "flip_vertical"] > 0.9
    assert found["kept"]["flip_vertical" if axis == 0 else "flip"] < 0.2


def test_few_glyphs_are_never_mirrored_and_a_switch_is_the_last_word(tmp_path: Path) -> None:
    train(*pictures(tmp_path, "{epochs: 1, augment: {rotate: 0, cutout: 0.2}}"))
    found = resolved(tmp_path)["plan"]["augment"]
    assert (found["flip"], found["flip_vertical"], found["rotate"], found["cutout"]) == (0, 0, 0, 0.2)
    assert found["scale"] > 0


def test_with_every_change_an_interrupted_training_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    said = f"{{epochs: 4, checkpoint_seconds: 0, augment: {{{EVERY}}}}}"
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    expected = train(*bright_sides(tmp_path / "whole", said, 0))
    heard: list[str] = []

    def listen(event: Any) -> None:
        heard.append(event.message)
        if event.message.startswith("epoch 3") and not any("going on" in message for message in heard):
            raise Interruption

    with watching(listen):
        begun, prepared = bright_sides(tmp_path / "cut", said, 0)
        with pytest.raises(Interruption):
            train(begun, prepared)
        assert train(begun, prepared).digest == expected.digest
    assert any("going on" in message for message in heard)
    assert resolved(tmp_path / "cut") == resolved(tmp_path / "whole")


def test_what_is_hard_is_learned_for_longer_unless_the_yaml_says_how_long(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(net, "SMALL", 100)
    random = np.random.default_rng(0)
    images, labels = random.integers(0, 256, (1000, 6, 6, 1)).astype("u1"), random.integers(0, 2, 1000)
    for name, training in (("asked", "{batch_size: 300}"), ("told", "{epochs: 2}")):
        (folder := tmp_path / name).mkdir()
        prepared = prepare(folder, images, labels, [picture(images)], "image")
        trained = train(run(folder, training, "{family: cnn, width: 8}", "image: image"), prepared)
        assert trained.epochs == (2 if name == "told" else resolved(folder)["plan"]["epochs"])
    assert resolved(tmp_path / "asked")["plan"]["epochs"] == 4 * 19


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("{flipp: 0.5}", r"names flipp.*Did you mean \"flip\""),
        ("{shift: auto}", r"shift is auto.*auto may be flip, flip_vertical"),
        ("{scale: 2}", r"scale is 2.*at most 0.9"),
    ],
)
def test_amounts_that_mean_nothing_are_refused(tmp_path: Path, said: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        train(*pictures(tmp_path, f"{{epochs: 1, augment: {said}}}"))


def test_a_picture_beside_a_series_is_not_changed_as_series_are(tmp_path: Path) -> None:
    truth = np.arange(120) % 2 == 0
    cells = {"series": planted.series, "picture": planted.picture}
    made = {name: pa.array([make(one) for one in truth], pa.binary()) for name, make in cells.items()}
    table = by_hand.with_ids(pa.table({**made, "answer": pa.array(np.where(truth, "yes", "no"))}))
    sections = {"model": {"family": "wide_deep"}, "training": {"epochs": 1}}
    said = by_hand.pipeline(tmp_path, {"series": "sequence", "picture": "image"}, **sections)
    began, validated = by_hand.validated(said, table)
    trained = train(began, preprocess(began, validated).learnable)
    resolved = json.loads((began.store / trained.path / "resolved.json").read_text())
    assert resolved["plan"]["augment"] == {"noise": 0.05, "scale": 0.05}
