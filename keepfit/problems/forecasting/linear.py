"""A linear autoregression: what comes next as a weighted sum of what was, by ridge regression in closed form.

N rows, D inputs, H steps ahead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STRENGTHS = tuple(float(10**power) for power in (5, 4, 3, 2.5, 2, 1.5, 1, 0.5, 0, -1))
"""Of the penalty on squared weights, whose inputs have about unit variance; the strongest first."""
FOLDS = 5


@dataclass(frozen=True)
class Autoregression:
    """Forecast = inputs · weight + bias."""

    weight: Floats
    """[D, H]."""
    bias: Floats
    """[H]."""

    def __call__(self, inputs: Floats) -> Floats:
        """[N, D] → [N, H]."""
        return np.asarray(inputs @ self.weight + self.bias)


def fitted(inputs: Floats, wanted: Floats, strength: float) -> Autoregression:
    """To rows [N, D] and [N, H]; the bias has no penalty."""
    means, bias = inputs.mean(0), wanted.mean(0)
    centred = inputs - means
    square = centred.T @ centred + strength * np.eye(inputs.shape[1])
    weight = np.linalg.solve(square, centred.T @ (wanted - bias))
    return Autoregression(weight, bias - means @ weight)


def chosen(inputs: Floats, wanted: Floats, loss: Callable[[Autoregression], float]) -> tuple[float, float]:
    """The strength whose fit has the least `loss`, the stronger of equal ones, and that loss."""
    losses = [loss(fitted(inputs, wanted, strength)) for strength in STRENGTHS]
    best = int(np.argmin(losses))
    return STRENGTHS[best], losses[best]


def out_of_fold(inputs: Floats, wanted: Floats, strength: float) -> Floats:
    """[N, H]: each row by a fit to the rows of other stretches: neighbours share most of what they are."""
    found = np.empty_like(wanted)
    for part in np.array_split(np.arange(len(inputs)), min(FOLDS, len(inputs))):
        others = np.delete(np.arange(len(inputs)), part)
        found[part] = fitted(inputs[others], wanted[others], strength)(inputs[part]) if len(others) else 0
    return found
