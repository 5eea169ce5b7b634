"""The textbooks' networks on MNIST, by the YAMLs in data/textbook: `python benchmarks/textbook.py [NAME…]`.

Each goes through all stages but release, in a store that they share, so that the rows are prepared once: the published
test file judges, 15 % of the train file choose the epoch, and the exported graph is proved equal to the network.
With `--validation` no test row is looked at.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from keepfit import config
from keepfit.config import Pipeline
from keepfit.stages.evaluation import evaluate
from keepfit.stages.export import export
from keepfit.stages.ingest import ingest
from keepfit.stages.preprocessing import preprocess
from keepfit.stages.training import train
from keepfit.stages.validation import validate
from keepfit.store.run import Run, begin

ROOT = Path(__file__).parent.parent / "data" / "textbook"


def line(pipeline: Pipeline, *, judged: bool) -> str:
    """Train one of them, and say how well it does and what that took."""
    with begin(pipeline) as run:
        validated = validate(run, ingest(run))
        prepared = preprocess(run, validated)
        trained = train(run, prepared.learnable)
        shown = ""
        if judged:
            evaluated = evaluate(run, trained, prepared)
            export(run, trained, prepared, evaluated)
            shown = f"{evaluated.metrics['accuracy']:.2%}"
        cells = (
            pipeline.file.parent.name, shown, f"{trained.validation['accuracy']:.2%}", f"{trained.parameters:,}",
            f"{trained.best_epoch} of {trained.epochs}", f"{spent(run, trained.path):.0f}",
        )  # fmt: skip
        return f"| {' | '.join(cells)} |"


def spent(run: Run, path: str) -> float:
    """CPU seconds of a training."""
    timings = json.loads((run.store / path / "beside/timings.json").read_text())
    return float(timings["cpu_seconds"])


def main() -> None:
    """A table, a line a network."""
    known = sorted(path.name for path in ROOT.iterdir() if path.is_dir())
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"{', '.join(known)}; all when left out")
    parser.add_argument("--validation", action="store_true", help="look at no test row")
    asked = parser.parse_args()
    print("| network | test | validation | parameters | best epoch | training, CPU s |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as store:
        for name in asked.names or known:
            print(line(config.load(ROOT / name, {"store": store}), judged=not asked.validation), flush=True)


if __name__ == "__main__":
    main()
