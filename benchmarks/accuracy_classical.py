"""The classical side of benchmarks/accuracy.py: three models of scikit-learn on train.csv and test.csv of a folder."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from accuracy_figures import of_classes, of_values
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from threadpoolctl import threadpool_limits

MOST_CODES = 254
"""HistGradientBoosting takes at most 255 categories a column."""


def models(problem: str, seed: int, numbers: list[str], names: list[str]) -> dict[str, Any]:
    """Each with what makes its columns of these."""
    classes = problem == "classification"
    coded = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, max_categories=MOST_CODES)
    codes = make_column_transformer((coded, names), ("passthrough", numbers))
    shown = OneHotEncoder(handle_unknown="ignore", max_categories=500, sparse_output=False)
    flat = make_column_transformer((shown, names), (SimpleImputer(keep_empty_features=True), numbers))
    boosted = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    forest = RandomForestClassifier if classes else RandomForestRegressor
    line = LogisticRegression(max_iter=1000) if classes else RidgeCV(np.logspace(-3, 3, 13))
    return {
        "HistGradientBoosting": make_pipeline(
            codes, boosted(categorical_features=list(range(len(names))), random_state=seed)
        ),
        "random forest": make_pipeline(flat, forest(random_state=seed)),
        "linear": make_pipeline(flat, StandardScaler(), line),
    }


def main(folder: Path, problem: str, seed: int, share: float) -> None:
    train, test = (pd.read_csv(folder / f"{name}.csv") for name in ("train", "test"))
    train = train.sample(frac=share, random_state=seed) if share < 1 else train
    columns = [name for name in train if name != "target"]
    names = [name for name in columns if not pd.api.types.is_numeric_dtype(train[name])]
    for rows in (train, test):
        rows[names] = rows[names].astype(str)
    found = {}
    for name, model in models(problem, seed, [one for one in columns if one not in names], names).items():
        began = time.process_time()
        model.fit(train[columns], train["target"])
        spent = time.process_time() - began
        if problem == "classification":
            figures = of_classes(
                model.predict_proba(test[columns]), model.classes_.astype(str), test["target"].astype(str)
            )
        else:
            figures = of_values(model.predict(test[columns]), test["target"])
        found[name] = {**figures, "seconds": spent}
    print(json.dumps(found))


if __name__ == "__main__":
    with threadpool_limits(1):
        main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
