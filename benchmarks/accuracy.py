"""Accuracy on tables nobody tuned for: `python benchmarks/accuracy.py [word of a table's name …]`.

Every table goes through `keepfit init` and the stages up to training, with no edit, three seeds of training each. The
classical models learn from the train and the validation rows of the same split, with scikit-learn's defaults, seed 0.
All are judged on the same test rows; a standard error is that of the best classical model's share of right answers.
Adult is measured in its published train and test files too, where 60 CPU seconds of training are the limit.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from strange_tables import ADULT, DATA, tables
from threadpoolctl import threadpool_limits

from keepfit import config, drafting
from keepfit.data import feed as batches
from keepfit.data.feed import Samples
from keepfit.features.lookup import read_transform
from keepfit.models.architecture import load
from keepfit.stages.ingest import ingest
from keepfit.stages.preprocessing import preprocess
from keepfit.stages.training import train
from keepfit.stages.validation import validate
from keepfit.store import events, run
from keepfit.store.artifacts import Prepared

SEEDS = (0, 1, 2)
MOST_CODES = 254
"""HistGradientBoosting takes at most 255 categories a column; codes stand by falling count."""


@dataclass(frozen=True)
class Score:
    """One table's line."""

    name: str
    rows: int
    columns: int
    classes: int
    tested: int
    ours: list[float]
    """Share of right answers, one a seed."""
    classical: dict[str, float]
    """Share of right answers, one a model."""
    seconds: float
    """CPU seconds of one training, the stage's own overhead included."""

    @property
    def best(self) -> float:
        """The best classical model's share of right answers."""
        return max(self.classical.values())

    @property
    def error(self) -> float:
        """Standard error of the best, at least that of one row."""
        return max(float(np.sqrt(self.best * (1 - self.best) / self.tested)), 1 / self.tested)

    @property
    def lead(self) -> float:
        """How far we are ahead of the best, in standard errors."""
        return (float(np.mean(self.ours)) - self.best) / self.error

    def line(self) -> str:
        """A row of the Markdown table."""
        others = " | ".join(f"{100 * share:.1f}" for share in self.classical.values())
        size = f"{self.rows:,} × {self.columns} | {self.classes}"
        ours = f"{100 * np.mean(self.ours):.1f} (± {100 * np.std(self.ours):.1f})"
        judged = f"{100 * self.error:.1f} | {self.lead:+.1f} | {self.seconds:.1f}"
        return f"| {self.name} | {size} | {ours} | {others} | {judged} |"


def measure(name: str, source: Path, test: Path | None = None) -> Score:
    """Draft, prepare and train in the folder of `source`."""
    drafted = drafting.draft(source, "target", test=test, folder=source.parent)
    pipeline = config.load(drafted.pipeline)
    with events.watching(lambda _: None):
        first = run.start(pipeline)
        prepared = preprocess(first, validate(first, ingest(first)))
        folder = first.store / prepared.path
        transform = read_transform(folder)
        parts = [batches.read(folder / part, transform) for part in ("train", "validation", "test")]
        began = time.process_time()
        ours = [right(learned(pipeline, prepared, seed, parts[2]), parts[2]) for seed in SEEDS]
    seconds = (time.process_time() - began) / len(SEEDS)
    shares = {word: right(answer(parts), parts[2]) for word, answer in CLASSICAL.items()}
    rows, columns = sum(map(len, parts)), len(transform.features)
    return Score(name, rows, columns, transform.target.outputs, len(parts[2]), ours, shares, seconds)


def learned(pipeline: config.Pipeline, prepared: Prepared, seed: int, test: Samples) -> NDArray[Any]:
    """The class of every test row by the model that this seed gives."""
    seeded = pipeline.model_copy(update={"training": pipeline.training.model_copy(update={"seed": seed})})
    now = run.start(seeded)
    model = load(now.store / train(now, prepared.learnable).path)
    return model.answers(test).argmax(1)


def right(answers: NDArray[Any], part: Samples) -> float:
    return float((answers == part.labels.numpy()).mean())


