"""transform.json, typed: what was fitted on the train rows, read by everything after preprocessing.

A kind of column brings its own entry (`keepfit.features`), a problem that of its target (`keepfit.problems`); the rest
of the house knows tensors, slots and shapes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from keepfit.store import files

FORMAT = 2
NAME = "transform.json"


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
    def tensor(self) -> str:
        """The tensor it is in. What has a shape of its own is one by itself."""
        return f"{self.group}_{self.slot}" if self.shape and self.slot else self.group

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
    @abstractmethod
    def outputs(self) -> int:
        """Numbers that a network gives a row."""


@dataclass(frozen=True)
class Tensor:
    """One input of a network, and the column of that name in the shards."""

    name: str
    shape: tuple[int, ...]
    """Of one row: [columns] where single values are stacked, else that of a cell."""
    dtype: str
    entries: tuple[Entry, ...]
    """What is in it, by slot."""


class Transform(BaseModel):
    """Everything fitted: the features in the YAML's order, and the target."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    format: int = FORMAT
    target: Target
    features: tuple[Entry, ...]

    @cached_property
    def tensors(self) -> tuple[Tensor, ...]:
        """The inputs, in the order in which networks take them."""
        groups: dict[str, list[Entry]] = {}
        for entry in self.features:
            groups.setdefault(entry.tensor, []).append(entry)
        ordered = sorted(groups.items(), key=lambda group: (group[1][0].rank, group[0]))
        return tuple(_tensor(name, sorted(entries, key=lambda entry: entry.slot)) for name, entries in ordered)

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


def _tensor(name: str, entries: list[Entry]) -> Tensor:
    first = entries[0]
    return Tensor(name, first.shape or (len(entries),), first.dtype, tuple(entries))
