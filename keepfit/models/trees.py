"""Decision trees as tensors: fitted by scikit-learn, asked by the network's own arithmetic, and so exported as any.

B rows, D cells a row, T trees, n nodes of all trees, V numbers a leaf, G sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from keepfit.models.tree_nodes import symbol

Doubles = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Tree:
    """One tree, its root the first node; a leaf has no left child."""

    left: Places
    """[n], -1 for a leaf."""
    right: Places
    """[n]."""
    cell: Places
    """Which cell is asked about [n]."""
    threshold: Doubles
    """Up to it a row goes left [n]."""
    missing_left: NDArray[np.bool_]
    """Whether a row without the cell does [n]."""
    value: Doubles
    """[n, V]."""


AT_ONCE = 4096
"""Rows that go down at a time: each holds a place for every tree."""
EMPTY = (0, 0, 0, 0, 1)
"""The size of no trees."""


class Trees(nn.Module):
    """Rows go down all trees at once, a level a step: a leaf is its own left child, and no cell is beyond infinity.

    A node is one row of a table, so that a step looks up one place a row and tree; its right child stands behind its
    left one. `size` says how large the tables are, for one that is to be loaded.
    """

    nodes: Tensor
    """Cell, threshold and left child [n, 3]. A missing cell that goes right is looked up behind the D cells, as
    infinity; among them it is minus infinity."""
    value: Tensor
    """[n, V]."""

    def __init__(self, size: Sequence[int] = EMPTY) -> None:
        super().__init__()
        self.trees, self.depth, nodes, values, self.groups = size
        self.register_buffer("nodes", torch.zeros(nodes, 3, dtype=torch.float64))
        self.register_buffer("value", torch.zeros(nodes, values))

    @property
    def size(self) -> list[int]:
        """T, levels, n, V, G."""
        return [self.trees, self.depth, *self.value.shape, self.groups]

    def forward(self, cells: Tensor) -> Tensor:
        """float64 [B, D], NaN where missing → the sums of the leaves [B, G V], of every G-th tree together."""
        if torch.onnx.is_in_onnx_export():
            return symbol(cells, self.nodes, self.value, trees=self.trees, groups=self.groups)
        return torch.cat([self._sums(some) for some in cells.split(AT_ONCE)])

    def _sums(self, cells: Tensor) -> Tensor:
        missing = cells.isnan()
        both = torch.cat([cells.masked_fill(missing, -torch.inf), cells.masked_fill(missing, torch.inf)], 1)
        place = torch.zeros_like(missing[:, :1], dtype=torch.int64) + torch.arange(self.trees, device=cells.device)
        for _ in range(self.depth):
            node = F.embedding(place, self.nodes)
            right = both.gather(1, node[..., 0].long()) > node[..., 1]
            place = node[..., 2].long() + right.long()
        leaves = F.embedding(place, self.value).unflatten(1, (-1, self.groups))
        sums: Tensor = leaves.sum(1, dtype=torch.float64)
        return sums.flatten(1).float()

    def take(self, trees: Sequence[Tree], cells: int, groups: int = 1) -> None:
        """Hold these trees over D `cells`."""
        first = np.cumsum([0, *(len(tree.left) for tree in trees)])
        several = (_counted_from(start, tree) for start, tree in zip(first[:-1], trees, strict=True))
        left, right, cell, threshold, missing_left, value = map(np.concatenate, zip(*several, strict=True))
        order, depth = _by_level(left, right, first[:-1])
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        leaf = left < 0
        table = np.stack([
            np.where(leaf, 0, cell + cells * ~missing_left),
            np.where(leaf, np.inf, np.minimum(threshold, np.finfo(np.float64).max)),
            np.where(leaf, place, place[left]),
        ], 1)  # fmt: skip
        self.trees, self.depth, self.groups = len(trees), depth, groups
        self.nodes = torch.from_numpy(table[order]).to(self.nodes.device)
        self.value = torch.from_numpy(value[order].astype(np.float32)).to(self.nodes.device)


def _counted_from(start: int, tree: Tree) -> tuple[NDArray[Any], ...]:
    """A tree's arrays, its first node being the `start`-th of all."""
    left, right = (np.where(tree.left < 0, -1, child + start) for child in (tree.left, tree.right))
    return left, right, tree.cell, tree.threshold, tree.missing_left, tree.value


def _by_level(left: Places, right: Places, roots: Places) -> tuple[Places, int]:
    """All nodes, from the roots down, siblings side by side; and how many steps lead from a root to the last."""
    levels = [roots]
    while len(inner := levels[-1][left[levels[-1]] >= 0]):
        levels.append(np.stack([left[inner], right[inner]], 1).ravel())
    return np.concatenate(levels), len(levels) - 1
