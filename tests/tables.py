"""Fitted transforms of small real and made tables, as preprocessing writes them, for tests of the models."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from keepfit.preprocessing.figures import Numbers

Table = tuple[dict[str, Any], dict[str, Tensor], Tensor]
"""Transform, inputs, labels."""


def number(values: NDArray[np.float64], scale: str = "quantile") -> dict[str, Any]:
    """A number column's entry, fitted on `values` by preprocessing's own code."""
    figures = Numbers()
    figures.add(np.asarray(values, np.float64), None)
    return {"name": "x", "kind": "number", "slot": 0, "scale": scale, **figures.fitted()}


def category(vocabulary: list[str]) -> dict[str, Any]:
    """A category column's entry."""
    return {"name": "c", "kind": "category", "slot": 0, "vocabulary": vocabulary}


def transform(numbers: list[dict[str, Any]], codes: list[dict[str, Any]], classes: list[str]) -> dict[str, Any]:
    """The whole of transform.json, slots and names by position."""
    placed = [c | {"slot": slot, "name": f"{c['name']}{slot}"} for c in (numbers, codes) for slot, c in enumerate(c)]
    return {"format": 1, "target": "y", "classes": classes, "features": placed}


def breast_cancer(rows: int = 569) -> Table:
    """scikit-learn's breast cancer table: 30 numbers, two classes."""
    from sklearn.datasets import load_breast_cancer

    values, labels = load_breast_cancer(return_X_y=True)
    values, labels = values[:rows], labels[:rows]
    fitted = transform([number(column) for column in values.T], [], ["malignant", "benign"])
    return fitted, {"numbers": torch.tensor(values)}, torch.tensor(labels)


def mixed(rows: int = 400, seed: int = 0) -> Table:
    """Two numbers with gaps, a moment, a category and a boolean; three classes that depend on all of them."""
    draw = np.random.default_rng(seed)
    values = np.c_[draw.normal(size=(rows, 2)), 1.7e9 + draw.random(rows) * 3e7]
    codes = np.c_[draw.integers(0, 5, rows), draw.integers(0, 4, rows)]
    evening = (values[:, 2] % 86_400) > 43_200
    labels = (values[:, 0] > 0).astype(int) + ((codes[:, 0] == 3) | evening)
    values[draw.random(values.shape) < 0.1] = np.nan
    columns = [number(values[:, i]) for i in range(3)]
    columns[2] |= {"kind": "datetime"}
    codings = [category(["红", "绿", "蓝"]), category(["false", "true"]) | {"kind": "boolean"}]
    fitted = transform(columns, codings, ["a", "b", "c"])
    return fitted, {"numbers": torch.tensor(values), "codes": torch.tensor(codes)}, torch.tensor(labels)
