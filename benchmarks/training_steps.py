"""Rows a second in training on what has steps, as ratios: `python benchmarks/training_steps.py [word …]`.

Three epochs take turns, over the same rows by the same network: keepfit's, with everything that is on by default; the
barest PyTorch loop over the same batches, without schedule, clipping, changed rows, running loss and checkpoint; and
keepfit's where batches are drawn at random, so that rows of all lengths are padded to the longest. Medians of CPU time,
one thread. Words pick lines. The rows are those of the pipelines below data/, at most 512 of each, and small sets are
gone through several times a turn.
"""

from __future__ import annotations

import copy
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import torch
from steps import pipeline_for, prepared_by
from steps_asked import Ask, families

from keepfit.data import feed
from keepfit.data.batch import Rows
from keepfit.data.feed import Feed, held
from keepfit.features.lookup import read_transform
from keepfit.learning import device
from keepfit.learning.checkpoint import Checkpoint
from keepfit.learning.fit import Fit, Position
from keepfit.learning.pace import Pace
from keepfit.learning.plan import settle
from keepfit.learning.recipe import Recipe
from keepfit.models.architecture import resolve
from keepfit.problems.lookup import learn_of
from keepfit.stages.training.beginning import begin
from keepfit.stages.training.session import machine_for
from keepfit.store import events, run

ROWS, TURNS = 512, 6
LINES = {
    "chnsenticorp": ("lstm", "attention", "wide_deep"),
    "sms_spam": ("lstm", "attention"),
    "japanese_vowels": ("wide_deep", "cnn", "rnn", "gru", "lstm", "attention"),
    "ecg5000": ("cnn", "lstm", "attention"),
    "spoken_digits": ("cnn",),
}


def made(data: str, family: str, work: Path) -> tuple[Recipe, Fit, device.Machine]:
    """What the train stage would learn with, over some of the rows."""
    pipeline = pipeline_for(Ask(data, data, {}), families(family)[family], 0, work)
    with events.watching(lambda _: None):
        now = run.start(pipeline)
        prepared = prepared_by(now)
    folder = now.store / prepared.path
    transform = read_transform(folder)
    train, validation = (feed.read(folder / part, transform).load((0,)) for part in ("train", "validation"))
    train = train.take(torch.randperm(len(train), generator=torch.Generator().manual_seed(0))[:ROWS])
    architecture, derived = resolve(pipeline.model, pipeline.training, transform, prepared.train)
    plan, machine = settle(pipeline.training, derived, 1), machine_for(pipeline)
    objective = learn_of(transform.target.problem).objective(pipeline.problem, transform.target, plan.label_smoothing)
    recipe, fit = begin(architecture, plan, machine, objective, held(train), held(validation))
    return recipe, fit, machine


def ours(fit: Fit, sort: int) -> Callable[[], None]:
    """An epoch of keepfit's, rows sorted by length within so many batches."""
    checkpoint = Checkpoint(Path(tempfile.mkdtemp()) / "checkpoint.pt", 1e9)

    def epoch() -> None:
        with patch.object(feed, "SORTED", sort):
            fit.epoch(checkpoint, Pace(lambda *_, **__: None, fit.plan.epochs))
        fit.position = Position(fit.plan.epochs)

    return epoch


def bare(recipe: Recipe, fit: Fit, machine: device.Machine) -> Callable[[], None]:
    """An epoch as one writes it by hand, in keepfit's order."""
    model, rows = copy.deepcopy(recipe.model).train(), fit.feed.part.load((0,))
    learned = [weight for weight in model.parameters() if weight.requires_grad]
    optimiser = torch.optim.AdamW(learned, lr=1e-4, fused=True)
    numbered = held(Rows({**rows.inputs, "place": torch.arange(len(rows))}, rows.labels))
    order = [batch.inputs["place"] for batch in Feed(numbered, fit.plan.batch_size, 0).epoch(0)]

    def epoch() -> None:
        for index in order:
            batch = rows.take(index).batch()
            with machine.autocast():
                outputs = model(batch.inputs)
            loss = recipe.objective.loss(outputs, batch.labels) / len(index)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()

    return epoch


def compare(data: str, family: str, work: Path) -> None:
    """Print both ratios."""
    recipe, fit, machine = made(data, family, work)
    with device.repeatable(machine, seed=0, threads=1):
        loops = {"keepfit": ours(fit, feed.SORTED), "bare": bare(recipe, fit, machine), "random": ours(fit, 1)}
        spent: dict[str, list[float]] = {loop: [] for loop in loops}
        for _ in range(TURNS):
            for loop, epoch in loops.items():
                began = time.process_time()
                for _ in range(-(-ROWS // len(fit.feed.part))):
                    epoch()
                spent[loop].append(time.process_time() - began)
    median = {loop: statistics.median(times[1:]) for loop, times in spent.items()}  # the first warms up
    rows = len(fit.feed.part) * -(-ROWS // len(fit.feed.part))
    print(
        f"{family} on {data}: {rows / median['keepfit']:,.0f} rows/s, {median['bare'] / median['keepfit']:.2f} of the"
        f" barest loop's, {median['random'] / median['keepfit']:.2f} times as many as in random order",
        flush=True,
    )


def main() -> None:
    work = Path(tempfile.mkdtemp())
    for data, names in LINES.items():
        for family in names:
            if len(sys.argv) == 1 or any(word in f"{family} on {data}" for word in sys.argv[1:]):
                compare(data, family, work)


if __name__ == "__main__":
    main()
