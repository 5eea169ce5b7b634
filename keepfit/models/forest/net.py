"""A random forest (Breiman 2001, "Random Forests"; Geurts et al. 2006, "Extremely randomized trees"), fitted by
scikit-learn and held as tensors.

N rows, B of them a batch, T trees, K outputs, V numbers a leaf: a share for each class or label, or a value.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor
from torch import Tensor, nn

from keepfit.data.batch import Inputs
from keepfit.data.feed import Part
from keepfit.data.transform import Transform
from keepfit.models.fitted import COURSE, HELD_OUT, both, carried, drawn
from keepfit.models.forest import Settings
from keepfit.models.plain import Plain, named, outputs_of, sides_of
from keepfit.models.trees import EMPTY, Tree, Trees
from keepfit.problems.objective import Objective

FITTED = True
"""At once, without steps."""
HOLDS_OUT = True
"""It answers each row that it is fitted to by what did not see it."""
LARGE = 20_000
"""Rows from which a forest has half as many trees."""
_MOST = 3e38
"""About the greatest number of float32."""
_UNSURE = 0.02
"""Of a leaf's shares, spread over all classes: trees give a class that they never saw no chance at all."""


def defaults(model: Settings, transform: Transform, rows: int) -> dict[str, Any]:
    """As many trees as are worth their time: of many rows each tree has many nodes."""
    derived = {"trees": 100 if rows < LARGE else 50, "least": 1 if named(transform.target) else 2}
    return {**derived, **COURSE, **model.model_dump(exclude={"family"}, exclude_none=True)}


class Forest(nn.Module):
    """The mean of the trees' leaves; of rows that it was fitted to, in training, by the trees that did not see them."""

    lean: Tensor
    """Added to the logits [K]: what a class's rows count."""

    def __init__(self, settings: dict[str, Any], transform: Transform) -> None:
        super().__init__()
        self.settings, self.target = settings, transform.target
        self.plain = Plain(transform)
        self.trees = Trees(settings.get("size", EMPTY))
        self.register_buffer("lean", torch.zeros(transform.target.outputs))

    def forward(self, inputs: Inputs) -> Tensor:
        """A batch's raw tensors → [B, 1, K]."""
        if HELD_OUT in inputs:
            return inputs[HELD_OUT][:, None]
        return self._outputs(self.trees(_cells(self.plain(inputs))) / self.trees.trees)[:, None]

    @property
    def fitted(self) -> dict[str, Any]:
        """Settings that are known once it is fitted."""
        return {"size": self.trees.size}

    @torch.no_grad()
    def begin(self, train: Part, validation: Part, objective: Objective) -> tuple[Inputs, Inputs]:
        """Fit to the rows of both parts."""
        rows = both(train, validation)
        sides = sides_of(rows.labels, self.target)
        cells, wanted = _cells(self.plain.learn(rows, sides)), sides.numpy()
        kind = ExtraTreesRegressor if self.settings["random"] else RandomForestRegressor
        finite = cells.clamp(-_MOST, _MOST).numpy()  # it takes no infinity; asked, that goes where the greatest goes
        forest = kind(  # of zeros and ones the squared error is Gini's impurity
            self.settings["trees"],
            min_samples_leaf=self.settings["least"],
            max_features=_asked(cells.shape[1], classes=named(self.target)),
            bootstrap=True,
            oob_score=True,
            random_state=drawn(),
            n_jobs=torch.get_num_threads(),
        ).fit(finite, wanted.squeeze(1) if wanted.shape[1] == 1 else wanted)
        self._lean(objective)
        self.trees.take([_tree(one.tree_) for one in forest.estimators_], cells.shape[1])
        found = np.asarray(forest.oob_prediction_, np.float32).reshape(wanted.shape)
        return carried(self._outputs(torch.from_numpy(found)), train, validation)

    def _lean(self, objective: Objective) -> None:
        """After the fit: rows drawn more often would be seen by nearly every tree, and none be left to answer them."""
        classes = torch.arange(len(self.lean), device=self.lean.device)
        weights = objective.weights(classes) if named(self.target) else None
        if weights is not None:
            self.lean.copy_(weights.log())

    def _outputs(self, leaves: Tensor) -> Tensor:
        """[B, V] → [B, K]: logits of the shares, or the value."""
        found = outputs_of(leaves, self.target, _UNSURE)
        return found + self.lean if named(self.target) else found


def build(settings: dict[str, Any], transform: Transform) -> nn.Module:
    """Outputs [B, 1, K]."""
    return Forest(settings, transform)


def _cells(cells: Tensor) -> Tensor:
    """As scikit-learn's trees see them, in float32."""
    return cells.float().double()


def _asked(cells: int, *, classes: bool) -> int:
    """How many cells are looked at for each split."""
    return max(1, math.isqrt(cells), 0 if classes else cells // 3)


def _tree(tree: Any) -> Tree:
    missing = np.asarray(tree.missing_go_to_left, bool)
    value = tree.value.reshape(tree.node_count, -1)
    return Tree(tree.children_left, tree.children_right, tree.feature, tree.threshold, missing, value)
