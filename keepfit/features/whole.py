"""All columns of a batch, there and back. B rows, S numbers seen, C cells, O numbers asked of a network."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import torch
from torch import Tensor, nn

from keepfit.data.batch import Inputs
from keepfit.data.transform import Transform
from keepfit.features.lookup import rebuilder_of
from keepfit.features.rebuilder import Rebuilder


class Whole(nn.Module):
    """Each group by its own rebuilder, side by side in the order of the transform's tensors."""

    def __init__(self, transform: Transform) -> None:
        super().__init__()
        firsts = [tensor for tensor in transform.tensors if not tensor.view.name]
        self.names = [tensor.name for tensor in firsts]
        made = [rebuilder_of(tensor.entries) for tensor in firsts]
        self.groups = nn.ModuleList(made)
        self.width = sum(group.width for group in made)
        self.cells = sum(group.cells for group in made)
        self.asked = [group.asked for group in made]
        self.grain = [group.grain for group in made]
        self.quantities = _places(made)
        """Where quantities stand among what is seen, and among what is asked for; D each."""
        widths, cells = ([0, *accumulate(sizes)] for sizes in ([g.width for g in made], [g.cells for g in made]))
        self._at = {
            entry.name: (group, seen, cell, entry.slot)
            for tensor, group, seen, cell in zip(firsts, made, widths, cells, strict=False)
            for entry in tensor.entries
        }

    def seen(self, inputs: Inputs) -> Tensor:
        """A batch's inputs → [B, S]."""
        return torch.cat([group.seen(inputs[name]) for name, group in self._each()], 1)

    def cost(self, given: Tensor, inputs: Inputs) -> tuple[Tensor, Tensor]:
        """[B, O] → nats of each cell, and those of them that are due to its being off; both [B, C]."""
        split = given.split(self.asked, 1)
        found = [group.cost(part, inputs[name]) for part, (name, group) in zip(split, self._each(), strict=True)]
        nats, off = zip(*found, strict=True)
        return torch.cat(nats, 1), torch.cat(off, 1)

    def mended(self, given: Tensor) -> Tensor:
        """[B, O] → the likeliest cells [B, C]."""
        split = given.split(self.asked, 1)
        return torch.cat([group.mended(part) for part, (_, group) in zip(split, self._each(), strict=True)], 1)

    def drawn(self, given: Tensor) -> Tensor:
        """[B, O] → what `seen` would be of such cells [B, S], with a gradient."""
        split = given.split(self.asked, 1)
        return torch.cat([group.drawn(part) for part, (_, group) in zip(split, self._each(), strict=True)], 1)

    def within(self, numbers: Tensor) -> Tensor:
        """Numbers of any size [B, O] → such as cells can have."""
        split = numbers.split(self.asked, 1)
        return torch.cat([group.within(part) for part, (_, group) in zip(split, self._each(), strict=True)], 1)

    def grained(self, given: Tensor, noise: Tensor) -> Tensor:
        """[B, O], and random numbers [B, sum of `grain`] → what `mended` makes drawn cells of [B, O]."""
        parts = zip(given.split(self.asked, 1), noise.split(self.grain, 1), self._each(), strict=True)
        return torch.cat([group.grained(part, some) for part, some, (_, group) in parts], 1)

    def cells_of(self, inputs: Inputs) -> Tensor:
        """A batch's cells as they are, in the unit of `mended` [B, C]."""
        return torch.cat([group.whole(inputs[name]) for name, group in self._each()], 1)

    def inputs_of(self, cells: Tensor) -> Inputs:
        """Cells in the unit of `mended` [B, C] → a batch's inputs."""
        split = cells.split([group.cells for group in self.groups], 1)
        return {name: group.tensor(part) for part, (name, group) in zip(split, self._each(), strict=True)}

    def between(self, inputs: Inputs, others: Inputs, shares: Tensor) -> Inputs:
        """Rows that lie between rows of two batches, at the share [B] of the way to the second's."""
        return {name: group.between(inputs[name], others[name], shares) for name, group in self._each()}

    def places(self, names: Sequence[str]) -> tuple[list[int], list[int]]:
        """Where columns of single values stand among what is seen, and among the cells."""
        seen: list[int] = []
        cells: list[int] = []
        for name in names:
            group, first, cell, slot = self._at[name]
            within, place = group.places(slot)
            seen += [first + one for one in within]
            cells.append(cell + place)
        return seen, cells

    def look(self, inputs: Inputs) -> Tensor:
        """[B, looks]."""
        return torch.cat([group.look(inputs[name]) for name, group in self._each()], 1)

    def planted(self, inputs: Inputs, draw: torch.Generator) -> dict[str, Inputs]:
        """The same rows made strange, by what was done to them; a group to which it cannot be done stays as it is."""
        found: dict[str, Inputs] = {}
        for name, group in self._each():
            for how, made in group.planted(inputs[name], draw).items():
                found.setdefault(how, {**inputs})[name] = made
        return found

    def levels(self, inputs: Inputs) -> Tensor:
        """All quantities side by side, standardised, float64 [B, D]."""
        rows = self.seen(inputs).double()
        return rows[:, self.quantities[0]]

    def shares(self, inputs: Inputs) -> Tensor:
        """What a network gives that knows the shares of all names alone, and 0 of quantities, float32 [O]."""
        found = [group.usual(inputs[name]) for name, group in self._each()]
        return torch.cat(found)

    def spread(self, deviations: Tensor) -> None:
        """Set how far quantities are off as a rule [D]."""
        every = (group.density for group in self.groups if isinstance(group, Rebuilder))
        dense = [density for density in every if density is not None]
        for density, some in zip(dense, deviations.split([len(one.raw) for one in dense]), strict=True):
            density.begin(some)

    def _each(self) -> zip:  # type: ignore[type-arg]
        return zip(self.names, self.groups, strict=True)


def _places(groups: list[Rebuilder]) -> tuple[list[int], list[int]]:
    seen, asked = 0, 0
    places: tuple[list[int], list[int]] = ([], [])
    for group in groups:
        if group.density is not None:
            places[0].extend(range(seen, seen + group.cells))
            places[1].extend(range(asked, asked + group.cells))
        seen, asked = seen + group.width, asked + group.asked
    return places
