"""What a missing picture or recording costs: `python benchmarks/missing.py`.

Each of 3,000 spoken digits is given a handwritten one that says the same (of the public sets in KEEPFIT_DATA), and a
number that says nothing. A third is put away; the rest is learned from as a table of three columns, once as it is, once
without what keepfit does so that one may be missing. Told is the share of right answers to the third: as it is, and
without its pictures or its recordings.
"""

from __future__ import annotations

import gzip
import io
import os
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from keepfit import config, load
from keepfit.learning import changes
from tests.chain import retrain

DATA = Path(os.environ.get("KEEPFIT_DATA", "../shared/data"))
YAML = (
    "name: digits\nsource: {path: rows.parquet}\ntarget: digit\n"
    "features: {picture: image, sound: audio, number: number}\nmodel: {family: mlp}\n"
)
GONE: tuple[tuple[str, ...], ...] = ((), ("picture",), ("sound",))


def pairs() -> pd.DataFrame:
    """A picture and a recording of one digit a row."""
    draw = np.random.default_rng(0)
    with zipfile.ZipFile(DATA / "spoken_digits/recordings.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".wav"))
        sounds = [archive.read(name) for name in names]
    truth = np.array([int(Path(name).name[0]) for name in names])
    pictures = _idx("train-images").reshape(-1, 28, 28)
    of_digit = [np.flatnonzero(_idx("train-labels") == digit) for digit in range(10)]
    shown = [_png(pictures[draw.choice(of_digit[digit])]) for digit in truth]
    number = draw.normal(size=len(truth))
    digit = [f"digit {one}" for one in truth]
    return pd.DataFrame({"picture": shown, "sound": sounds, "number": number, "digit": digit})


def _idx(name: str) -> np.ndarray:
    (file,) = (DATA / "mnist").glob(f"{name}*")
    content = gzip.decompress(file.read_bytes())
    return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3])


def _png(pixels: np.ndarray) -> bytes:
    with io.BytesIO() as out:
        Image.fromarray(pixels).save(out, "PNG")
        return out.getvalue()


def told(share: float) -> tuple[list[float], float]:
    """The shares of right answers for each of GONE, where so many rows are learned from without; and CPU seconds."""
    changes.LACKED = share
    rows = pairs()
    away = np.random.default_rng(1).random(len(rows)) < 1 / 3
    with tempfile.TemporaryDirectory() as folder:
        rows[~away].to_parquet(Path(folder) / "rows.parquet")
        (Path(folder) / "pipeline.yaml").write_text(YAML)
        pipeline, began = config.load(Path(folder) / "pipeline.yaml"), time.process_time()
        retrain(pipeline, force="the benchmark asks it whatever the verdict")
        spent, model = time.process_time() - began, load(pipeline.file)
        known = rows[away].astype(object)
        asked = [known.assign(**dict.fromkeys(gone)).drop(columns="digit") for gone in GONE]
        right = [float((model.predict(one)["prediction"] == known["digit"]).mean()) for one in asked]
    return right, spent


def main() -> None:
    for share in (changes.LACKED, 0.0):
        right, spent = told(share)
        cases = [f"without the {gone[0]}" if gone else "with both" for gone in GONE]
        said = ", ".join(f"{case} {100 * one:.1f} %" for case, one in zip(cases, right, strict=True))
        print(f"{100 * share:.0f} % of the rows learned from without: {said}; {spent:.0f} CPU s", flush=True)


if __name__ == "__main__":
    main()
