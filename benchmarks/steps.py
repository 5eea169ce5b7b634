"""Accuracy on texts, series, pictures read as rows, recordings, forecasts and a language: `python benchmarks/steps.py`.

Words after the command pick lines by name or family. Each line's pipeline is that below data/ with the family put in,
and goes through the stages up to evaluation, on the publisher's test rows where there are some; the classical baseline
is the evaluate stage's, from the same rows. What was measured stands in the file of `--results`, a line for each data,
family and seed, and is not measured again, so that the command may be interrupted; a change of the code is no reason
to measure again. `--into PAGE` puts the table into a page.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import tempfile
import time
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import rocket
from numpy.typing import NDArray
from ruamel.yaml import YAML
from steps_asked import ASKS, NEVER_HEARD, Ask, Change

from keepfit import config
from keepfit.data import feed
from keepfit.features.lookup import read_transform
from keepfit.stages.evaluation import baseline, evaluate
from keepfit.stages.ingest import ingest
from keepfit.stages.preprocessing import preprocess
from keepfit.stages.training import train
from keepfit.stages.validation import validate
from keepfit.store import events, run
from keepfit.store.artifacts import Evaluated, Prepared
from keepfit.store.run import Run

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.setdefault("KEEPFIT_DATA", str(ROOT.parent / "shared" / "data")))
BEGIN, END = "<!-- made by python benchmarks/steps.py --into -->", "<!-- to here -->"
Line = dict[str, Any]
"""ask, by, seed, seconds of CPU in training, rows tested, `figures`: which test rows → the model's, and `beside`: which
test rows → baseline → its own."""
WHOLE = ""
"""All test rows."""


def pipeline_for(ask: Ask, change: Change, seed: int, work: Path) -> config.Pipeline:
    """The YAML below data/ with what is changed put over it, in a folder of its own that keeps the prepared rows."""
    folder = work / re.sub(r"\W+", "_", ask.name)
    folder.mkdir(parents=True, exist_ok=True)
    yaml, source = YAML(), ROOT / "data" / ask.pipeline
    said = yaml.load(source / "pipeline.yaml")
    said.pop("model")
    for more in (ask.change, change, {"training": {"seed": seed, "device": "cpu"}}):
        put_over(said, more)
    for key in ("path", "test"):
        said["source"][key] = unzipped(said["source"].get(key), work)
    shutil.copy(source / "expectations.yaml", folder)
    yaml.dump({key: value for key, value in said.items() if value is not None}, folder / "pipeline.yaml")
    return config.load(folder / "pipeline.yaml")


def put_over(said: dict[str, Any], more: Change) -> None:
    """Sections key by key, all else in place of what was there."""
    for key, value in more.items():
        if key in ("source", "training") and key in said:
            put_over(said[key], value)
        else:
            said[key] = value


def unzipped(source: Any, work: Path) -> Any:
    """The same, of files that the publisher zipped those in the work folder."""
    if isinstance(source, list):
        return [unzipped(one, work) for one in source]
    path = Path(os.path.expandvars(source or ""))
    archive = path.parent / f"{path.parent.name}.zip"
    if source is None or "*" in source or path.exists() or not archive.exists():
        return source
    with zipfile.ZipFile(archive) as packed:
        return packed.extract(path.name, work / path.parent.name)


def prepared_by(now: Run) -> Prepared:
    return preprocess(now, validate(now, ingest(now)))


def measure(ask: Ask, by: str, seed: int, work: Path) -> Line:
    """One training, and what stands beside it."""
    if by == rocket.NAME:
        return rocket_line(ask, seed, work)
    pipeline = pipeline_for(ask, ask.families[by], seed, work)
    with events.watching(lambda _: None):
        now = run.start(pipeline)
        prepared = prepared_by(now)
        shutil.rmtree(now.store / "stages" / "train", ignore_errors=True)  # what was half done has half its time
        began = time.process_time()
        trained = train(now, prepared.learnable)
        seconds = time.process_time() - began
        evaluated = evaluate(now, trained, prepared)
        figures, beside = judged(ask, now, prepared, evaluated, work)
    return {**named(ask, by, seed), "seconds": seconds, "rows": evaluated.rows, "figures": figures, "beside": beside}


def named(ask: Ask, by: str, seed: int) -> Line:
    return {"ask": ask.name, "by": by, "seed": seed}


def judged(ask: Ask, now: Run, prepared: Prepared, evaluated: Evaluated, work: Path) -> tuple[Line, Line]:
    """The model's figure and those of the baselines, on all test rows and on the parts of them."""
    document = json.loads((now.store / evaluated.path / "metrics.json").read_text())
    naive = {found["name"]: found[ask.metric] for found in document.get("naive", [])}
    classical = {evaluated.classical: evaluated.baselines["classical"][ask.metric]}
    figures, beside = {WHOLE: evaluated.metrics[ask.metric]}, {WHOLE: classical | naive}
    if ask.shared:
        answers = pq.read_table(now.store / evaluated.path / "predictions.parquet")
        labels, ours = (answers[name].to_numpy() for name in ("label", "prediction"))
        theirs = np.load(now.store / baseline(now, prepared).path / "classical.npy").argmax(1)
        for part, rows in parts(ask.shared, now.store / prepared.path, work).items():
            figures[part] = float((ours == labels)[rows].mean())
            beside[part] = {evaluated.classical: float((theirs == labels)[rows].mean())}
    return figures, beside


