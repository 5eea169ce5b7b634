"""Whether a target is better learned as its logarithm: asked of a quick classical model and the validation rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from keepfit.data.shards import LABEL, read_arrays
from keepfit.data.transform import Transform
from keepfit.metrics.probabilistic import Values
from keepfit.problems.examples import read
from keepfit.problems.judge import Examples
from keepfit.problems.regression import Target
from keepfit.problems.regression.space import learned

_SKEW = 1.0
"""Values that lean less than this to one side are not looked at twice."""
_ROWS = 20_000
"""Train rows that are learned from: a second or two."""
_ROUNDS = 100


def is_better(plain: Target, log: Target, prepared: Path, transform: Transform, loss: str) -> bool:
    """Whether the logarithm gives the smaller error on the validation rows, in the target's own unit."""
    truth = read_arrays(prepared / "validation", transform)[0][LABEL]
    if not _leans(read_arrays(prepared / "train", transform)[0][LABEL]):
        return False
    examples = read(prepared, transform, answered="validation")
    if examples.what:  # pictures: too many columns for a quick look
        return False
    return _error(log, examples, truth, loss) < _error(plain, examples, truth, loss)


def _leans(values: Values) -> bool:
    scaled = (values - values.mean()) / values.std()
    return bool((scaled**3).mean() > _SKEW)


def _error(target: Target, examples: Examples, truth: Values, loss: str) -> float:
    from sklearn.ensemble import HistGradientBoostingRegressor

    kept = np.linspace(0, examples.train - 1, min(examples.train, _ROWS)).astype(np.intp)
    codes = list(range(examples.rows.shape[1] - examples.categories, examples.rows.shape[1]))
    wanted = "absolute_error" if loss == "mae" else "squared_error"
    with threadpool_limits(1):
        model = HistGradientBoostingRegressor(
            loss=wanted, max_iter=_ROUNDS, early_stopping=False, categorical_features=codes or None, random_state=0
        )
        found = model.fit(examples.rows[kept], learned(examples.labels[kept], target)).predict(examples.test)
    values = found * target.std + target.mean
    off = np.abs((np.exp(values) - target.offset if target.log else values) - truth)
    return float((off if loss == "mae" else off**2).mean())
