"""Users × films: `python benchmarks/recommendation.py` on MovieLens (100,836 ratings, `KEEPFIT_DATA/movielens_small`).

keepfit is given ratings.csv as a user gives it, through `keepfit init` and a run with no edit. Two questions:

- the rating of a random fifth, by the root of the mean squared error, three seeds;
- which films of the last fifth in time a user likes (4 and more): of the ten that a model rates highest among those
  the user rated then, the share that is liked, and of those that are liked the share among the ten. Means over the
  users who like one of their films and not all; keepfit learns from the earlier four fifths.

Beside it the mean, and biases of users and films with ridge penalties of 10 and 5 (Koren, Bell and Volinsky 2009,
"Matrix factorization techniques for recommender systems"), fitted in turns.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from accuracy_tables import DATA
from numpy.typing import NDArray

import keepfit
from keepfit import config, drafting
from tests.chain import retrain

Floats = NDArray[np.float64]
RATINGS = DATA / "movielens_small" / "ratings.csv"
LIKED, TOP = 4.0, 10
TURNS = 20


def ours(train: pd.DataFrame, test: pd.DataFrame, seed: int) -> Floats:
    """What keepfit answers [N']."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ratings.csv"
        train.to_csv(path, index=False)
        pipeline = config.load(drafting.draft(path, "rating", folder=Path(folder)).pipeline)
        seeded = pipeline.model_copy(update={"training": pipeline.training.model_copy(update={"seed": seed})})
        retrain(seeded, force="the benchmark asks it whatever the verdict")
        return keepfit.load(Path(folder) / "pipeline.yaml").predict(test)["prediction"].to_numpy(np.float64)


def mean(train: pd.DataFrame, test: pd.DataFrame, _seed: int) -> Floats:
    """One figure for all."""
    return np.full(len(test), train["rating"].mean())


def biases(train: pd.DataFrame, test: pd.DataFrame, _seed: int) -> Floats:
    """The mean, what a user adds to it, and what a film does."""
    centre = train["rating"].mean()
    sides = {"userId": 10.0, "movieId": 5.0}
    added = {name: pd.Series(0.0, train[name].unique()) for name in sides}
    for _ in range(TURNS):
        for name, penalty in sides.items():
            (other,) = sides.keys() - {name}
            left = train["rating"] - centre - train[other].map(added[other])
            grouped = left.groupby(train[name])
            added[name] = grouped.sum() / (grouped.count() + penalty)
    found = centre + sum(test[name].map(added[name]).fillna(0.0) for name in sides)
    return np.asarray(found, np.float64)


MODELS = {"keepfit": ours, "biases with ridge": biases, "mean": mean}


def random_fifth(ratings: pd.DataFrame, seed: int) -> dict[str, float]:
    """The RMSE of each model."""
    tested = np.random.default_rng(seed).permutation(len(ratings)) < len(ratings) // 5
    train, test = ratings[~tested], ratings[tested]
    return {
        name: float(np.sqrt(np.mean((model(train, test, seed) - test["rating"]) ** 2)))
        for name, model in MODELS.items()
    }


def last_fifth(ratings: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Precision and recall at ten of each model."""
    ordered = ratings.sort_values("timestamp", kind="stable")
    train, test = ordered[: -len(ordered) // 5], ordered[-len(ordered) // 5 :]
    return {name: at_ten(test.assign(said=model(train, test, 0))) for name, model in MODELS.items()}


def at_ten(answered: pd.DataFrame) -> tuple[float, float]:
    """Precision and recall, means over users; `said` is a model's rating of each row."""
    found = []
    for _, rows in answered.groupby("userId"):
        liked = rows["rating"] >= LIKED
        if liked.any() and not liked.all():
            top = rows["said"].sort_values(ascending=False, kind="stable").index[:TOP]
            found.append((liked[top].mean(), liked[top].sum() / liked.sum()))
    precision, recall = np.mean(found, 0)
    return float(precision), float(recall)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    ratings = pd.read_csv(RATINGS)
    random = pd.DataFrame([random_fifth(ratings, seed) for seed in range(asked.seeds)])
    late = last_fifth(ratings)
    print("| | RMSE of a random fifth | precision at 10, later films | recall at 10 |\n|---|---|---|---|")
    for name in MODELS:
        spread = f"{random[name].mean():.4f} ± {random[name].std(ddof=0):.4f}"
        print(f"| {name} | {spread} | {late[name][0]:.3f} | {late[name][1]:.3f} |")


if __name__ == "__main__":
    main()