def numbers(part: Samples) -> NDArray[np.float64]:
    """[N, n], n may be 0."""
    return part.inputs["numbers"].numpy() if "numbers" in part.inputs else np.empty((len(part), 0))


def codes(part: Samples) -> NDArray[np.int64]:
    """[N, m], m may be 0."""
    return part.inputs["codes"].numpy() if "codes" in part.inputs else np.empty((len(part), 0), np.int64)


def boosted(parts: list[Samples]) -> NDArray[Any]:
    rows = [np.c_[numbers(part), np.minimum(codes(part), MOST_CODES)] for part in parts]
    width = codes(parts[0]).shape[1]
    category = np.arange(rows[0].shape[1]) >= rows[0].shape[1] - width
    return fitted(HistGradientBoostingClassifier(categorical_features=category, random_state=0), rows, parts)


def forest(parts: list[Samples]) -> NDArray[Any]:
    return fitted(RandomForestClassifier(random_state=0), flat(parts), parts)


def logistic(parts: list[Samples]) -> NDArray[Any]:
    return fitted(make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)), flat(parts), parts)


CLASSICAL: dict[str, Callable[[list[Samples]], NDArray[Any]]] = {
    "HistGradientBoosting": boosted,
    "random forest": forest,
    "logistic regression": logistic,
}


def flat(parts: list[Samples]) -> list[NDArray[Any]]:
    """Numbers with the mean for missing ones, and a column a category."""
    known = [np.concatenate([take(part) for part in parts[:2]]) for take in (numbers, codes)]
    blocks = []
    if known[0].shape[1]:
        mean = SimpleImputer(keep_empty_features=True).fit(known[0])
        blocks.append([mean.transform(numbers(part)) for part in parts])
    if known[1].shape[1]:
        one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False, max_categories=500).fit(known[1])
        blocks.append([one_hot.transform(codes(part)) for part in parts])
    return [np.concatenate(columns, 1) for columns in zip(*blocks, strict=True)]


def fitted(model: Any, rows: list[NDArray[Any]], parts: list[Samples]) -> NDArray[Any]:
    with threadpool_limits(1):
        model.fit(np.concatenate(rows[:2]), np.concatenate([part.labels.numpy() for part in parts[:2]]))
        answers: NDArray[Any] = model.predict(rows[2])
    return answers


def scores(words: list[str]) -> Iterator[Score]:
    """Every table whose name holds one of the words; all, when there are none."""
    for name, make in tables().items():
        if not words or any(word in name for word in words):
            with tempfile.TemporaryDirectory() as folder:
                source = Path(folder) / "rows.csv"
                make().to_csv(source, index=False)
                yield measure(name, source)
    whole = "Adult as published"
    if (not words or any(word in whole for word in words)) and (DATA / "adult").exists():
        with tempfile.TemporaryDirectory() as folder:
            yield measure(whole, *published(Path(folder)))


def published(folder: Path) -> tuple[Path, Path]:
    """Adult's own train and test files under the column names used here."""
    for name, skipped in (("adult.data", 0), ("adult.test", 1)):
        rows = pd.read_csv(DATA / "adult" / name, names=ADULT, skipinitialspace=True, na_values="?", skiprows=skipped)
        rows.assign(target=rows["target"].str.rstrip(".")).to_csv(folder / f"{name}.csv", index=False)
    return folder / "adult.data.csv", folder / "adult.test.csv"


def main() -> None:
    others = " | ".join(CLASSICAL)
    print(f"| table | rows × columns | classes | keepfit | {others} | standard error | lead | training, CPU s |")
    print("|---|---|---|---|" + "---|" * (len(CLASSICAL) + 3))
    found = []
    for score in scores(sys.argv[1:]):
        print(score.line(), flush=True)
        found.append(score)
    near = sum(score.lead >= -2 for score in found)
    print(f"\n{near} of {len(found)} tables within two standard errors of the best of the three, or ahead.")


if __name__ == "__main__":
    main()
