"""ROC and precision-recall curves with few enough points to draw, and the shape they had."""

from __future__ import annotations

import heapq

import numpy as np

from keepfit.metrics.probabilistic import Values
from keepfit.metrics.ranking import Ranking

POINTS = 200
"""A thinned curve has at most so many points."""
_CANDIDATES = 5000
"""A curve of a million steps is first taken at so many places, evenly along its length."""


def roc(ranking: Ranking) -> tuple[list[float], list[float]]:
    """False positive rate and true positive rate, both from 0 to 1."""
    x = np.append(0.0, ranking.wrong_above / ranking.wrong_above[-1])
    y = np.append(0.0, ranking.above / ranking.above[-1])
    return thin(x, y)


def precision_recall(ranking: Ranking) -> tuple[list[float], list[float]]:
    """Recall from 0 to 1 and the precision there; it starts at the precision of the highest score."""
    x = np.append(0.0, ranking.above / ranking.above[-1])
    return thin(x, np.append(ranking.precision[0], ranking.precision))


def thin(x: Values, y: Values) -> tuple[list[float], list[float]]:
    """At most POINTS of the points, ends included, such that the line through them strays least.

    Ramer (1972), Douglas & Peucker (1973), always splitting where the line strays most.
    """
    x, y = _along(x, y)
    kept, heap = {0, len(x) - 1}, [_farthest(x, y, 0, len(x) - 1)]
    while heap and len(kept) < POINTS:
        strays, middle, first, last = heapq.heappop(heap)
        if strays > -1e-9:
            break
        kept.add(middle)
        heapq.heappush(heap, _farthest(x, y, first, middle))
        heapq.heappush(heap, _farthest(x, y, middle, last))
    places = sorted(kept)
    return x[places].round(6).tolist(), y[places].round(6).tolist()


def _along(x: Values, y: Values) -> tuple[Values, Values]:
    """The points at even distances along the curve where there are more than can be searched quickly."""
    if len(x) <= _CANDIDATES:
        return x, y
    way = np.append(0.0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y))))
    places = np.searchsorted(way, np.linspace(0, way[-1], _CANDIDATES))
    places = np.unique(np.append(np.minimum(places, len(x) - 1), len(x) - 1))
    return x[places], y[places]


def _farthest(x: Values, y: Values, first: int, last: int) -> tuple[float, int, int, int]:
    """(minus its distance, the point between `first` and `last` farthest from the line through them, first, last)."""
    if last - first < 2:
        return 0.0, first, first, last
    dx, dy = x[last] - x[first], y[last] - y[first]
    inner = slice(first + 1, last)
    distance = np.abs(dx * (y[inner] - y[first]) - dy * (x[inner] - x[first])) / max(np.hypot(dx, dy), 1e-12)
    place = int(np.argmax(distance))
    return -float(distance[place]), first + 1 + place, first, last
