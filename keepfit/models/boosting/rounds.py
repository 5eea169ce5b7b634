"""Boosting by scikit-learn, round by round. N rows, D cells, K numbers that each round adds a tree to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from keepfit.models.fitted import dealt
from keepfit.models.trees import Tree

Array = NDArray[Any]
PARTS = ((5_000, 5), (100_000, 3))
"""Below so many rows, into how many parts they are cut to choose the rounds; beyond, into two; wide tables
into three at most. Of 2,000 columns and 1,640 rows two halves answered 69.8 % right, five parts 82.3."""
_PATIENCE = 15
"""Rounds without a better loss of the rows that were not fitted to before it stops."""
_MORE = 1.1
"""All rows bear so many times the rounds that most of them did. On six tables one fit so chosen had as little loss as
the mean of the five fits that chose (3.486 against 3.489, summed), and is asked in a fifth of the time."""
_SHRUNK = 1.0
"""How much a leaf's answer is drawn towards 0. Without it rare classes run away: on rows of covertype that were not
fitted to the best log loss was .599 after 52 rounds (82.1 %), with it .321 after 200 (87.3 %); on three smaller tables
it fell by .3 to 2 %."""
_WIDE, _BINS, _FEWER = 512, 255, 64
"""From so many columns each is cut into fewer bins: of 2,000 columns and 1,400 rows the log loss was .301 with 255 bins
and .305 with 64, in 12 and 4 CPU seconds; of 10,000 in 51 and 14."""
_NEVER = -4.0
"""Below the rarest class: what a class begins with that no row to fit to has."""


@dataclass(frozen=True)
class Rounds:
    """What was fitted."""

    trees: tuple[tuple[Tree, ...], ...]
    """A tuple of K a round."""
    base: tuple[float, ...]
    """What the rounds add to [K]."""


@dataclass(frozen=True)
class Booster:
    """How it is fitted: at most so many rounds, of trees with so many leaves, of which a share is taken; to labels [N]
    of so many classes, K then being 1 of two and all of more, or where there are none to values [N], K being 1."""

    most: int
    rate: float
    leaves: int
    seed: int
    classes: int

    @property
    def width(self) -> int:
        """K."""
        return self.classes if self.classes > 2 else 1

    def chosen(self, cells: Array, labels: Array, weights: Array | None = None) -> tuple[int, Array]:
        """How many rounds are best for rows [N, D] that are not fitted to, and what they are answered by fits that did
        not see them [N, K]; `weights` [N] say what each counts."""
        found, best = np.zeros((len(cells), self.width), np.float32), []
        parts = next((parts for rows, parts in PARTS if len(cells) < rows), 2)
        parts = parts if cells.shape[1] < _WIDE else min(parts, 3)
        which = dealt(labels, parts)
        for number in np.unique(which):
            of = which == number
            rounds, found[of] = self._apart(cells, labels, weights, of)
            best.append(rounds)
        return min(self.most, math.ceil(_MORE * float(np.mean(best)))), found

    def fitted(self, cells: Array, labels: Array, rounds: int, weights: Array | None = None) -> Rounds:
        """So many rounds from all rows. A class without rows gets none of the trees."""
        there = self._there(labels)
        if len(there) == 1:
            return Rounds(((_leaf(),) * self.width,), tuple(self._only(there).tolist()))
        model = self._model(cells, rounds).fit(cells, labels, weights)
        trees = tuple(tuple(_tree(one) for one in turn) for turn in model._predictors)  # not public, so tested
        base = np.ravel(model._baseline_prediction)
        if self.width == len(base):
            return Rounds(trees, tuple(base.tolist()))
        placed = there[-len(base) :]
        spread = tuple(_spread(turn, placed, self.classes) for turn in trees)
        return Rounds(spread, tuple(self._placed(base[None], there, float(base.min()))[0].tolist()))

    def _apart(self, cells: Array, labels: Array, weights: Array | None, of: Array) -> tuple[int, Array]:
        """Fit to all rows but those `of` [N]: the rounds that are best for these, and what these are answered."""
        there, asked = self._there(labels[~of]), cells[of]
        known = of & np.isin(labels, there) if self.classes else of
        if len(there) == 1 or not known.any():
            return 1, np.broadcast_to(self._only(there), (len(asked), self.width))
        model = self._model(cells, self.most, early_stopping=True, n_iter_no_change=_PATIENCE)
        fit, stop = (None if weights is None else weights[some] for some in (~of, known))
        stops = {"X_val": cells[known], "y_val": labels[known], "sample_weight_val": stop}
        model.fit(cells[~of], labels[~of], fit, **stops)
        best = max(1, int(np.argmax(model.validation_score_)))  # the first is without any round
        staged = model.staged_decision_function if self.classes else model.staged_predict
        found = next(islice(staged(asked), best - 1, None)).reshape(len(asked), -1)
        base = float(np.min(model._baseline_prediction))
        return best, found if self.width == found.shape[1] else self._placed(found, there, base)

    def _model(self, cells: Array, rounds: int, *, early_stopping: bool = False, **more: Any) -> Any:
        kind: Any = HistGradientBoostingClassifier if self.classes else HistGradientBoostingRegressor
        return kind(
            max_iter=rounds,
            learning_rate=self.rate,
            max_leaf_nodes=self.leaves,
            max_bins=_BINS if cells.shape[1] < _WIDE else _FEWER,
            l2_regularization=_SHRUNK,
            early_stopping=early_stopping,
            random_state=self.seed,
            **more,
        )

    def _there(self, labels: Array) -> Array:
        """The classes that have rows; of values two that stand for all."""
        return np.unique(labels) if self.classes else np.arange(2)

    def _only(self, there: Array) -> Array:
        """Of one class alone [K]."""
        base = np.where(np.arange(self.classes) == there[0], 0.0, _NEVER)
        return base[1:] - base[:1] if self.classes == 2 else base

    def _placed(self, found: Array, there: Array, least: float) -> Array:
        """[n, k] of the classes that are there, of two the second's alone → [n, K]."""
        full = np.full((len(found), self.classes), least + _NEVER)
        full[:, there] = np.concatenate([np.zeros_like(found), found], 1) if found.shape[1] == 1 else found
        return full


def _tree(predictor: Any) -> Tree:
    nodes = predictor.nodes
    left = np.where(nodes["is_leaf"], -1, nodes["left"].astype(np.int64))
    right, cell = (nodes[name].astype(np.int64) for name in ("right", "feature_idx"))
    return Tree(
        left, right, cell, nodes["num_threshold"], nodes["missing_go_to_left"].astype(bool), nodes["value"][:, None]
    )


def _leaf() -> Tree:
    """Adds nothing."""
    place = np.array([-1])
    return Tree(place, place, np.array([0]), np.array([0.0]), np.array([False]), np.zeros((1, 1)))


def _spread(some: Sequence[Tree], places: Array, count: int) -> tuple[Tree, ...]:
    """A round's trees at their classes."""
    there = dict(zip(places.tolist(), some, strict=True))
    return tuple(there.get(place, _leaf()) for place in range(count))


def filled(one: Rounds, most: int) -> list[tuple[Tree, ...]]:
    """So many rounds, the last of which may add nothing."""
    return [*one.trees, *[(_leaf(),) * len(one.base)] * (most - len(one.trees))]
