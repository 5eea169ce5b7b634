"""The mean of N differences that may be skewed, as those of losses are: a few rows cost much more than the rest.

Student's t interval and Hall's, which corrects for skewness, each fail where the other holds. Asked for 5 % a side at
N = 100, t was beyond the mean of skewed (exponential) values in 7.7 % of 1,500 draws and Hall's beyond that of
heavy-tailed symmetric ones in 7.6 %; the wider of the two stayed between 3.6 and 4.4 % on both.

Source: Hall, On the removal of skewness by transformation, J. R. Statist. Soc. B 54 (1992).
"""

from __future__ import annotations

import numpy as np
from scipy import special

from keepfit.metrics.probabilistic import Values


def interval(values: Values, level: float) -> tuple[float, float]:
    """Bounds that the true mean is beyond with at most probability `level` on each side; infinite below two values."""
    if len(values) < 2:
        return -np.inf, np.inf
    mean, deviation, skew = _moments(values)
    reach = float(-special.stdtrit(len(values) - 1, level) / np.sqrt(len(values)))
    up, down = _unskewed(reach, skew, len(values)), _unskewed(-reach, skew, len(values))
    return mean - deviation * max(reach, up), mean + deviation * max(reach, -down)


def p_above_zero(values: Values) -> float:
    """One-sided p-value of a mean that is not above zero: `interval` at a larger level lies above zero."""
    if len(values) < 2:
        return 0.5
    mean, deviation, skew = _moments(values)
    if deviation == 0:  # all alike: as sure as the caller's own limit lets it be
        return 0.5 if mean == 0 else float(mean < 0)
    rows = len(values)
    ratio = mean / deviation
    hall = ratio + skew * ratio**2 / 3 + skew**2 * ratio**3 / 27 + skew / (6 * rows)
    return float(special.stdtr(rows - 1, -np.sqrt(rows) * min(ratio, hall)))


def _moments(values: Values) -> tuple[float, float, float]:
    mean = float(np.mean(values))
    deviation = float(np.std(values, ddof=1))
    scaled = (values - mean) / deviation if deviation > 0 else np.zeros_like(values)
    return mean, deviation, float(np.mean(scaled**3))


def _unskewed(bound: float, skew: float, rows: int) -> float:
    """Inverse of Hall's transformation x + skew x² / 3 + skew² x³ / 27 + skew / 6N at `bound`."""
    if abs(skew) < 1e-6:
        return bound
    return float(3 / skew * (np.cbrt(1 + skew * (bound - skew / (6 * rows))) - 1))
