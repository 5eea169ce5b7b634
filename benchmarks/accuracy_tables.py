"""Tables for benchmarks/accuracy.py: public ones at hand, and known problems that can be drawn or listed exactly.

Each is a pandas frame whose column `target` is to be predicted.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn import datasets

DATA = Path(os.environ.get("KEEPFIT_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))
ADULT = [
    "age", "workclass", "fnlwgt", "education", "education_num", "marital", "occupation", "relationship", "race", "sex",
    "gain", "loss", "hours", "country", "target",
]  # fmt: skip


Draw = Callable[[int], tuple[pd.DataFrame, pd.DataFrame]]
"""A seed → the rows to learn from, and those to judge by."""


@dataclass(frozen=True)
class Table:
    """One line of the benchmark."""

    name: str
    draw: Draw
    problem: str = "classification"


def tables() -> list[Table]:
    """Every table; those from files only where the files are."""
    made = [
        *(Table(name, partial(_split, make)) for name, make in _MADE.items()),
        *(Table(name, partial(_split, make), "regression") for name, make in _VALUES.items()),
        *(Table(name, partial(_split, make)) for name, (path, make) in _FILES.items() if (DATA / path).exists()),
        *(Table(name, partial(_published, name, target)) for name, target in _HARD.items()
          if (DATA / "hard_tables" / name).exists()),
    ]  # fmt: skip
    if (DATA / "adult").exists():
        made.append(Table("Adult as published", _adult))
    if (DATA / "california_housing").exists():
        made.append(Table("California, dollars", partial(_split, california_dollars), "regression"))
    return made


def _split(make: Callable[[], pd.DataFrame], seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A fifth of the rows to judge by, drawn anew for each seed."""
    whole = make()
    tested = np.random.default_rng(seed).permutation(len(whole)) < len(whole) // 5
    return whole[~tested], whole[tested]


