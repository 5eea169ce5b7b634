"""Boosting by scikit-learn, round by round. N rows, D cells, K numbers that each round adds a tree to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from keepfit.models.trees import Tree

Array = NDArray[Any]
_PATIENCE = 15
"""Rounds without a better loss of the rows that were not fitted to before it stops."""
_SHRUNK = 1.0
"""How much a leaf's answer is drawn towards 0. Without it rare classes run away: on rows of covertype that were not
fitted to the best log loss was .599 after 52 rounds (82.1 %), with it .321 after 200 (87.3 %); on three smaller tables
it fell by .3 to 2 %."""
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
    """How it is fitted: at most so many rounds, of trees with so many leaves, of which a share is taken."""

    rounds: int
    rate: float
    leaves: int
    seed: int

    def classes(self, cells: Array, labels: Array, asked: Array, true: Array, count: int) -> Rounds:
        """Logits of `count` classes, of two classes that of the second, from cells [N, D] and labels [N].

        `asked` and `true` are rows that are not fitted to, and stop it. A class without rows gets none of the trees.
        """
        there = np.unique(labels)
        if len(there) == 1:
            base = np.where(np.arange(count) == there[0], 0.0, _NEVER)
            return Rounds(((_leaf(),) * count,) if count > 2 else ((_leaf(),),), _logits(base))
        known = np.isin(true, there)
        model = self._fitted(HistGradientBoostingClassifier, cells, labels, asked[known], true[known])
        if count == 2:
            return _rounds(model)
        one = len(there) == 2  # then a round is one tree, for the second of them
        rounds, base = _rounds(model), np.ravel(model._baseline_prediction)
        places = there[1:] if one else there
        full = np.full(count, base.min() + _NEVER)
        full[there] = [0.0, *base] if one else base
        return Rounds(tuple(_spread(some, places, count) for some in rounds.trees), tuple(full.tolist()))

    def value(self, cells: Array, values: Array, asked: Array, true: Array) -> Rounds:
        """A value from cells [N, D] and values [N]."""
        return _rounds(self._fitted(HistGradientBoostingRegressor, cells, values, asked, true))

    def labels(self, cells: Array, labels: Array) -> Rounds:
        """A logit for each of several labels [N, K], every one with all rounds."""
        found = [self.classes(cells, column, cells[:0], column[:0], 2) for column in labels.astype(int).T]
        most = max(len(one.trees) for one in found)
        trees = zip(*(_filled(one, most) for one in found), strict=True)
        return Rounds(tuple(sum(turn, ()) for turn in trees), tuple(one.base[0] for one in found))

    def _fitted(self, kind: Any, cells: Array, labels: Array, asked: Array, true: Array) -> Any:
        stops = {"X_val": asked, "y_val": true} if len(true) else {}
        return kind(
            max_iter=self.rounds,
            learning_rate=self.rate,
            max_leaf_nodes=self.leaves,
            l2_regularization=_SHRUNK,
            early_stopping=bool(stops),
            n_iter_no_change=_PATIENCE,
            random_state=self.seed,
        ).fit(cells, labels, **stops)


def _rounds(model: Any) -> Rounds:
    """Of a fitted model: what it adds up is not public, and is compared with its answers by a test."""
    trees = tuple(tuple(_tree(one) for one in turn) for turn in model._predictors)
    return Rounds(trees, tuple(np.ravel(model._baseline_prediction).tolist()))


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


def _filled(one: Rounds, most: int) -> list[tuple[Tree, ...]]:
    return [*one.trees, *[(_leaf(),)] * (most - len(one.trees))]


def _logits(base: Array) -> tuple[float, ...]:
    return (float(base[1] - base[0]),) if len(base) == 2 else tuple(base.tolist())
