"""The optimiser, and one step of it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

Loss = Callable[[Tensor], Tensor]
"""Row numbers [B] → their summed loss."""


def adamw(model: nn.Module, lr: float, weight_decay: float) -> torch.optim.AdamW:
    """AdamW (Loshchilov and Hutter 2019) in its fused form, which costs half of the default one on small models."""
    learned = [p for p in model.parameters() if p.requires_grad]
    return torch.optim.AdamW(learned, lr=lr, weight_decay=weight_decay, fused=True)


def descend(
    optimiser: torch.optim.Optimizer, loss: Loss, rows: Tensor, *, lr: float, clip: float | None, accumulate: int
) -> Tensor:
    """One step on the mean loss of `rows` [B], computed in `accumulate` parts; gives the summed loss, detached.

    The parts are weighted by their rows, so without batch norm and dropout their number changes nothing.
    """
    optimiser.zero_grad()
    total = torch.zeros((), device=rows.device)
    for part in rows.tensor_split(min(accumulate, len(rows))):
        part_loss = loss(part)
        torch.autograd.backward(part_loss / len(rows))
        total += part_loss.detach()
    (group,) = optimiser.param_groups
    group["lr"] = lr
    if clip is not None:
        nn.utils.clip_grad_norm_(group["params"], clip)
    optimiser.step()
    return total
