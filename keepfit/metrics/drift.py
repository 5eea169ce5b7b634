"""Whether rows fall elsewhere than others did, from counts alone. B bins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
"""[B]."""
LARGE = 0.1
"""From this size on a move matters; 0.25 is half a standard deviation of a normal column."""
CHANCE = 0.01
"""How often rows that have not moved may be taken for such, over everything that is looked at."""
_DRAWS = 9_999
_MOST = 900_000_000
"""Rows of which NumPy draws."""
_ENOUGH = 5
"""Expected rows of a bin from which chi-square's distribution is near."""


@dataclass(frozen=True)
class Move:
    """How far recent rows lie from those before."""

    size: float
    """The population stability index, less what chance alone gives for so few rows; 0 at least."""
    chance: float
    """How probable it is that rows which have not moved look so different: a p-value."""
    most: int
    """The bin that says most of it."""
    before: float
    """The share of the rows in that bin; `now` likewise."""
    now: float

    def alarms(self, looked_at: int) -> bool:
        """Whether it matters and is no chance, as one of so many things that are looked at."""
        return self.size >= LARGE and self.chance < CHANCE / looked_at


def move(before: Counts, now: Counts) -> Move:
    """How far `now` is from `before`; both must hold rows."""
    used = (before + now) > 0
    rows = before.sum(), now.sum()
    # Half a row in every bin, so that none is empty.
    old, new = ((c + 0.5) / (c.sum() + 0.5 * used.sum()) for c in (before, now))
    parts = np.where(used, (new - old) * np.log(new / old), 0.0)
    noise = (used.sum() - 1) * (1 / rows[0] + 1 / rows[1])
    most = int(parts.argmax())
    return Move(
        size=max(0.0, float(parts.sum() - noise)),
        chance=_chance(before[used], now[used]),
        most=most,
        before=float(before[most] / rows[0]),
        now=float(now[most] / rows[1]),
    )


def _chance(before: Counts, now: Counts) -> float:
    """The p-value of the chi-square test of two samples; where a bin expects few rows, by drawing such samples."""
    from scipy.stats import chi2

    both = before + now
    found = float(_squares(now[None, :], both, before.sum())[0])
    tail = float(chi2.sf(found, max(len(both) - 1, 1)))
    if len(both) < 2:
        return 1.0
    if min(before.sum(), now.sum()) * both.min() >= _ENOUGH * both.sum() or both.sum() > _MOST:
        return tail
    draw = np.random.default_rng(0)
    drawn = draw.multivariate_hypergeometric(both, int(now.sum()), size=_DRAWS, method="marginals")
    beyond = int((_squares(drawn, both, before.sum()) >= found * (1 - 1e-9)).sum())
    return (1 + beyond) / (1 + _DRAWS) if beyond else min(tail, 1 / (1 + _DRAWS))


def _squares(now: NDArray[np.int64], both: Counts, before: np.int64) -> NDArray[np.float64]:
    """[S, B] samples → [S] chi-square against what is left of `both`."""
    rows = now.sum(axis=1)
    expected = both * (rows / both.sum())[:, None]
    return np.asarray(((now - expected) ** 2 / expected).sum(axis=1) * (rows + before) / before)
