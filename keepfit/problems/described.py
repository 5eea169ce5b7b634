"""What a network that describes whole rows says of one: the layout of its numbers, which problems and families share.

    cost      nats that the row costs: minus the evidence lower bound (Kingma and Welling 2014)
    rate      those of them that its code costs
    looks     figures of its cells as wholes, see `keepfit.features.rebuilder`
    code      the numbers that it is described by
    off       of each cell, the nats that are due to its being off
    mended    each cell as it would be

In training a network gives the cost alone. B rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from keepfit.data.transform import Transform
from keepfit.features.lookup import kind_of


class Rebuilt(BaseModel):
    """A column whose cells are given back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: str
    shape: tuple[int, ...]
    """Of a cell; empty for a single value."""
    how: Mapping[str, Any]
    """What its kind's `rebuilding` gave."""

    @property
    def cells(self) -> int:
        """Numbers of a cell."""
        count = 1
        for size in self.shape:
            count *= size
        return count


@dataclass(frozen=True)
class Layout:
    """Where what stands."""

    looks: int
    code: int
    cells: int

    @property
    def outputs(self) -> int:
        """Numbers a row."""
        return 2 + self.looks + self.code + 2 * self.cells

    def split(self, outputs: Any) -> tuple[Any, ...]:
        """[B, K] → cost [B, 1], rate [B, 1], looks, code, off and mended."""
        return outputs.split((1, 1, self.looks, self.code, self.cells, self.cells), 1)  # type: ignore[no-any-return]


def rebuilt(transform: Transform) -> tuple[Rebuilt, ...]:
    """The columns in the order of the transform's tensors."""
    entries = [entry for tensor in transform.tensors if not tensor.view.name for entry in tensor.entries]
    return tuple(
        Rebuilt(name=e.name, kind=e.kind, shape=e.shape, how=kind_of(e.kind).rebuilding(e) or {}) for e in entries
    )


def looks(columns: tuple[Rebuilt, ...]) -> int:
    """Figures of the cells as wholes."""
    return sum(kind_of(column.kind).looks for column in columns)


def layout_of(described: Any) -> Layout:
    """Of a target's entry, or of what schema.json says: `columns`, `code`."""
    columns = described["columns"] if isinstance(described, Mapping) else described.columns
    code = described["code"] if isinstance(described, Mapping) else described.code
    every = tuple(one if isinstance(one, Rebuilt) else Rebuilt.model_validate(one) for one in columns)
    return Layout(looks(every), code, sum(one.cells for one in every))
