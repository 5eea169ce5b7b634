"""The textbooks' networks on MNIST, by the YAMLs in data/textbook: `python benchmarks/textbook.py [NAME…]`.

Each goes through all stages but release, in a store that they share, so that the rows are prepared once: the published
test file judges, 15 % of the train file choose the epoch, and the exported graph is proved equal to the network.
With `--validation` no test row is looked at.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from keepfit import config
from keepfit.stages.evaluation import evaluate
from keepfit.stages.export import export
from keepfit.stages.ingest import ingest
from keepfit.stages.preprocessing import preprocess
from keepfit.stages.training import train
from keepfit.stages.validation import validate
from keepfit.store.run import Run, begin

ROOT = Path(__file__).parent.parent / "data" / "textbook"


def measure(name: str, store: str, *, judged: bool, overrides: dict[str, str]) -> None:
    """Train one of them, and print how well it does and what that took."""
    pipeline = config.load(ROOT / name, {"store": store, **overrides})
    with begin(pipeline) as run:
        validated = validate(run, ingest(run))
        prepared = preprocess(run, validated)
        trained = train(run, prepared.learnable)
        shown = f"validation {trained.validation['accuracy']:.2%}, loss {trained.validation['loss']:.4f}"
        if judged:
            evaluated = evaluate(run, trained, prepared)
            export(run, trained, prepared, evaluated)
            shown = f"test {evaluated.metrics['accuracy']:.2%} of {prepared.test:,}, {shown}"
        print(
            f"{name}: {shown}, {trained.parameters:,} parameters, epoch {trained.best_epoch} of {trained.epochs},"
            f" {spent(run, trained.path):.0f} CPU s",
            flush=True,
        )


def spent(run: Run, path: str) -> float:
    """CPU seconds of a training."""
    timings = json.loads((run.store / path / "beside/timings.json").read_text())
    return float(timings["cpu_seconds"])


if __name__ == "__main__":
    said = sys.argv[1:]
    names = [one for one in said if "=" not in one and not one.startswith("-")]
    changed = dict(one.split("=", 1) for one in said if "=" in one)
    with tempfile.TemporaryDirectory() as folder:
        for each in names or sorted(path.name for path in ROOT.iterdir()):
            measure(each, folder, judged="--validation" not in said, overrides=changed)
