"""The train stage as a whole, on real small data."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from keepfit.data import feed as batches
from keepfit.errors import ConfigError
from keepfit.features.lookup import read_transform
from keepfit.models.architecture import load as load_model
from keepfit.problems.classification.learn import CrossEntropy
from keepfit.stages.training import train
from keepfit.store.artifacts import Trained
from keepfit.store.events import Event, watching
from keepfit.store.files import sha256
from keepfit.store.run import Run
from tests import ROOT
from tests.stages.training.training_data import alike, described, made, pictures, quantity, run, table

SHORT = "{epochs: 3, checkpoint_seconds: 0}"
MAKERS = {
    "table": table, "pictures": pictures, "quantity": quantity, "alike": alike, "described": described, "made": made,
}  # fmt: skip


def weights_of(folder: Path) -> str:
    (file,) = folder.glob(".keepfit/stages/train/*/model.safetensors")
    return sha256(file)


def history_of(begun: Run, trained: Trained) -> list[dict[str, float]]:
    return json.loads((begun.store / trained.path / "history.json").read_text())


def test_the_output_is_complete_and_the_kept_weights_are_those_of_the_best_epoch(tmp_path):
    begun, prepared = table(tmp_path, "{epochs: 40, patience: 3, lr: 0.03}")
    trained = train(begun, prepared)
    folder = begun.store / trained.path
    history = history_of(begun, trained)
    losses = [entry["validation_loss"] for entry in history]
    assert trained.best_epoch == losses.index(min(losses)) + 1
    assert trained.epochs == len(history) == trained.best_epoch + 3 < 40
    transform = read_transform(begun.store / prepared.path)
    validation = batches.read(begun.store / prepared.path / "validation", transform).load(())
    net = load_model(folder).net
    with torch.no_grad():
        loss, right = (CrossEntropy().score(net(validation.inputs), validation.labels) / len(validation)).tolist()
    assert trained.validation == {"loss": pytest.approx(loss, rel=1e-5), "accuracy": pytest.approx(right)}
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert found == {
        "model.safetensors", "architecture.json", "answer.json", "history.json", "resolved.json", "manifest.json",
        "beside/notes.txt",
        "beside/timings.json",
    }  # fmt: skip


@pytest.mark.parametrize("maker", MAKERS)
def test_the_same_seed_gives_the_same_bits_and_another_seed_others(tmp_path, maker):
    digests = []
    for number, seed in enumerate((0, 0, 1)):
        (folder := tmp_path / str(number)).mkdir()
        begun, prepared = MAKERS[maker](folder, f"{{epochs: 1, seed: {seed}}}")
        digests.append(train(begun, prepared).digest)
    assert digests[0] == digests[1] != digests[2]


def test_it_learns(tmp_path):
    begun, prepared = pictures(tmp_path, "{epochs: 6}")
    trained = train(begun, prepared)
    history = history_of(begun, trained)
    assert trained.validation["accuracy"] > 0.93
    assert history[-1]["train_loss"] < history[0]["train_loss"]


class Interruption(Exception):  # noqa: N818
    pass


@pytest.mark.parametrize("maker", MAKERS)
def test_interrupted_after_an_epoch_it_goes_on_to_the_same_bits(tmp_path, maker):
    (tmp_path / "whole").mkdir()
    (tmp_path / "cut").mkdir()
    expected = train(*MAKERS[maker](tmp_path / "whole", SHORT))
    heard: list[str] = []

    def listen(event: Event) -> None:
        heard.append(event.message)
        if event.message.startswith("epoch 2") and not any("going on" in message for message in heard):
            raise Interruption

    with watching(listen):
        begun, prepared = MAKERS[maker](tmp_path / "cut", SHORT)
        with pytest.raises(Interruption):
            train(begun, prepared)
        assert train(begun, prepared).digest == expected.digest
    assert any(message.startswith("going on in epoch") for message in heard)
    assert weights_of(tmp_path / "cut") == weights_of(tmp_path / "whole")


def start(folder: Path) -> subprocess.Popen[str]:
    """The train stage in a process of its own, about to build its model."""
    command = [sys.executable, "-m", "tests.stages.training.training_data", str(folder)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("train start")
    assert process.stdout.readline().startswith("train note")
    return process


def killed(folder: Path, after: float) -> bool:
    """Whether kill -9 after so many seconds of training was in time."""
    process = start(folder)
    try:
        process.communicate(timeout=after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    return process.returncode != 0


def check_kills(folder: Path, maker: str, training: str, kills: int, longest: float) -> None:
    instants = random.Random(7)
    (folder / "whole").mkdir()
    (folder / "cut").mkdir()
    train(*MAKERS[maker](folder / "whole", training))
    MAKERS[maker](folder / "cut", training)
    assert killed(folder / "cut", 0.3), "the training is too short to be killed"
    for _ in range(kills - 1):
        if not killed(folder / "cut", instants.uniform(0, longest)):
            break
    process = start(folder / "cut")
    process.communicate()
    assert process.returncode == 0
    assert weights_of(folder / "cut") == weights_of(folder / "whole")


def test_killed_at_any_instant_it_ends_in_the_same_bits(tmp_path):
    check_kills(tmp_path, "table", "{epochs: 12, checkpoint_seconds: 0}", kills=2, longest=0.4)


@pytest.mark.slow
@pytest.mark.parametrize("maker", MAKERS)
def test_killed_many_times_it_ends_in_the_same_bits(tmp_path, maker):
    check_kills(tmp_path, maker, "{epochs: 30, checkpoint_seconds: 0}", kills=10, longest=1.5)


def test_asked_to_stop_it_saves_first_and_dies_of_the_signal(tmp_path):
    table(tmp_path, "{epochs: 1000}")  # more than anyone waits for
    process = start(tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("train step")
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert process.returncode == -signal.SIGTERM
    (checkpoint,) = tmp_path.glob(".keepfit/stages/train/*.part/beside/checkpoint.pt")
    assert torch.load(checkpoint, weights_only=True)["position"]["epoch"] >= 1


def test_what_a_kill_left_half_written_is_swept_away(tmp_path):
    begun, prepared = table(tmp_path, SHORT)
    trained = train(begun, prepared)
    (begun.store / trained.path / "manifest.json").unlink()
    part = (begun.store / trained.path).rename((begun.store / trained.path).with_suffix(".part"))
    (part / ".history.json.17.tmp").write_text("half")
    assert train(begun, prepared).digest == trained.digest
    assert not list((begun.store / trained.path).glob(".*"))


def test_a_training_that_diverges_says_so(tmp_path):
    begun, prepared = table(tmp_path, "{epochs: 2, lr: 1.0e+30}")
    with pytest.raises(ConfigError, match=r"no longer a number in epoch 1.*Lower training.lr, which is 1e\+30"):
        train(begun, prepared)


def test_what_is_left_out_is_derived_and_told(tmp_path):
    heard: list[str] = []
    with watching(lambda event: heard.append(event.message)):
        begun, prepared = pictures(tmp_path, "{epochs: 1, batch_size: 100, augment: false}")
        trained = train(begun, prepared)
    plan = json.loads((begun.store / trained.path / "resolved.json").read_text())["plan"]
    assert (plan["epochs"], plan["batch_size"], plan["augment"]) == (1, 100, None)
    assert any("cnn on" in message and "1 epochs, batches of 100" in message for message in heard)


def test_how_often_a_checkpoint_is_written_belongs_to_no_key(tmp_path):
    begun, prepared = table(tmp_path, "{epochs: 1}")
    first = train(begun, prepared)
    again = run(tmp_path, "{epochs: 1, checkpoint_seconds: 5}", "{family: mlp}", "x0: number")
    assert train(again, prepared) == first
    assert again.outcome("train").reused


@pytest.mark.parametrize("maker", MAKERS)
def test_saved_weights_have_every_tensor_of_the_module(tmp_path, maker):
    begun, prepared = MAKERS[maker](tmp_path, "{epochs: 1}")
    folder = begun.store / train(begun, prepared).path
    assert load_file(folder / "model.safetensors").keys() == load_model(folder).net.state_dict().keys()
