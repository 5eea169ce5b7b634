"""Trees as ONNX's own node: a runtime goes down them many times faster than by lookups.

The exporter takes tensors as inputs of a node and not as its attributes, so it writes a node of ours, `symbol`, and
`ensembles` puts ONNX's in its place. n nodes of T trees, G sums, V numbers a leaf.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from torch import Tensor

_DOMAIN, _NAME = "keepfit", "Trees"
_ML = "ai.onnx.ml"


def symbol(cells: Tensor, nodes: Tensor, value: Tensor, *, trees: int, groups: int) -> Tensor:
    """[B, D] → [B, G V], as `keepfit.models.trees.Trees` has it."""
    found: Tensor = torch.onnx.ops.symbolic(
        f"{_DOMAIN}::{_NAME}",
        (cells, nodes, value),
        {"trees": trees, "groups": groups, "cells": cells.shape[1]},
        dtype=torch.float32,
        shape=(cells.shape[0], groups * value.shape[1]),
        version=1,
    )
    return found


def ensembles(proto: onnx.ModelProto) -> None:
    """Every such node becomes a TreeEnsembleRegressor, in place."""
    graph = proto.graph
    ours = [node for node in graph.node if node.domain == _DOMAIN]
    if not ours:
        return
    tables = {one.name: one for one in graph.initializer}
    for node in ours:
        nodes, value = (numpy_helper.to_array(tables[name]) for name in node.input[1:])
        told = {one.name: one.i for one in node.attribute}
        made = helper.make_node("TreeEnsembleRegressor", node.input[:1], node.output, domain=_ML)
        made.attribute.extend(helper.make_attribute(*one) for one in _ensemble(nodes, value, told).items())
        node.CopyFrom(made)
    used = {name for node in graph.node for name in node.input}
    kept = [one for one in graph.initializer if one.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    others = [one for one in proto.opset_import if one.domain != _DOMAIN]
    del proto.opset_import[:]
    proto.opset_import.extend([*others, helper.make_opsetid(_ML, 3)])


def _ensemble(nodes: NDArray[Any], value: NDArray[Any], told: dict[str, int]) -> dict[str, Any]:
    """The node's attributes, from tables [n, 3] and [n, V]."""
    left, width = nodes[:, 2].astype(np.int64), value.shape[1]
    leaf = left == np.arange(len(left))
    tree = _tree_of(left, leaf, told["trees"])
    order = np.argsort(tree, kind="stable")
    leaves = np.repeat(order[leaf[order]], width)
    cell = nodes[order, 0].astype(np.int64)
    inner = np.where(leaf, 0, left)[order]
    return {
        "n_targets": told["groups"] * width,
        "nodes_treeids": tree[order].tolist(),
        "nodes_nodeids": order.tolist(),
        "nodes_modes": np.where(leaf[order], "LEAF", "BRANCH_LEQ").tolist(),
        "nodes_featureids": (cell % told["cells"]).tolist(),
        "nodes_values_as_tensor": _doubles("nodes", np.where(leaf, 0.0, nodes[:, 1])[order]),
        "nodes_truenodeids": inner.tolist(),
        "nodes_falsenodeids": np.where(leaf[order], 0, inner + 1).tolist(),
        "nodes_missing_value_tracks_true": (cell < told["cells"]).astype(int).tolist(),
        "target_treeids": tree[leaves].tolist(),
        "target_nodeids": leaves.tolist(),
        "target_ids": (
            tree[leaves] % told["groups"] * width + np.tile(np.arange(width), len(leaves) // width)
        ).tolist(),
        "target_weights_as_tensor": _doubles("leaves", value[order[leaf[order]]]),
    }


def _tree_of(left: NDArray[np.int64], leaf: NDArray[np.bool_], trees: int) -> NDArray[np.int64]:
    """Which tree each node is of [n]: the roots stand first, in their order, and a level behind the other."""
    tree = np.full(len(left), -1)
    level = np.arange(trees)
    tree[level] = level
    while len(inner := level[~leaf[level]]):
        tree[left[inner]] = tree[left[inner] + 1] = tree[inner]
        level = np.concatenate([left[inner], left[inner] + 1])
    return tree


def _doubles(name: str, values: NDArray[Any]) -> onnx.TensorProto:
    return numpy_helper.from_array(values.astype(np.float64).ravel(), name)
