"""keepfit's side of benchmarks/accuracy.py: init, run and predict on train.csv and test.csv of a folder."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
from accuracy_figures import of_classes, of_values

import keepfit
from keepfit import config, drafting
from keepfit.store.records import FILE, read
from tests.chain import retrain

PREFIX = "probability_"


def main(folder: Path, problem: str, seed: int) -> None:
    drafted = drafting.draft(folder / "train.csv", "target", folder=folder)
    pipeline = config.load(drafted.pipeline)
    assert pipeline.problem.kind == problem, f"init took it for {pipeline.problem.kind}"
    seeded = pipeline.model_copy(update={"training": pipeline.training.model_copy(update={"seed": seed})})
    released = retrain(seeded, force="the benchmark asks it whatever the verdict")
    spent = read(Path(released.report).parent / FILE).stages["train"].cpu_seconds
    test = pd.read_csv(folder / "test.csv", dtype=str, keep_default_na=False)
    answers = keepfit.load(drafted.pipeline).predict(test)
    if problem == "classification":
        shares = answers.filter(like=PREFIX)
        classes = shares.columns.str.removeprefix(PREFIX).to_numpy()
        figures = of_classes(shares.to_numpy(), classes, test["target"])
    else:
        figures = of_values(answers["prediction"], pd.to_numeric(test["target"]))
    print(json.dumps({"keepfit": {**figures, "seconds": spent}}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