def parts(shared: tuple[str, str], folder: Path, work: Path) -> dict[str, NDArray[np.bool_]]:
    """The test rows that are not in the file as published, and how many are."""
    file, column = shared
    known = pd.read_csv(work / file, sep="\t", quoting=3)[column]
    asked = pq.read_table(folder / "test_raw")[column].to_pandas()
    unseen = ~asked.isin(known).to_numpy()
    return {f", without the {(~unseen).sum():,} that its train file has": unseen}


def rocket_line(ask: Ask, seed: int, work: Path) -> Line:
    pipeline = pipeline_for(ask, next(iter(ask.families.values())), seed, work)
    with events.watching(lambda _: None):
        now = run.start(pipeline)
        folder = now.store / prepared_by(now).path
    transform = read_transform(folder)
    *known, test = (feed.read(folder / part, transform).load((0,)) for part in ("train", "validation", "test"))
    began = time.process_time()
    right = rocket.right(known, test, seed)
    seconds = time.process_time() - began
    return {
        **named(ask, rocket.NAME, seed),
        "seconds": seconds,
        "rows": len(test),
        "figures": {WHOLE: right},
        "beside": {},
    }


def answerers(ask: Ask) -> list[str]:
    return [*ask.families, *([rocket.NAME] if ask.rocket else [])]


def table(lines: list[Line]) -> Iterator[str]:
    """A line for each data and family, the mean and the deviation over seeds."""
    yield "| data | model | seeds | right answers, %, or error | training, CPU s | beside it | published |"
    yield "|---|---|---|---|---|---|---|"
    for ask in ASKS:
        for by in answerers(ask):
            found = [line for line in lines if (line["ask"], line["by"]) == (ask.name, by)]
            for part in dict.fromkeys(part for line in found for part in line["figures"]):
                yield row(ask, by, part, found)


def row(ask: Ask, by: str, part: str, found: list[Line]) -> str:
    share = 100 if ask.metric == "accuracy" else 1
    digits = 2 if ask.metric == "nats_per_character" else 1
    ours = share * np.array([line["figures"][part] for line in found])
    others: dict[str, list[float]] = defaultdict(list)
    for line in found:
        for name, value in line["beside"].get(part, {}).items():
            others[name].append(share * value)
    beside = "; ".join(f"{name} {np.mean(values):.{digits}f}" for name, values in others.items())
    spread = f" ± {ours.std():.{digits}f}" if len(ours) > 1 else ""
    seconds = np.mean([line["seconds"] for line in found])
    unit = "" if ask.metric == "accuracy" else f" {ask.metric.replace('_', ' ').replace('rmse', 'RMSE')}"
    return (
        f"| {ask.name}{part} | {by} | {len(ours)} | {ours.mean():.{digits}f}{spread}{unit} | {seconds:.0f} | {beside} |"
        f" {'' if by == rocket.NAME else ask.published} |"
    )


def never_heard(lines: list[Line]) -> str:
    """The mean over the speakers who were never heard."""
    found = defaultdict(list)
    for line in lines:
        if line["ask"].startswith(NEVER_HEARD):
            found[line["ask"].removeprefix(NEVER_HEARD)].append(100 * line["figures"][WHOLE])
    means = {name: float(np.mean(values)) for name, values in found.items()}
    low, high = min(means, key=means.__getitem__), max(means, key=means.__getitem__)
    return (
        f"A speaker never heard: {np.mean([*means.values()]):.1f} % on the mean over {len(means)} speakers, from"
        f" {means[low]:.1f} ({low}) to {means[high]:.1f} ({high})."
    )


def told(lines: list[Line]) -> str:
    heard = [never_heard(lines)] if any(line["ask"].startswith(NEVER_HEARD) for line in lines) else []
    return "\n\n".join(["\n".join(table(lines)), *heard])


def wanted(words: list[str], seeds: list[int]) -> Iterator[tuple[Ask, str, int]]:
    for seed in seeds:
        for ask in ASKS:
            for by in answerers(ask):
                name = f"{ask.name} {ask.pipeline} {by}".lower()
                if not words or any(word.lower() in name for word in words):
                    yield ask, by, seed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--results", type=Path, default=Path(tempfile.mkdtemp()) / "steps.jsonl")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--into", type=Path)
    said = parser.parse_args()
    lines = [json.loads(line) for line in said.results.read_text().splitlines()] if said.results.exists() else []
    known = {(line["ask"], line["by"], line["seed"]) for line in lines}
    for ask, by, seed in wanted(said.words, said.seeds):
        if (ask.name, by, seed) not in known:
            lines.append(measure(ask, by, seed, said.results.absolute().with_suffix("")))
            with said.results.open("a") as file:
                file.write(json.dumps(lines[-1]) + "\n")
    print(told(lines))
    if said.into:
        head, tail = said.into.read_text().split(BEGIN)[0], said.into.read_text().split(END)[1]
        said.into.write_text(f"{head}{BEGIN}\n\n{told(lines)}\n\n{END}{tail}")


if __name__ == "__main__":
    main()
