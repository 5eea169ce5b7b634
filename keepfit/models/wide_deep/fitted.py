"""The wide part over texts, fitted before anything else is learned: logistic regression by L-BFGS.

N rows, T n-grams of a row, V n-grams known, K outputs. TF-IDF with the logarithm of counts and rows of length 1; where
the labels are classes, each n-gram's weight is what its naive-Bayes log-count ratio is multiplied by (Wang and Manning
2012, "Baselines and bigrams"), so that those which tell nothing stay near zero.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor

from keepfit.data.batch import RaggedTensor
from keepfit.features.text.grams import BUCKETS
from keepfit.models.wide_deep.wide import KNOWN
from keepfit.problems.objective import Objective

_STEPS, _LOOKS, _HISTORY = 30, 40, 5
_LEAST = 2
"""Train rows that an n-gram must be in."""

Matrix = Any
"""scipy's csr_matrix, which has no types."""
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Scale:
    """Which n-grams are known, and what each is worth, by the train rows."""

    place: NDArray[np.int32]
    """Bucket → place from 1 [BUCKETS + 1]; 0 for one that is not known."""
    scale: Floats
    """The logarithm of rows over rows with it [V + 1]; 0 for place 0."""


def scaled(grams: RaggedTensor) -> Scale:
    """From the train rows' n-grams."""
    rows = np.bincount(grams.values[:, 0].numpy(), minlength=BUCKETS + 1)
    order = np.argsort(-rows, kind="stable")[:KNOWN]
    known = np.sort(order[rows[order] >= _LEAST])
    place = np.zeros(BUCKETS + 1, np.int32)
    place[known] = np.arange(1, len(known) + 1)
    scale = np.zeros(len(known) + 1, np.float32)
    scale[1:] = np.log((1 + len(grams.lengths)) / (1 + rows[known])) + 1
    return Scale(place, scale)


def matrix(grams: RaggedTensor, scale: Scale) -> Matrix:
    """[N, V + 1]."""
    pairs, lengths = grams.values.numpy(), grams.lengths.numpy()
    place = scale.place[pairs[:, 0]]
    values = (1 + np.log(pairs[:, 1], dtype=np.float32)) * scale.scale[place]
    rows = np.repeat(np.arange(len(lengths)), lengths)
    norm = np.sqrt(np.bincount(rows, values**2, minlength=len(lengths))).astype(np.float32)
    ends = grams.offsets.numpy()
    found = sparse.csr_matrix((values / np.maximum(norm, 1e-9)[rows], place, ends), (len(lengths), len(scale.scale)))
    found.eliminate_zeros()
    return found


def ratios(found: Matrix, labels: Tensor, outputs: int) -> Floats | None:
    """Each n-gram's log-count ratio of a class against the others [V + 1, K], from whether rows have it; None where the
    labels are values."""
    if not _named(labels):
        return None
    there = sparse.csr_matrix((np.ones_like(found.data), found.indices, found.indptr), found.shape)
    classes = labels.numpy() if labels.ndim == 2 else np.eye(outputs, dtype=np.float32)[labels.numpy()]
    within = there.T @ classes + 1
    without = there.T @ (1 - classes) + 1
    return np.asarray(np.log((within / within.sum(0)) / (without / without.sum(0))), np.float32)


def _named(labels: Tensor) -> bool:
    """Whether labels are classes, a code each or several at once, and no values."""
    return labels.dtype is torch.int64 or labels.ndim == 2


@dataclass(frozen=True)
class LinearFit:
    """Logits = rows · weight + bias."""

    weight: Floats
    """[V + 1, K]."""
    bias: Floats
    """[K]."""

    def logits(self, rows: Matrix) -> Floats:
        """[N, K]."""
        return np.asarray(rows @ self.weight + self.bias, np.float32)


