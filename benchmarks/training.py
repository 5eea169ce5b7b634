"""Rows a second in training against the barest PyTorch loop over tensors in memory: `python benchmarks/training.py`.

Both loops train copies of the same network on the same rows in batches of the same size, with AdamW and the same
arithmetic (bfloat16 for the CNN where the processor has it). The bare loop does nothing else: no schedule, clipping,
augmentation, running loss, progress, checkpoint or early stopping. The two take turns; medians of CPU time, one thread.
"""

from __future__ import annotations

import copy
import gzip
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from keepfit.config import Training
from keepfit.data.batch import Batch
from keepfit.data.feed import Feed, held
from keepfit.data.transform import Transform
from keepfit.features.image import Entry as ImageEntry
from keepfit.learning import device
from keepfit.learning.checkpoint import Checkpoint
from keepfit.learning.fit import Fit, Position
from keepfit.learning.pace import Pace
from keepfit.learning.plan import settle
from keepfit.learning.recipe import Recipe
from keepfit.models.architecture import build, resolve
from keepfit.models.cnn import Settings
from keepfit.problems.classification import Target as ClassTarget
from keepfit.problems.classification.learn import CrossEntropy
from keepfit.stages.training.beginning import changes_of

PICTURES = 6_400
DATA = Path(os.environ.get("KEEPFIT_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))


class Dense(nn.Module):
    """The smallest network one would train on 20 numbers, so that the loop around it weighs most."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(20, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 2))

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """`numbers` [B, 20] → [B, 1, 2]."""
        logits: Tensor = self.layers(inputs["numbers"])
        return logits[:, None]


def table() -> tuple[nn.Module, Batch]:
    """A million rows of 20 numbers."""
    numbers = torch.randn(1_000_000, 20)
    return Dense(), Batch({"numbers": numbers}, (numbers[:, 0] > 0).long())


def pictures() -> tuple[nn.Module, Batch]:
    """Some of MNIST's train pictures, and the default CNN for them."""
    images, labels = (
        np.frombuffer(gzip.decompress((DATA / "mnist" / f"train-{name}-ubyte.gz").read_bytes())[skip:], np.uint8).copy()
        for name, skip in (("images-idx3", 16), ("labels-idx1", 8))
    )
    rows, digits = torch.from_numpy(images).view(-1, 28, 28, 1)[:PICTURES], torch.from_numpy(labels).long()[:PICTURES]
    model = build(architecture()).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model, Batch({"image": rows}, digits)


def architecture() -> dict[str, Any]:
    """The default CNN for MNIST."""
    return resolve(Settings(), Training(), TRANSFORM, 60_000)[0]


IMAGE = ImageEntry(
    name="image", kind="image", slot=0, size=(28, 28), channels=1, pixels=None, resample="", mean=(0.13,), std=(0.31,)
)
DIGIT = ClassTarget(name="digit", problem="classification", classes=tuple(map(str, range(10))))
TRANSFORM = Transform(target=DIGIT, features=(IMAGE,))


def machine_for(said: Training, family: str) -> device.Machine:
    return device.choose(said, doubles=False, half=family == "cnn")


def ours(model: nn.Module, family: str, rows: Batch, batch_size: int) -> Callable[[], None]:
    """An epoch of keepfit's, with everything that is on by default."""
    said = Training(batch_size=batch_size, device="cpu")
    derived = resolve(Settings(), said, TRANSFORM, len(rows))[1]
    plan = settle(said, derived, 1)
    changes = changes_of(TRANSFORM, plan)
    recipe = Recipe(model, CrossEntropy(plan.label_smoothing), plan, machine_for(said, family), held(rows), changes)
    fit = Fit(recipe, Feed(held(rows), batch_size, plan.seed), plan)
    checkpoint = Checkpoint(Path(tempfile.mkdtemp()) / "checkpoint.pt", said.checkpoint_seconds)

    def run() -> None:
        fit.epoch(checkpoint, Pace(lambda *_, **__: None, plan.epochs))
        fit.position = Position(plan.epochs)

    return run


def bare(model: nn.Module, family: str, rows: Batch, batch_size: int) -> Callable[[], None]:
    """An epoch as one writes it by hand."""
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
    machine = machine_for(Training(device="cpu"), family)
    (name, inputs), labels = next(iter(rows.inputs.items())), rows.labels

    def run() -> None:
        for batch in torch.randperm(len(rows)).split(batch_size):
            with machine.autocast():
                loss = F.cross_entropy(model({name: inputs[batch]})[:, 0], labels[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()

    return run


def compare(name: str, family: str, made: tuple[nn.Module, Batch], batch_size: int, turns: int) -> None:
    """Print both rates and their ratio."""
    model, rows = made
    loops = {
        "bare": bare(copy.deepcopy(model), family, rows, batch_size),
        "keepfit": ours(model, family, rows, batch_size),
    }
    spent: dict[str, list[float]] = {loop: [] for loop in loops}
    for _ in range(turns):
        for loop, run in loops.items():
            began = time.process_time()
            run()
            spent[loop].append(time.process_time() - began)
    rates = {loop: len(rows) / statistics.median(times[1:]) for loop, times in spent.items()}  # the first warms up
    ratio = rates["keepfit"] / rates["bare"]
    print(f"{name}: keepfit {rates['keepfit']:,.0f} rows/s, bare loop {rates['bare']:,.0f} rows/s, ratio {ratio:.2f}")


if __name__ == "__main__":
    # The table is told apart without an error, so that the bare loop, which neither clips nor ends, soon computes with
    # numbers too small for the processor's fast path, in four times the time.
    torch.set_flush_denormal(True)
    with device.repeatable(machine_for(Training(device="cpu"), "mlp"), seed=0, threads=1):
        compare("MLP, 1,000,000 rows of 20 numbers, batch 1024", "mlp", table(), 1024, turns=8)
        compare("CNN, MNIST, batch 128", "cnn", pictures(), 128, turns=6)
