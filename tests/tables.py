"""Fitted transforms of small real and made tables, as preprocessing writes them, for tests of the models."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from keepfit.data.transform import Entry, Transform
from keepfit.features.datetime import Entry as DatetimeEntry
from keepfit.features.shared.entries import CodedEntry, NumericEntry
from keepfit.features.shared.figures import NumberFigures
from keepfit.problems.classification import Target as ClassTarget

Table = tuple[Transform, dict[str, Tensor], Tensor]
"""Transform, inputs, labels."""


def number(values: NDArray[np.float64], scale: str = "quantile", kind: type[NumericEntry] = NumericEntry) -> Entry:
    """A number column's entry, fitted on `values` by preprocessing's own code."""
    figures = NumberFigures()
    figures.add(np.asarray(values, np.float64), None)
    name = "datetime" if kind is DatetimeEntry else "number"
    return kind.model_validate({"name": "x", "kind": name, "slot": 0, "scale": scale, **figures.fitted()})


def category(vocabulary: list[str], kind: str = "category") -> Entry:
    """A category column's entry."""
    return CodedEntry(name="c", kind=kind, slot=0, vocabulary=tuple(vocabulary))


def transform(numbers: list[Entry], codes: list[Entry], classes: list[str]) -> Transform:
    """The whole transform, slots and names by position."""
    placed = [
        entry.model_copy(update={"slot": slot, "name": f"{entry.name}{slot}"})
        for entries in (numbers, codes)
        for slot, entry in enumerate(entries)
    ]
    return Transform(target=classified(classes), features=tuple(placed))


def classified(classes: list[str]) -> ClassTarget:
    """A target of these classes."""
    return ClassTarget(name="y", problem="classification", classes=tuple(classes))


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
    columns = [number(values[:, 0]), number(values[:, 1]), number(values[:, 2], kind=DatetimeEntry)]
    codings = [category(["红", "绿", "蓝"]), category(["false", "true"], "boolean")]
    fitted = transform(columns, codings, ["a", "b", "c"])
    return fitted, {"numbers": torch.tensor(values), "codes": torch.tensor(codes)}, torch.tensor(labels)