def fitted(
    rows: Matrix, labels: Tensor, objective: Objective, outputs: int, strength: float, prior: bool = True
) -> LinearFit:
    """The least summed loss plus ‖w‖² / 2 · strength, by L-BFGS."""
    ratio = ratios(rows, labels, outputs) if prior else None
    factor = np.ones((1, outputs), np.float32) if ratio is None else ratio
    across = rows.T.tocsr()
    weight = torch.zeros(rows.shape[1], outputs, requires_grad=True)
    bias = torch.zeros(outputs, requires_grad=True)
    optimiser = torch.optim.LBFGS(
        [weight, bias], max_iter=_STEPS, max_eval=_LOOKS, history_size=_HISTORY, line_search_fn="strong_wolfe"
    )

    def look() -> Tensor:
        with torch.no_grad():
            found = torch.from_numpy(np.asarray(rows @ (weight.numpy() * factor), np.float32)) + bias
        logits = found.requires_grad_()
        with torch.enable_grad():
            loss = objective.loss(logits[:, None], labels) / len(labels)
            (slope,) = torch.autograd.grad(loss, logits)
        share = 1 / (strength * len(labels))
        with torch.no_grad():
            weight.grad = torch.from_numpy((across @ slope.numpy()) * factor) + share * weight
            bias.grad = slope.sum(0)
            return loss.detach() + share / 2 * weight.square().sum()

    optimiser.step(look)
    return LinearFit(weight.detach().numpy() * factor, bias.detach().numpy())


STRENGTHS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
"""On validation rows 30 was best of hotel reviews and airline tweets, and 100 or more of short messages."""
_FOLDS = 5
_START = 3


@dataclass(frozen=True)
class Chosen:
    """The settings that are best on validation rows, and what they gave."""

    linear: LinearFit
    strength: float
    prior: bool
    loss: float


def chosen(
    train: Matrix, labels: Tensor, validation: Matrix, truth: Tensor, objective: Objective, outputs: int
) -> Chosen:
    """With and without the log-count ratio, and from the middle strength on as long as it gets better."""

    def tried(place: int, *, prior: bool) -> Chosen:
        linear = fitted(train, labels, objective, outputs, STRENGTHS[place], prior=prior)
        sums = objective.score(torch.from_numpy(linear.logits(validation))[:, None], truth)
        return Chosen(linear, STRENGTHS[place], prior, objective.judged(sums.tolist(), len(truth))["loss"])

    priors = (True, False) if _named(labels) else (False,)
    return min((_climbed(partial(tried, prior=prior)) for prior in priors), key=lambda one: one.loss)


def _climbed(tried: Callable[[int], Chosen]) -> Chosen:
    """Up, or down where up is worse."""
    best, place = tried(_START), _START
    for step in (1, -1):
        while 0 <= place + step < len(STRENGTHS):
            found = tried(place + step)
            if found.loss >= best.loss:
                break
            best, place = found, place + step
        if place != _START:
            break
    return best


def _mixed(rows: Matrix) -> NDArray[np.int64]:
    """A number of what is in each row [N]."""
    spread = np.random.default_rng(0).integers(1 << 30, size=rows.shape[1])
    return np.asarray(sparse.csr_matrix((rows.data > 0, rows.indices, rows.indptr), rows.shape) @ spread, np.int64)


def out_of_fold(train: Matrix, labels: Tensor, objective: Objective, outputs: int, best: Chosen) -> Tensor:
    """[N, K]: each row's logits by a fit to the other folds, as they will be for rows that are new.

    Equal texts are in one fold: of hotel reviews, 1,350 of 9,600 that stand there twice made the logits too sure.
    """
    found = torch.zeros(len(labels), outputs)
    fold = torch.from_numpy(_mixed(train) % _FOLDS)
    for number in range(_FOLDS):
        of, others = (fold == number).nonzero()[:, 0], (fold != number).nonzero()[:, 0]
        linear = fitted(train[others.numpy()], labels[others], objective, outputs, best.strength, prior=best.prior)
        found[of] = torch.from_numpy(linear.logits(train[of.numpy()]))
    return found
