"""All columns of a batch as one block of vectors, with the fitted transform inside the module.

Training and the exported graph so run the same code on the same doubles, codes and bytes.
B rows, C columns (numbers and what comes back in them, categories, 16 a picture), d units a column.

A kind's `net` module has `encoder(entries, bins, units)`: a module over one tensor of a batch, that of the group its
columns are in, which gives [B, its `columns`, d]; what each of these is of may stand in `of`. `entries` are those of
the group by slot, `bins` how finely a number is cut. Where `encoder_beside` is there, too, it makes the module for a
group that others stand beside.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import torch
from torch import Tensor, nn

from keepfit.data.batch import Inputs
from keepfit.data.transform import Tensor as Group
from keepfit.data.transform import Transform
from keepfit.features.lookup import encoder_of


class Encoder(nn.Module):
    """A batch's inputs → [B, C, d]."""

    def __init__(self, transform: Transform, bins: int, units: int) -> None:
        super().__init__()
        firsts = [tensor for tensor in transform.tensors if not tensor.view.name]
        self.names = [tensor.name for tensor in firsts]
        made = (encoder_of(tensor.entries, bins, units, alone=len(firsts) == 1) for tensor in firsts)
        self.groups = nn.ModuleList(made)
        self.columns: int = sum(group.columns for group in self.groups)  # type: ignore[misc]
        self.of = [one for tensor, group in zip(firsts, self.groups, strict=True) for one in _of(tensor, group)]
        """What each column is of."""

    def forward(self, inputs: Inputs) -> Tensor:
        """Each group by its own encoder, side by side."""
        return torch.cat([group(inputs[name]) for name, group in zip(self.names, self.groups, strict=True)], 1)


def _of(tensor: Group, group: nn.Module) -> Sequence[Hashable]:
    """The names of a group's columns; of one cell that is several, with their numbers."""
    entry = tensor.entries[0]
    return getattr(group, "of", None) or [(entry.name, place) for place in range(group.columns)]  # type: ignore[arg-type]
