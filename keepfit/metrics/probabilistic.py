"""Metrics of the probabilities themselves. N rows, K classes.

labels: int [N], 0 ≤ label < K; probabilities: float [N, K], rows that sum to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.integer[Any]]
Probabilities = NDArray[np.floating[Any]]
Values = NDArray[np.float64]

BINS = 15
"""Bins of the calibration error, as in Guo et al., On Calibration of Modern Neural Networks (2017)."""


def losses(labels: Labels, probabilities: Probabilities) -> Values:
    """Log loss of each row in nats, [N]. A probability below the type's precision counts as that precision,
    so that one row costs at most 16 nats in float32."""
    least = np.finfo(probabilities.dtype).eps
    right = probabilities[np.arange(len(labels)), labels]
    return -np.log(np.clip(right, least, 1 - least).astype(np.float64))


def squared_errors(labels: Labels, probabilities: Probabilities) -> Values:
    """Brier score of each row, [N]: squared error summed over the classes, halved where there are two.

    Halved, it is the squared error of the one probability that two classes have (Brier, 1950; 0 to 1).
    """
    right = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    squares = np.einsum("nk,nk->n", probabilities, probabilities, dtype=np.float64)
    errors: Values = (squares - 2 * right + 1) / (2 if probabilities.shape[1] == 2 else 1)
    return errors


def top_k_hits(labels: Labels, probabilities: Probabilities, k: int) -> NDArray[np.bool_]:
    """Whether the label is among the k most probable classes, [N]; of equal ones the first come first, as in argmax."""
    right = probabilities[np.arange(len(labels)), labels][:, None]
    earlier = np.arange(probabilities.shape[1]) < labels[:, None]
    ahead = (probabilities > right) | ((probabilities == right) & earlier)
    return np.asarray(np.count_nonzero(ahead, axis=1) < k)


def calibration(labels: Labels, probabilities: Probabilities) -> list[dict[str, float]]:
    """Rows by the probability of their prediction, in bins of equal width; empty ones are left out.

    Each bin: `low`, `high`, `rows`, mean `confidence`, and `accuracy`, the share that was right.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    place = np.minimum((confidence * BINS).astype(np.intp), BINS - 1)
    rows = np.bincount(place, minlength=BINS)
    mean = np.bincount(place, confidence, BINS) / np.maximum(rows, 1)
    share = np.bincount(place, right, BINS) / np.maximum(rows, 1)
    return [
        {"low": b / BINS, "high": (b + 1) / BINS, "rows": int(rows[b]),
         "confidence": float(mean[b]), "accuracy": float(share[b])}
        for b in np.flatnonzero(rows)
    ]  # fmt: skip


def calibration_error(bins: list[dict[str, float]]) -> float:
    """Expected calibration error: the mean distance of confidence and accuracy over the rows, 0 to 1."""
    rows = sum(b["rows"] for b in bins)
    return sum(b["rows"] * abs(b["confidence"] - b["accuracy"]) for b in bins) / rows


def said(probabilities: Probabilities, factors: Sequence[float] = ()) -> NDArray[np.intp]:
    """The class of the largest probability of each row, each times its factor where there are such [K]; the first of
    equal ones, [N]."""
    return np.asarray(weighed(probabilities, factors).argmax(axis=1))


def weighed(probabilities: Probabilities, factors: Sequence[float]) -> Probabilities:
    """Probabilities times factors [K], where there are such: in the former's own precision, as an exported graph has
    it."""
    return probabilities * np.asarray(factors, probabilities.dtype) if len(factors) else probabilities