def _published(name: str, target: str, _seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The publisher's own two files, "?" for a missing cell."""
    train, test = (next((DATA / "hard_tables" / name).glob(f"{part}.csv*")) for part in ("train", "test"))
    read = partial(pd.read_csv, sep=None, engine="python", na_values="?")
    found = (read(path).rename(columns={target: "target"}).dropna(subset="target") for path in (train, test))
    # A gap makes doubles of the whole numbers in one of the files.
    whole = (rows.astype({"target": int} if rows["target"].dtype == float else {}) for rows in found)
    return next(whole), next(whole)


def _adult(_seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    read = partial(pd.read_csv, names=ADULT, skipinitialspace=True, na_values="?")
    found = read(DATA / "adult/adult.data"), read(DATA / "adult/adult.test", skiprows=1)
    train, test = (rows.assign(target=rows["target"].str.rstrip(".")) for rows in found)
    return train, test


_HARD = {
    "wine_white": "quality",
    "phoneme": "nasal",
    "covertype": "Cover_Type",
    "har_wearables": "classe",
    "horse_colic": "outcome",
}
"""Public tables on which an earlier default fell short, and their targets."""


def frame(values: NDArray[np.float64], labels: NDArray[np.generic]) -> pd.DataFrame:
    """Columns x0, x1, … and target."""
    return pd.DataFrame(values, columns=[f"x{i}" for i in range(values.shape[1])]).assign(
        target=[f"c{label}" for label in labels]
    )


def bundled(name: str) -> pd.DataFrame:
    return frame(*getattr(datasets, f"load_{name}")(return_X_y=True))


def diabetes() -> pd.DataFrame:
    values, progress = datasets.load_diabetes(return_X_y=True)
    return frame(values, progress >= np.median(progress))


def balance_scale() -> pd.DataFrame:
    """All 625 ways to load a balance (Siegler 1976; UCI balance-scale): which side goes down."""
    loads = np.array(list(product(range(1, 6), repeat=4)), float)
    return frame(loads, np.sign(loads[:, 0] * loads[:, 1] - loads[:, 2] * loads[:, 3]).astype(int))


_LINES = ((0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6))


def tic_tac_toe() -> pd.DataFrame:
    """All 958 boards at the end of a game that x began (UCI tic-tac-toe): has x won?"""
    ends: dict[str, bool] = {}

    def wins(board: str, player: str) -> bool:
        return any(all(board[i] == player for i in line) for line in _LINES)

    def play(board: str, player: str) -> None:
        for place in (i for i, mark in enumerate(board) if mark == "b"):
            after = board[:place] + player + board[place + 1 :]
            if wins(after, player) or "b" not in after:
                ends[after] = wins(after, "x")
            else:
                play(after, "o" if player == "x" else "x")

    play("b" * 9, "x")
    boards = sorted(ends)
    marks = pd.DataFrame([list(board) for board in boards], columns=[f"square{i}" for i in range(9)])
    return marks.assign(target=["won" if ends[board] else "not" for board in boards])


def waveform(rows: int = 3000) -> pd.DataFrame:
    """Breiman et al. 1984: two of three triangular waves mixed, with noise; the best possible is 86 %."""
    draw, time = np.random.default_rng(5), np.arange(21)
    waves = np.array([np.maximum(6 - abs(time - centre), 0) for centre in (6, 14, 10)])
    pairs = np.array([(0, 1), (0, 2), (1, 2)])
    labels, share = draw.integers(0, 3, rows), draw.random((rows, 1))
    mixed = share * waves[pairs[labels, 0]] + (1 - share) * waves[pairs[labels, 1]]
    return frame(mixed + draw.normal(size=mixed.shape), labels)


def led(rows: int = 2000) -> pd.DataFrame:
    """Breiman et al. 1984: seven segments of a digit, each wrong one time in ten; the best possible is 74 %."""
    digits = (
        0b1110111,
        0b0010010,
        0b1011101,
        0b1011011,
        0b0111010,
        0b1101011,
        0b1101111,
        0b1010010,
        0b1111111,
        0b1111011,
    )
    segments = np.array(digits)[:, None] >> np.arange(7) & 1
    draw = np.random.default_rng(7)
    labels = draw.integers(0, 10, rows)
    shown = segments[labels] ^ (draw.random((rows, 7)) < 0.1)
    return frame(np.c_[shown, draw.integers(0, 2, (rows, 17))].astype(float), labels)


def ringnorm(rows: int = 4000) -> pd.DataFrame:
    """Breiman 1996: one normal cloud around another in 20 dimensions."""
    draw = np.random.default_rng(6)
    labels, values = draw.integers(0, 2, rows), draw.normal(size=(rows, 20))
    return frame(np.where(labels[:, None] == 0, values * 2, values + 2 / np.sqrt(20)), labels)


def checkerboard(rows: int = 3000) -> pd.DataFrame:
    draw = np.random.default_rng(0)
    values = draw.random((rows, 5))
    labels = (values[:, :2] * 4).astype(int).sum(1) % 2
    return frame(values, labels ^ (draw.random(rows) < 0.05))


def friedman(rows: int = 3000) -> pd.DataFrame:
    values, heights = datasets.make_friedman1(rows, noise=1.0, random_state=1)
    return frame(values, heights >= np.median(heights))


def clusters(rows: int, *, features: int, informative: int, classes: int, each: int) -> pd.DataFrame:
    redundant = 0 if features == informative else features // 6
    values, labels = datasets.make_classification(
        rows, features, n_informative=informative, n_redundant=redundant, n_classes=classes,
        n_clusters_per_class=each, class_sep=1.2, random_state=1,
    )  # fmt: skip
    return frame(values, labels)


def many_categories(rows: int = 6000) -> pd.DataFrame:
    """Three category columns of up to 300, 50 and 1,000 values with long tails, one of them turning a slope."""
    draw, sizes = np.random.default_rng(4), (300, 50, 1000)
    codes = [np.minimum((draw.pareto(1.0, rows) * 20).astype(int), size - 1) for size in sizes]
    effects = [draw.normal(size=size)[code] for size, code in zip(sizes, codes, strict=True)]
    values = draw.normal(size=(rows, 3))
    height = sum(effects) + values[:, 0] * effects[1] + values[:, 1] + draw.logistic(size=rows)
    named = {f"k{i}": [f"v{c}" for c in code] for i, code in enumerate(codes)}
    return frame(values, height > 0).assign(**named)


def rules(rows: int = 4000) -> pd.DataFrame:
    """A random tree, seven questions deep, over skewed columns: the home ground of trees."""
    draw = np.random.default_rng(8)
    values = np.exp(draw.normal(size=(rows, 12)) * 1.5)
    values[:, 6:] = values[:, 6:].round()
    labels = np.zeros(rows, int)

    def grow(inside: NDArray[np.intp], depth: int) -> None:
        if depth == 0 or len(inside) < 10:
            labels[inside] = draw.integers(0, 5)
            return
        column = values[inside, draw.integers(0, 12)]
        left = column <= np.quantile(column, draw.uniform(0.25, 0.75))
        grow(inside[left], depth - 1)
        grow(inside[~left], depth - 1)

    grow(np.arange(rows), 7)
    wrong = draw.random(rows) < 0.05
    labels[wrong] = draw.integers(0, 5, wrong.sum())
    return frame(values, labels)


def titanic() -> pd.DataFrame:
    table = pd.read_csv(DATA / "titanic/titanic.csv")
    return table.drop(columns=["PassengerId", "Name", "Ticket", "Cabin"]).rename(columns={"Survived": "target"})


def mammography() -> pd.DataFrame:
    table = pd.read_csv(DATA / "mammography/mammography.csv", header=None, quotechar="'")
    return frame(table.iloc[:, :6].to_numpy(float), table[6].to_numpy())


def california() -> pd.DataFrame:
    table = pd.read_csv(DATA / "california_housing/housing.csv")
    high = table.pop("median_house_value")
    return table.assign(target=np.where(high >= high.median(), "high", "low"))


def elec2() -> pd.DataFrame:
    table = pd.read_csv(DATA / "elec2/elec.csv").sample(12_000, random_state=0)
    return table.assign(target=table.pop("class").map({0: "down", 1: "up"}))


def adult() -> pd.DataFrame:
    rows = pd.read_csv(DATA / "adult/adult.data", names=ADULT, skipinitialspace=True, na_values="?")
    return rows.sample(12_000, random_state=0)


def california_dollars() -> pd.DataFrame:
    return pd.read_csv(DATA / "california_housing/housing.csv").rename(columns={"median_house_value": "target"})


def kddcup() -> pd.DataFrame:
    """Every fifteenth connection of the ten per cent; attacks of fewer than ten rows are left out."""
    names = (DATA / "kddcup99/kddcup.names").read_text().splitlines()[1:]
    columns = [*(line.partition(":")[0] for line in names if ":" in line), "target"]
    rows = pd.read_csv(DATA / "kddcup99/kddcup.data_10_percent.gz", names=columns).iloc[::15]
    return rows[rows.groupby("target")["target"].transform("size") >= 10]


def values(columns: NDArray[np.float64], target: NDArray[np.float64]) -> pd.DataFrame:
    return pd.DataFrame(columns, columns=[f"x{i}" for i in range(columns.shape[1])]).assign(target=target)


_MADE: dict[str, Callable[[], pd.DataFrame]] = {
    "iris": lambda: bundled("iris"),
    "wine": lambda: bundled("wine"),
    "breast cancer": lambda: bundled("breast_cancer"),
    "digits as 64 numbers": lambda: bundled("digits"),
    "diabetes over median": diabetes,
    "balance scale": balance_scale,
    "tic-tac-toe": tic_tac_toe,
    "waveform": waveform,
    "LED, 17 noise columns": led,
    "ringnorm": ringnorm,
    "moons": lambda: frame(*datasets.make_moons(1500, noise=0.25, random_state=0)),
    "checkerboard": checkerboard,
    "Friedman 1 over median": friedman,
    "clusters, 6 classes": lambda: clusters(4000, features=30, informative=12, classes=6, each=3),
    "clusters, 300 columns": lambda: clusters(1000, features=300, informative=20, classes=2, each=2),
    "clusters, 26 classes": lambda: clusters(8000, features=16, informative=16, classes=26, each=2),
    "many categories": many_categories,
    "random tree of rules": rules,
}
_VALUES: dict[str, Callable[[], pd.DataFrame]] = {
    "diabetes": lambda: values(*datasets.load_diabetes(return_X_y=True)),
    "Friedman 1": lambda: values(*datasets.make_friedman1(3000, noise=1.0, random_state=1)),
    "Friedman 3": lambda: values(*datasets.make_friedman3(2000, noise=0.1, random_state=1)),
    "sparse line": lambda: values(*datasets.make_sparse_uncorrelated(1000, n_features=40, random_state=1)),
}
_FILES: dict[str, tuple[str, Callable[[], pd.DataFrame]]] = {
    "Titanic": ("titanic/titanic.csv", titanic),
    "mammography": ("mammography/mammography.csv", mammography),
    "California over median": ("california_housing/housing.csv", california),
    "elec2, 12,000 rows": ("elec2/elec.csv", elec2),
    "Adult, 12,000 rows": ("adult/adult.data", adult),
    "kddcup99, 33,000 rows": ("kddcup99/kddcup.data_10_percent.gz", kddcup),
}
