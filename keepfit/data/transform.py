"""transform.json, typed: what was fitted on the train rows, read by everything after preprocessing.

A kind of column brings its own entry (`keepfit.features`), a problem that of its target (`keepfit.problems`); the rest
of the house knows tensors, slots and shapes.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict

from keepfit.store import files

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT = 2
NAME = "transform.json"


@dataclass(frozen=True)
class View:
    """One tensor that a column gives. Most give one."""

    dtype: str
    shape: tuple[int, ...] = ()
    """Of one cell, or of a step where the lengths of cells differ."""
    name: str = ""
    """What tells it from the column's other tensors; the first has none."""
    pad: float | None = None
    """What fills a batch up behind the end of shorter cells; None where all are of one length."""
    empty: float | None = None
    """What fills a cell of one length that is missing, where a network knows a missing one by that."""
    steps: int = 1
    """Of a typical cell whose length is its own."""

    @property
    def stacks(self) -> bool:
        """Whether it is a single value, so that the columns of a group are stacked to one tensor."""
        return not self.shape and self.pad is None

    @property
    def bytes(self) -> int:
        """Of a typical cell."""
        import numpy as np  # the settings of a kind are read by commands that need no numbers

        return math.prod(self.shape) * self.steps * np.dtype(self.dtype).itemsize


class Entry(BaseModel):
    """What was fitted for one feature."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    group: ClassVar[str]
    """The tensor that its columns share; kinds that are alike share one."""
    dtype: ClassVar[str]
    """NumPy's name for a cell's type in the shards, little-endian."""
    rank: ClassVar[int] = 9
    """Where its tensor stands among the others: weights are drawn in this order."""

    name: str
    """The source's column."""
    kind: str
    slot: int
    """Its place among the columns of its group, from 0."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one cell; empty for a single value, whose columns are stacked to one tensor."""
        return ()

    @property
    def views(self) -> tuple[View, ...]:
        """The tensors it is in: its own by its shape, unless its kind gives others."""
        return (View(self.dtype, self.shape),)

    @property
    def tensor(self) -> str:
        """The first of them. What is not a single value is one by itself."""
        return f"{self.group}_{self.slot}" if self.slot and not self.views[0].stacks else self.group

    @property
    def words(self) -> tuple[str, ...]:
        """What in its cells has a place of its own in a network, in the order of the places; none of quantities."""
        return ()

    def resumed(self, earlier: Entry) -> Entry:  # noqa: ARG002
        """It for a network that goes on from one of `earlier`: the figures that weights are learned for stay that
        one's."""
        return self

    def idle(self) -> str:
        """Why nothing can be learned from it, in a sentence; empty where something can."""
        return ""


class Target(BaseModel, ABC):
    """What was fitted for the column to predict."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dtype: ClassVar[str]
    """NumPy's name for a label's type in the shards, little-endian."""

    name: str
    """The source's column."""
    problem: str

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one label; empty for a single value."""
        return ()

    @property
    def bytes(self) -> int:
        """Of one label."""
        import numpy as np

        return math.prod(self.shape) * np.dtype(self.dtype).itemsize

    @property
    @abstractmethod
    def outputs(self) -> int:
        """Numbers that a network gives a row."""

    @property
    def words(self) -> tuple[str, ...]:
        """What each of them is of; their places where they have no names."""
        return tuple(str(place) for place in range(self.outputs))

    def resumed(self, earlier: Target) -> Target:  # noqa: ARG002
        """As `Entry.resumed`."""
        return self


@dataclass(frozen=True)
class Tensor:
    """One input of a network, and the column of that name in the shards."""

    name: str
    shape: tuple[int, ...]
    """Of one row: [columns] where single values are stacked, else that of the view."""
    view: View
    entries: tuple[Entry, ...]
    """What is in it, by slot."""

    @property
    def dtype(self) -> str:
        """NumPy's name for it."""
        return self.view.dtype

    @property
    def pad(self) -> float | None:
        """What fills a batch up behind shorter rows; None where all are of one length."""
        return self.view.pad

    @property
    def bytes(self) -> int:
        """Of a typical row in memory."""
        return len(self.entries) * self.view.bytes

    @property
    def like(self) -> NDArray[Any]:
        """No row of it [0, …], in its type."""
        import numpy as np

        return np.empty((0, *self.shape), self.dtype)


class Transform(BaseModel):
    """Everything fitted: the features in the YAML's order, and the target."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    format: int = FORMAT
    target: Target
    features: tuple[Entry, ...]

    @cached_property
    def tensors(self) -> tuple[Tensor, ...]:
        """The inputs, in the order in which networks take them."""
        groups: dict[str, list[tuple[View, Entry]]] = {}
        for entry in self.features:
            for view in entry.views:
                groups.setdefault(in_view(entry.tensor, view.name), []).append((view, entry))
        ordered = sorted(groups.items(), key=lambda group: (group[1][0][1].rank, group[0]))
        return tuple(_tensor(name, members) for name, members in ordered)

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """Column → its entry."""
        return {entry.name: entry for entry in self.features}

    def completed(self, features: Iterable[Entry]) -> Transform:
        """The same with other entries."""
        return Transform(target=self.target, features=tuple(features))

    def plain(self) -> dict[str, Any]:
        """As it stands in transform.json."""
        features = [entry.model_dump() for entry in self.features]
        return {"format": self.format, "target": self.target.model_dump(), "features": features}

    def write(self, folder: Path) -> None:
        """Write transform.json."""
        files.write_json(folder / NAME, self.plain())


def parse(
    content: dict[str, Any], entry_of: Callable[[str], type[Entry]], target_of: Callable[[str], type[Target]]
) -> Transform:
    """What transform.json holds, each entry in the class of its kind, and the target in that of its problem."""
    features = tuple(entry_of(found["kind"]).model_validate(found) for found in content["features"])
    target = target_of(content["target"]["problem"]).model_validate(content["target"])
    return Transform(format=content["format"], target=target, features=features)


def in_view(name: str, view: str) -> str:
    """What a tensor, or an input of a graph, is called in one of a column's views."""
    return f"{name}_{view}" if view else name


def _tensor(name: str, members: list[tuple[View, Entry]]) -> Tensor:
    view, entries = members[0][0], sorted((entry for _, entry in members), key=lambda entry: entry.slot)
    return Tensor(name, (len(entries),) if view.stacks else view.shape, view, tuple(entries))
