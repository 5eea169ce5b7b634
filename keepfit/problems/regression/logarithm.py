"""Whether a target is better learned as its logarithm: asked of a quick classical model and the validation rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from keepfit.data.shards import read_labels
from keepfit.data.transform import Transform
from keepfit.metrics.probabilistic import Values
from keepfit.problems.boosting import estimator
from keepfit.problems.examples import read
from keepfit.problems.judge import Examples
from keepfit.problems.regression import Target
from keepfit.problems.regression.space import drawn, learned, values_of

_SKEW = 1.0
"""Values that lean less than this to one side are not looked at twice."""
_ROWS = 20_000
"""Train rows that are learned from: a second or two."""
_ROUNDS = 100


def is_better(plain: Target, log: Target, prepared: Path, transform: Transform, loss: str) -> bool:
    """Whether the logarithm gives the smaller error on the validation rows, in the target's own unit."""
    if not _leans(read_labels(prepared / "train", plain)):
        return False
    examples = read(prepared, transform, answered="validation")
    if examples.what:  # pictures: too many columns for a quick look
        return False
    return _error(log, examples, loss) < _error(plain, examples, loss)


def _leans(values: Values) -> bool:
    scaled = (values - values.mean()) / values.std()
    return bool((scaled**3).mean() > _SKEW)


def _error(target: Target, examples: Examples, loss: str) -> float:
    from sklearn.ensemble import HistGradientBoostingRegressor

    train, truth = examples.labels[: examples.train], examples.labels[examples.train :]
    kept = drawn(train, _ROWS)
    wanted = "absolute_error" if loss == "mae" else "squared_error"
    with threadpool_limits(1):
        model = estimator(HistGradientBoostingRegressor, examples, _ROUNDS, loss=wanted)
        found = examples.answered(model.fit(examples.rows[kept], learned(train[kept], target)).predict)
    off = np.abs(values_of(found, target) - truth)
    return float((off if loss == "mae" else off**2).mean())
