"""A training that several processes share out: as one does, and gone on with after any of them was killed."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from keepfit.errors import TransientError
from keepfit.stages.training import train
from keepfit.store.artifacts import Learnable, Trained
from keepfit.store.events import Event, watching
from keepfit.store.run import Run
from tests.stages.training.training_data import run, table

EXACT = "{family: mlp, width: 16, members: 1, dropout: 0}"
"""Nothing in it is drawn while it learns, or depends on which rows are looked at together."""
DRAWN = "{family: mlp, width: 16}"
"""With dropout, and members."""


def weights(begun: Run, trained: Trained) -> dict[str, torch.Tensor]:
    return load_file(begun.store / trained.path / "model.safetensors")


def shared(processes: int) -> str:
    """A rate so high, and lowered so soon, that it is lowered: all processes must know of it."""
    course = "epochs: 6, batch_size: 50, checkpoint_seconds: 0, lr: 0.05, schedule: plateau, drop_after: 1, patience: 6"
    return f"{{{course}, processes: {processes}}}"


def test_several_learn_what_one_does(tmp_path: Path) -> None:
    found = []
    for processes in (1, 3):
        (folder := tmp_path / str(processes)).mkdir()
        begun, prepared = table(folder, shared(processes), EXACT)
        found.append((weights(begun, trained := train(begun, prepared)), trained))
    (alone, one), (together, several) = found
    assert alone.keys() == together.keys()
    for name, value in alone.items():
        torch.testing.assert_close(together[name], value, rtol=1e-3, atol=1e-5)
    assert several.validation == pytest.approx(one.validation, rel=1e-3)
    rates = [entry["lr"] for entry in json.loads((begun.store / several.path / "history.json").read_text())]
    assert rates[0] == 0.05 > rates[-1]


def followers() -> list[int]:
    """The processes that this one began for a training."""
    return [process.pid for process in multiprocessing.active_children() if process.pid]


def heard(folder: Path, prepared: Learnable, listener: Callable[[Event], None]) -> Trained:
    with watching(listener):
        return train(run(folder, shared(2), DRAWN, "x0: number"), prepared)


@pytest.mark.slow
def test_one_that_is_killed_is_told_of_and_the_next_try_ends_in_the_same_bits(tmp_path: Path) -> None:
    (whole := tmp_path / "whole").mkdir()
    expected = train(*table(whole, shared(2), DRAWN)).digest
    (folder := tmp_path / "killed").mkdir()
    _, prepared = table(folder, shared(2), DRAWN)

    def kill(event: Event) -> None:
        if event.message.startswith("epoch 2") and followers():
            os.kill(followers()[0], signal.SIGKILL)

    with pytest.raises(TransientError, match=r"process 2 of the 2 .* signal 9.*last checkpoint"):
        heard(folder, prepared, kill)
    assert not followers()
    told: list[str] = []
    assert heard(folder, prepared, lambda event: told.append(event.message)).digest == expected
    assert any("from the checkpoint" in message for message in told)
    assert not followers()
