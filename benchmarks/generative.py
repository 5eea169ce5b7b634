"""Whole rows: how well strangers are told, and what new rows are taken for: `python benchmarks/generative.py`.

Each pipeline goes through the stages up to export in a folder of its own, and its model is asked as a caller would ask
it. Ordinary are the test rows. Strange are pictures of something else (hands, grey, in the digits' size), noise, and
digits of another contrast, inverted, or with cells of other rows. New digits are recognised by the classifier of
`data/digits` or `data/mnist`, a network of convolutions that met none of them. `KEEPFIT_DATA` names the folder of the
data; words after the command pick lines.
"""

from __future__ import annotations

import argparse
import io
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from keepfit import config
from keepfit.config import Pipeline
from keepfit.data import feed
from keepfit.features.lookup import read_transform
from keepfit.features.shared.entries import FIRST
from keepfit.problems.reconstruction.strangers import auroc
from keepfit.serving.bundle.model import ServedModel, open_bundle
from keepfit.serving.sampling import sample, wanted
from keepfit.stages.evaluation import evaluate
from keepfit.stages.export import export
from keepfit.stages.ingest import ingest
from keepfit.stages.preprocessing import preprocess
from keepfit.stages.training import train
from keepfit.stages.validation import validate
from keepfit.store import files
from keepfit.store.run import begin

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.setdefault("KEEPFIT_DATA", str(ROOT.parent / "shared" / "data")))
ROWS, NEW = 2000, 100
"""Test rows that are asked, and new digits of each class."""
ALARM = 0.99
SIDES = {"digits": 8, "mnist": 28}
Pictures = NDArray[np.uint8]


@dataclass(frozen=True)
class Made:
    """A pipeline that went through the stages."""

    pipeline: Pipeline
    model: ServedModel
    prepared: Path
    seconds: float
    """Of CPU, in training."""

    def pictures(self, part: str, most: int) -> tuple[Pictures, NDArray[np.int64]]:
        """The first of a part [N, h, w], and the codes of its digits [N], where they are among the features."""
        batch = next(iter(feed.read(self.prepared / part, read_transform(self.prepared)).in_order(most)))
        codes = batch.inputs["codes"][:, 0].numpy() if "codes" in batch.inputs else np.zeros(len(batch), np.int64)
        return batch.inputs["image"].numpy()[..., 0], codes


def made(name: str, work: Path) -> Made:
    """The pipeline below data/ of this name."""
    folder = work / name
    folder.mkdir()
    text = (ROOT / "data" / name / "pipeline.yaml").read_text()
    text = text.replace("path: ../", f"path: {ROOT / 'data'}/")
    text = text.replace("path: digits.zip", f"path: {ROOT / 'data/digits/digits.zip'}")
    (folder / "pipeline.yaml").write_text(text.replace("expectations: expectations.yaml", "stop: true"))
    pipeline = config.load(folder / "pipeline.yaml")
    with begin(pipeline) as run:
        prepared = preprocess(run, validate(run, ingest(run)))
        trained = train(run, prepared.learnable)
        bundle = export(run, trained, prepared, evaluate(run, trained, prepared))
        spent = files.read_json(run.store / trained.path / "beside/timings.json")["cpu_seconds"]
        return Made(pipeline, open_bundle(run.store / bundle.folder), run.store / prepared.path, spent)


def strangers(about: str, work: Path) -> Iterator[str]:
    """A line a kind of stranger, and one for ordinary rows."""
    found = made(f"{about}_strangers", work)
    ordinary, _ = found.pictures("test", ROWS)
    usual = asked(found.model, ordinary)
    share = (usual > ALARM).mean()
    yield f"| {about} | ordinary, beyond {ALARM} | {100 * share:.1f} % of {len(usual)} | {found.seconds:.0f} |"
    for what, pictures in strange(ordinary, SIDES[about]).items():
        yield f"| {about} | {what} | {auroc(usual, asked(found.model, pictures)):.3f} | |"


def strange(ordinary: Pictures, side: int) -> dict[str, Pictures]:
    """What was done → pictures."""
    draw, pixels = np.random.default_rng(0), ordinary.reshape(len(ordinary), -1)
    mixed = np.stack([column[draw.permutation(len(column))] for column in pixels.T], 1).reshape(ordinary.shape)
    return {
        "hands": hands(side),
        "noise": draw.integers(0, 256, ordinary.shape, dtype=np.uint8),
        "cells of other rows": mixed,
        "inverted": 255 - ordinary,
        "half as bright": (ordinary * 0.5).astype(np.uint8),
        "a third as bright": (ordinary * 0.3).astype(np.uint8),
        "half the contrast, grey": (ordinary * 0.5 + 64).astype(np.uint8),
        "brighter": np.clip(ordinary * 0.5 + 127, 0, 255).astype(np.uint8),
    }


def hands(side: int) -> Pictures:
    """Sign-language digits, grey [N, side, side]."""
    names = sorted((DATA / "sign_language_digits/Dataset").rglob("*.JPG"))[::4]
    return np.stack([np.asarray(Image.open(name).convert("L").resize((side, side))) for name in names])


def asked(model: ServedModel, pictures: Pictures) -> NDArray[np.float64]:
    """How strange they are."""
    return model.predict(pd.DataFrame({"image": list(pictures)}))["prediction"].to_numpy()


def new(about: str, work: Path) -> Iterator[str]:
    """A line of what new digits are taken for."""
    found, judge = made(f"{about}_new", work), made(about, work)
    entry: Any = read_transform(found.prepared).entries["digit"]
    pictures, codes = found.pictures("test", ROWS)
    truth = np.array(entry.vocabulary)[codes - FIRST]
    right = (taken(judge.model, pictures) == truth).mean()
    shares = []
    for word in entry.vocabulary:
        tables = sample(found.pipeline, wanted(NEW, (f"digit={word}",), 0), found.model.id)
        cells = [cell for table in tables for cell in table["image"].to_pylist()]
        drawn = np.stack([np.asarray(Image.open(io.BytesIO(cell))) for cell in cells])
        shares.append((taken(judge.model, drawn) == word).mean())
    mostly = sum(share > 0.5 for share in shares)
    yield (
        f"| {about} | {found.pipeline.model.family} | {100 * np.mean(shares):.1f} % | {mostly} of {len(shares)} | "
        f"{100 * min(shares):.0f} % | {100 * right:.1f} % | {found.seconds:.0f} |"
    )


def taken(model: ServedModel, pictures: Pictures) -> NDArray[Any]:
    """The digits that a classifier takes them for."""
    return np.asarray(model.predict(pd.DataFrame({"image": list(pictures)}))["prediction"])


HEADS = {
    strangers: "| data | test rows with | area under the ROC curve | training, CPU s |\n|---|---|---|---|",
    new: "| data | family | recognised | classes mostly recognised | least of a class | real ones | training, CPU s "
    "|\n|---|---|---|---|---|---|---|",
}


def main() -> None:
    """Both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*", help="digits, mnist, strangers, new; all when left out")
    words = parser.parse_args().words
    for ask, head in HEADS.items():
        names = [about for about in SIDES if all(word in (about, ask.__name__) for word in words)]
        if names:
            print(f"\n{head}", flush=True)
        for about in names:
            with tempfile.TemporaryDirectory() as work:
                for line in ask(about, Path(work)):
                    print(line, flush=True)


if __name__ == "__main__":
    main()
