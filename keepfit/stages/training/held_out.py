"""What a trained network answers rows that it did not learn from: by this a portfolio is mixed. n rows, K outputs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save
from torch import Tensor

from keepfit.data.feed import Part
from keepfit.learning.fit import Fit
from keepfit.learning.recipe import AT_ONCE, Recipe
from keepfit.models.fitted import HELD_OUT
from keepfit.models.portfolio import alone
from keepfit.store import files

NAME = "held_out.safetensors"


@dataclass(frozen=True)
class HeldOut:
    """Outputs for some of all rows."""

    places: Tensor
    """int64 [n], rising."""
    outputs: Tensor
    """[n, K]."""


def write(folder: Path, recipe: Recipe, fit: Fit, learn: object, chosen: Tensor) -> None:
    """The outputs for the rows at the places `chosen`, that chose the epoch; of a network that answers all rows by what
    did not see them, for all."""
    train, validation = fit.feed.part, recipe.validation
    if HELD_OUT in train.load(()).inputs:
        found = torch.cat([_outputs(recipe, part, learn) for part in (train, validation)])
        chosen = torch.arange(len(found))
    else:
        found = _outputs(recipe, validation, learn)
    files.write_bytes(folder / NAME, save({"places": chosen, "outputs": found}))


def read(folder: Path) -> HeldOut:
    """What `write` wrote."""
    return HeldOut(**load_file(folder / NAME))


@torch.no_grad()
def _outputs(recipe: Recipe, part: Part, learn: object) -> Tensor:
    model = recipe.model.eval()
    return torch.cat([alone(learn, model(batch.inputs))[:, 0].cpu() for batch in part.in_order(AT_ONCE)])
