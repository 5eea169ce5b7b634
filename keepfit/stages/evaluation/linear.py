"""The classical baseline of many columns that are alike, as pixels are: logistic regression on them, standardised."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from keepfit.stages.evaluation.parts import Examples, Matrix, sample

_STRENGTHS = (0.01, 0.1, 1.0)
"""scikit-learn's C: on 60,000 rows of MNIST the smallest was best, on 1,400 of the 8×8 digits the largest."""
_STEPS = 100
_WORK = 1_000_000_000
"""Rows × columns × classes: about twice MNIST's."""
_CELLS = 100_000_000
"""Rows × columns: 400 MB."""


def answer(parts: Examples, classes: int) -> tuple[str, NDArray[np.float32]]:
    """The model in words, and its probabilities of the test rows [N, K]."""
    columns = parts.rows.shape[1]
    kept = sample(parts.labels, min(_WORK // classes, _CELLS) // columns)
    mean, deviation = _moments(parts.rows[kept])
    rows, labels = _standardised(parts.rows[kept], mean, deviation), parts.labels[kept]
    with threadpool_limits(1):
        model = _fit(rows, labels, _strength(rows, labels, kept < parts.train))
        probabilities = np.zeros((len(parts.test), classes), np.float32)
        probabilities[:, model.classes_] = model.predict_proba(_standardised(parts.test, mean, deviation))
    share = "" if len(kept) == len(parts.labels) else f" of {len(kept):,} of {len(parts.labels):,} rows"
    return f"logistic regression on {parts.what}{share}", probabilities


def _strength(rows: Matrix, labels: NDArray[np.int64], of_train: NDArray[np.bool_]) -> float:
    """The C that answers most of the validation part right, the smallest of equal ones."""
    if of_train.all():
        return _STRENGTHS[0]
    right = [
        float(np.mean(_fit(rows[of_train], labels[of_train], c).predict(rows[~of_train]) == labels[~of_train]))
        for c in _STRENGTHS
    ]
    return _STRENGTHS[int(np.argmax(right))]


def _fit(rows: Matrix, labels: NDArray[np.int64], strength: float) -> LogisticRegression:
    with warnings.catch_warnings():
        # A hundred steps end short of the optimum for large C, and answer as well there.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(C=strength, max_iter=_STEPS, tol=1e-3).fit(rows, labels)


def _moments(pixels: Matrix) -> tuple[Matrix, Matrix]:
    """Mean and standard deviation of each pixel; those that never change count as 1 apart."""
    mean = pixels.mean(axis=0)
    deviation = np.sqrt(np.maximum(np.einsum("nf,nf->f", pixels, pixels, dtype=np.float64) / len(pixels) - mean**2, 0))
    return mean.astype(np.float32), np.where(deviation > 0, deviation, 1).astype(np.float32)


def _standardised(pixels: Matrix, mean: Matrix, deviation: Matrix) -> NDArray[np.float32]:
    return np.asarray((pixels - mean) / deviation, np.float32)
