"""Accuracy of the default CNN on unseen rows, and CPU seconds of training on one thread: `python benchmarks/images.py`.

MNIST: the published test file; 15 % of the train file chooses the epoch. Digits: a random fifth of scikit-learn's.
Sign-language digits: a random fifth of the persons; a new person starts where, in the order of the file numbers, the
digit falls. Only the seed of the split and of the training differs between the lines.
"""

from __future__ import annotations

import gzip
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from keepfit.config import Training
from keepfit.data.batch import Batch
from keepfit.data.feed import held
from keepfit.data.images import decode
from keepfit.data.transform import Transform
from keepfit.features.image import Entry as ImageEntry
from keepfit.learning import device
from keepfit.learning.checkpoint import Checkpoint
from keepfit.learning.pace import Pace
from keepfit.learning.plan import settle
from keepfit.models.architecture import TrainedModel, resolve
from keepfit.models.cnn import Settings
from keepfit.problems.classification import Target as ClassTarget
from keepfit.problems.classification.learn import CrossEntropy
from keepfit.stages.training.beginning import begin

DATA = Path(os.environ.get("KEEPFIT_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))
Array = NDArray[Any]
Part = tuple[Array, Array]


def mnist(random: np.random.Generator) -> Iterator[Part]:
    """Train, validation, test."""
    images, labels = _idx("train-images-idx3").reshape(-1, 28, 28, 1), _idx("train-labels-idx1")
    order = random.permutation(len(labels))
    for rows in np.split(order, [51_000]):
        yield images[rows], labels[rows]
    yield _idx("t10k-images-idx3").reshape(-1, 28, 28, 1), _idx("t10k-labels-idx1")


def _idx(name: str) -> Array:
    content = gzip.decompress((DATA / "mnist" / f"{name}-ubyte.gz").read_bytes())
    return np.frombuffer(content, np.uint8)[16 if "images" in name else 8 :].copy()


def digits(random: np.random.Generator) -> Iterator[Part]:
    """Train, validation, test."""
    from sklearn.datasets import load_digits

    rows, labels = load_digits(return_X_y=True)
    images = np.round(rows * 255 / 16).astype(np.uint8).reshape(-1, 8, 8, 1)
    yield from _split(images, labels, np.arange(len(labels)), random)


def signs(random: np.random.Generator) -> Iterator[Part]:
    """Train, validation, test, no person in two of them."""
    found = (DATA / "sign_language_digits" / "Dataset").glob("*/*.JPG")
    files = sorted(found, key=lambda file: int(file.stem.removeprefix("IMG_")))
    labels = np.array([int(file.parent.name) for file in files])
    images = np.stack([decode(file.read_bytes(), (32, 32), 3) for file in files])
    yield from _split(images, labels, np.cumsum(np.diff(labels, prepend=0) < 0), random)


def _split(images: Array, labels: Array, groups: Array, random: np.random.Generator) -> Iterator[Part]:
    """A fifth of the groups for the test, 15 % of the others to choose the epoch."""
    shuffled = random.permutation(groups.max() + 1)
    test, validation, train = np.split(shuffled, [len(shuffled) // 5, len(shuffled) * 8 // 25])
    for part in (train, validation, test):
        rows = np.isin(groups, part)
        yield images[rows], labels[rows]


def measure(name: str, read: Callable[[np.random.Generator], Iterator[Part]], seed: int) -> None:
    """Train once and print the share of right answers on the test rows."""
    train, validation, test = (
        Batch({"image": torch.from_numpy(images)}, torch.from_numpy(labels).long())
        for images, labels in read(np.random.default_rng(seed))
    )
    began = time.process_time()
    said = Training(seed=seed, device="cpu")
    architecture, derived = resolve(Settings(), said, _transform(train.inputs["image"]), len(train))
    plan, machine = settle(said, derived, 1), device.choose(said, doubles=False, half=True)
    with device.repeatable(machine, seed, 1):
        recipe, fit = begin(
            architecture, plan, machine, CrossEntropy(plan.label_smoothing), held(train), held(validation)
        )
        fit.run(Checkpoint(Path("unused"), 1e9), Pace(lambda *_, **__: None, plan.epochs))
        seconds = time.process_time() - began
        model = TrainedModel(recipe.model.eval(), DIGIT, {})
        right = model.answers(held(test)).argmax(1) == test.labels.numpy()
    best = fit.judged(fit.position.best_epoch)["accuracy"]
    print(
        f"{name}, seed {seed}: test {right.mean():.2%} of {len(test):,}, validation {best:.2%},"
        f" {plan.epochs} epochs of {len(train):,} rows in {seconds:.0f} CPU s on {machine}",
        flush=True,
    )


DIGIT = ClassTarget(name="digit", problem="classification", classes=tuple(map(str, range(10))))


def _transform(images: torch.Tensor) -> Transform:
    share = images.double() / 255
    mean, std = share.mean((0, 1, 2)).tolist(), share.std((0, 1, 2)).tolist()
    size, channels = tuple(images.shape[1:3]), images.shape[3]
    found = {"size": size, "channels": channels, "pixels": None, "resample": "", "mean": mean, "std": std}
    entry = ImageEntry.model_validate({"name": "image", "kind": "image", "slot": 0, **found})
    return Transform(target=DIGIT, features=(entry,))


if __name__ == "__main__":
    for seed in range(3):
        measure("digits", digits, seed)
        measure("sign-language digits", signs, seed)
        measure("MNIST", mnist, seed)
