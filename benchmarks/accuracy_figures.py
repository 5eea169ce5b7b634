"""What benchmarks/accuracy.py says of answers, the same for either side. N rows, K classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from keepfit.metrics.probabilistic import calibration, calibration_error

Array = NDArray[Any]


def of_classes(probabilities: Array, classes: Array, truth: Any) -> dict[str, float]:
    """Share of right answers with its standard error, log loss in nats and calibration error, from [N, K]."""
    places = {name: at for at, name in enumerate(classes.tolist())}
    labels = np.array([places.get(name, -1) for name in truth])
    right = probabilities.argmax(1) == labels
    share = float(right.mean())
    known = labels >= 0
    chance = np.where(known, probabilities[np.arange(len(labels)), labels], 0.0)
    return {
        "figure": share,
        "error": float(np.sqrt(share * (1 - share) / len(labels))),
        "log_loss": float(-np.log(chance.clip(1e-7)).mean()),
        "calibration": calibration_error(calibration(labels[known], probabilities[known])),
    }


def of_values(values: Array, truth: Any) -> dict[str, float]:
    """RMSE with its standard error, by the delta method."""
    squared = (np.asarray(values) - np.asarray(truth)) ** 2
    figure = float(np.sqrt(squared.mean()))
    return {"figure": figure, "error": float(squared.std() / np.sqrt(len(squared)) / 2 / figure)}
