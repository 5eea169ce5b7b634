"""Made rows of rare classes: what they are, and that they are learned from only where that helps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from keepfit.data import feed
from keepfit.data.batch import Rows
from keepfit.errors import ConfigError
from keepfit.features.lookup import read_transform
from keepfit.stages.training import train
from keepfit.stages.training.enriched import Enriched, enriched, nearest
from keepfit.stages.training.synthesis import NAME
from keepfit.store.events import Event, watching
from tests.stages.training.training_data import table
from tests.tables import mixed

SHORT = "epochs: 2, checkpoint_seconds: 0"
every_family = pytest.mark.parametrize(
    "family", ["smote", "repeat", *(pytest.param(net, marks=pytest.mark.slow) for net in ("vae", "gan"))]
)


def asked(family: str, more: str = "") -> str:
    return f"{{{SHORT}{more}, synthesis: {{family: {family}, classes: ['0'], factor: 2}}}}"


def cut(by: str, more: dict[int, int], rows: int, seed: int = 0) -> Enriched:
    return Enriched(path="", digest="", train=rows, by=by, more=more, seed=seed, drawn={})


@pytest.mark.parametrize("by", ["smote", "repeat"])
def test_made_rows_stand_behind_those_there_are_and_are_of_their_classes(by: str) -> None:
    transform, inputs, labels = mixed()
    rows, more = Rows(inputs, labels), {0: 7, 2: 3}
    found = enriched(rows, cut(by, more, len(rows) + 10), transform, Path())
    assert len(found) == len(rows) + 10
    assert found.labels[len(rows) :].tolist() == [0] * 7 + [2] * 3
    again = enriched(rows, cut(by, more, len(rows) + 10), transform, Path())
    for name, tensor in inputs.items():
        assert torch.equal(found.inputs[name][: len(rows)].nan_to_num(), tensor.nan_to_num())
        assert torch.equal(found.inputs[name].nan_to_num(), again.inputs[name].nan_to_num())
        assert found.inputs[name].dtype == tensor.dtype


def test_rows_in_between_have_numbers_between_and_codes_of_their_class() -> None:
    transform, inputs, labels = mixed()
    found = enriched(Rows(inputs, labels), cut("smote", {1: 200}, 0), transform, Path())
    own = {name: tensor[labels == 1] for name, tensor in inputs.items()}
    numbers, codes = found.inputs["numbers"][-200:], found.inputs["codes"][-200:]
    low, high = (torch.where(own["numbers"].isnan(), far, own["numbers"]) for far in (torch.inf, -torch.inf))
    there = ~numbers.isnan()
    assert ((numbers >= low.amin(0) - 1e-9) | ~there).all()
    assert ((numbers <= high.amax(0) + 1e-9) | ~there).all()
    for column in range(codes.shape[1]):
        assert set(codes[:, column].tolist()) <= set(own["codes"][:, column].tolist())
    assert not any((row == own["numbers"]).all(1).any() for row in numbers[there.all(1)])


def test_the_nearest_is_never_the_row_itself_but_for_a_single_one() -> None:
    seen = torch.randn(30, 3)
    assert (nearest(seen) != torch.arange(30)[:, None]).all()
    assert nearest(seen[:1]).tolist() == [[0]]


@every_family
def test_the_better_training_is_kept_as_it_was(tmp_path: Path, family: str) -> None:
    (tmp_path / "plain").mkdir()
    begun, prepared = table(tmp_path / "plain", f"{{{SHORT}}}")
    plain = load_file(begun.store / train(begun, prepared).path / "model.safetensors")
    (tmp_path / "made").mkdir()
    begun, prepared = table(tmp_path / "made", asked(family))
    trained = train(begun, prepared)
    folder = begun.store / trained.path
    told = json.loads((folder / NAME).read_text())
    kept = load_file(folder / "model.safetensors")
    same = all(torch.equal(kept[name], plain[name]) for name in plain)
    assert same != told["used"]
    assert f"rows made by {family}, " in told["told"]
    assert ("learned from" if told["used"] else "left out") in told["told"]
    assert train(begun, prepared) == trained, "found, not made again"


def test_interrupted_it_goes_on_with_the_training_that_was_under_way(tmp_path: Path) -> None:
    class Interruption(Exception):  # noqa: N818
        pass

    heard: list[str] = []

    def listen(event: Event) -> None:
        heard.append(event.message)
        if event.message.startswith("with made rows: epoch 2") and "again" not in heard:
            raise Interruption

    with watching(listen):
        begun, prepared = table(tmp_path, asked("smote"))
        with pytest.raises(Interruption):
            train(begun, prepared)
        heard.append("again")
        train(begun, prepared)
    assert "without made rows: as before" in heard[heard.index("again") :]


def test_a_class_that_is_not_there_is_named(tmp_path: Path) -> None:
    begun, prepared = table(tmp_path, f"{{{SHORT}, synthesis: {{classes: [nobody]}}}}")
    with pytest.raises(ConfigError, match=r'names "nobody", which no train row is of'):
        train(begun, prepared)


@pytest.mark.slow
def test_the_rows_learned_from_are_those_of_the_class_alone(tmp_path: Path) -> None:
    begun, prepared = table(tmp_path, asked("vae"))
    train(begun, prepared)
    (file,) = begun.store.root.glob("**/rows.safetensors")
    transform = read_transform(begun.store / prepared.path)
    rows = feed.read(begun.store / prepared.path / "train", transform).load((0,))
    own, made = rows.inputs["numbers"][rows.labels == 0], load_file(file)["numbers"]
    assert len(made) == len(own)
    other = rows.inputs["numbers"][rows.labels == 1].mean(0)
    apart = ((made.mean(0) - own.mean(0)) / own.std(0)).abs().mean()
    assert apart < ((other - own.mean(0)) / own.std(0)).abs().mean() / 2
