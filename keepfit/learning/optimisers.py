"""How gradients become steps: the optimisers by the names that the YAML has for them, and the L1 penalty."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer, RMSprop

from keepfit.learning.plan import Plan

Betas = tuple[float, float]
Make = Callable[[list[nn.Parameter], Plan, Betas], Optimizer]


def _adamw(learned: list[nn.Parameter], plan: Plan, betas: Betas) -> Optimizer:
    """Loshchilov and Hutter 2019: the weights decay beside the gradient. Fused costs half on small models."""
    return AdamW(learned, lr=plan.lr, betas=betas, weight_decay=plan.weight_decay, fused=True)


def _adam(learned: list[nn.Parameter], plan: Plan, betas: Betas) -> Optimizer:
    """Kingma and Ba 2015."""
    return Adam(learned, lr=plan.lr, betas=betas, weight_decay=plan.weight_decay, fused=True)


def _sgd(learned: list[nn.Parameter], plan: Plan, _betas: Betas) -> Optimizer:
    """Stochastic gradient descent with momentum (Polyak 1964)."""
    return SGD(learned, lr=plan.lr, momentum=plan.momentum, weight_decay=plan.weight_decay, fused=True)


def _rmsprop(learned: list[nn.Parameter], plan: Plan, _betas: Betas) -> Optimizer:
    """Tieleman and Hinton 2012."""
    return RMSprop(learned, lr=plan.lr, alpha=0.99, weight_decay=plan.weight_decay)


OPTIMISERS: dict[str, Make] = {"adamw": _adamw, "adam": _adam, "sgd": _sgd, "rmsprop": _rmsprop}


def optimiser(parameters: Iterable[nn.Parameter], plan: Plan, betas: Betas = (0.9, 0.999)) -> Optimizer:
    """The plan's optimiser of those parameters that learn; `betas` are Adam's, and AdamW's.

    With others than AdamW `weight_decay` is the weight of an L2 penalty, whose gradient joins the loss's.
    """
    learned = [p for p in parameters if p.requires_grad] or [nn.Parameter(torch.zeros(()))]
    # No optimiser takes an empty list, which a network that is fitted at once would give it.
    return OPTIMISERS[plan.optimiser](learned, plan, betas)


def penalise(parameters: Iterable[nn.Parameter], l1: float) -> None:
    """Add the gradient of `l1` times the weights' magnitudes; biases and the scales of norms are no weights."""
    if not l1:
        return
    for weight in parameters:
        if weight.dim() > 1 and weight.grad is not None:
            weight.grad.add_(weight.detach().sign(), alpha=l1)
