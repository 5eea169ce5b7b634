"""The wide part, fitted before anything else is learned: linear in its columns, by L-BFGS.

N rows, V columns, K outputs.
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

from keepfit.problems.objective import Objective

Matrix = Any
"""An array, or scipy's csr_matrix, which has no types."""
Floats = NDArray[np.float32]
Prior = Callable[[Matrix, Tensor, int], Floats]
"""Rows [N, V], labels and how many outputs → what each weight is multiplied by [V, K]."""

_STEPS, _LOOKS, _HISTORY = 30, 40, 5
_FOLDS = 5
_SURE, _GROUPS = 2.0, 200
"""Standard errors; groups of rows that they are told from."""
FEW = 2000
"""Train rows below which the strength is chosen by folds of them too: a few validation rows alone do not tell."""


@dataclass(frozen=True)
class LinearFit:
    """Logits = rows · weight + bias."""

    weight: Floats
    """[V, K]."""
    bias: Floats
    """[K]."""

    def logits(self, rows: Matrix) -> Floats:
        """[N, K]."""
        return np.asarray(rows @ self.weight + self.bias, np.float32)


@dataclass(frozen=True)
class Chosen:
    """The settings that are best on rows that were not fitted to, and what they gave."""

    linear: LinearFit
    strength: float
    prior: Prior | None
    losses: Floats
    """Of groups of those rows, or of each."""

    @property
    def loss(self) -> float:
        """The mean."""
        return float(self.losses.mean())

    def surely_better(self, other: Chosen) -> bool:
        """Whether its loss is less by more than chance would have it, as a pair of each group."""
        gains = other.losses - self.losses
        return bool(gains.mean() > _SURE * gains.std() / np.sqrt(len(gains)))


@dataclass(frozen=True)
class Fitting:
    """How logits are fitted to some columns."""

    objective: Objective
    outputs: int
    strengths: tuple[float, ...]
    """How much the rows say against the wish for small weights, from little to much; the middle one is tried first."""
    prior: Prior | None = None
    """Tried too, where there is one."""
    telling: int | None = None
    """So many of the first columns tell which rows are equal; all of them when left out."""

    def fitted(self, rows: Matrix, labels: Tensor, strength: float, prior: Prior | None = None) -> LinearFit:
        """The least summed loss plus ‖w‖² / 2 / strength."""
        factor = prior(rows, labels, self.outputs) if prior else np.ones((1, self.outputs), np.float32)
        across = rows.T.tocsr() if sparse.issparse(rows) else rows.T
        weight = torch.zeros(rows.shape[1], self.outputs, requires_grad=True)
        bias = torch.zeros(self.outputs, requires_grad=True)
        optimiser = torch.optim.LBFGS(
            [weight, bias], max_iter=_STEPS, max_eval=_LOOKS, history_size=_HISTORY, line_search_fn="strong_wolfe"
        )

        def look() -> Tensor:
            with torch.no_grad():
                found = torch.from_numpy(np.asarray(rows @ (weight.numpy() * factor), np.float32)) + bias
            logits = found.requires_grad_()
            with torch.enable_grad():
                loss = self.objective.loss(logits[:, None], labels) / len(labels)
                (slope,) = torch.autograd.grad(loss, logits)
            share = 1 / (strength * len(labels))
            with torch.no_grad():
                weight.grad = torch.from_numpy((across @ slope.numpy()) * factor) + share * weight
                bias.grad = slope.sum(0)
                return loss.detach() + share / 2 * weight.square().sum()

        optimiser.step(look)
        return LinearFit(weight.detach().numpy() * factor, bias.detach().numpy())

    def chosen(self, train: Matrix, labels: Tensor, validation: Matrix, truth: Tensor) -> Chosen:
        """With and without the prior, and from the middle strength on as long as it gets better."""

        def tried(place: int, *, prior: Prior | None) -> Chosen:
            strength = self.strengths[place]
            linear = self.fitted(train, labels, strength, prior)
            found, true = torch.from_numpy(linear.logits(validation)), truth
            if len(labels) < FEW:
                found = torch.cat([self.out_of_fold(train, labels, strength, prior), found])
                true = torch.cat([labels, truth])
            return Chosen(linear, strength, prior, self._losses(found, true))

        priors = (self.prior, None) if self.prior else (None,)
        climbed = (_climbed(partial(tried, prior=prior), len(self.strengths)) for prior in priors)
        return min(climbed, key=lambda one: one.loss)

    def _losses(self, found: Tensor, true: Tensor) -> Floats:
        """[G]."""
        return np.array(self.objective.losses(found[:, None], true, min(len(true), _GROUPS)), np.float32)

    def out_of_fold(self, train: Matrix, labels: Tensor, strength: float, prior: Prior | None) -> Tensor:
        """[N, K]: each row's logits by a fit to the other folds, as they will be for rows that are new.

        Equal rows are in one fold: of hotel reviews, 1,350 of 9,600 that stand there twice made the logits too sure.
        """
        found = torch.zeros(len(labels), self.outputs)
        fold = torch.from_numpy(_mixed(train[:, : self.telling]) % _FOLDS)
        for number in range(_FOLDS):
            of, others = (fold == number).nonzero()[:, 0], (fold != number).nonzero()[:, 0]
            if not len(of) or not len(others):  # rows that are all equal are in one fold, and nothing is known of them
                continue
            linear = self.fitted(train[others.numpy()], labels[others], strength, prior)
            found[of] = torch.from_numpy(linear.logits(train[of.numpy()]))
        return found


def _climbed(tried: Callable[[int], Chosen], count: int) -> Chosen:
    """Up, or down where up is worse."""
    start = count // 2
    best, place = tried(start), start
    for step in (1, -1):
        while 0 <= place + step < count:
            found = tried(place + step)
            if found.loss >= best.loss:
                break
            best, place = found, place + step
        if place != start:
            break
    return best


def _mixed(rows: Matrix) -> NDArray[np.int64]:
    """A number of what is in each row [N]."""
    random = np.random.default_rng(0)
    if sparse.issparse(rows):
        spread = random.integers(1 << 30, size=rows.shape[1])
        there = sparse.csr_matrix((rows.data > 0, rows.indices, rows.indptr), rows.shape)
        return np.asarray(there @ spread, np.int64)
    _, number = np.unique(np.asarray(rows @ random.normal(size=rows.shape[1]), np.float32), return_inverse=True)
    mixed: NDArray[np.int64] = random.permutation(number.max() + 1)[number]
    return mixed
