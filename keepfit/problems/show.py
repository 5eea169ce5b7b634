"""What the report says of a problem: its own tables, charts and words, made of metrics.json and profile.json."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, ClassVar

from keepfit.metrics.naming import quantity


@dataclass(frozen=True)
class Listing:
    """Cells ready to print."""

    title: str
    head: tuple[str, ...]
    """Empty for a table that needs none."""
    rows: Sequence[tuple[str, ...]]
    numbers: frozenset[int] = frozenset()
    """Columns that are aligned by their end."""
    bars: list[float] = field(default_factory=list)
    """A bar behind each row, in per cent; none where empty."""
    note: str = ""
    """What stands below it."""


@dataclass(frozen=True)
class Chapter:
    """What stands under one heading."""

    title: str
    tables: list[Listing] = field(default_factory=list)
    charts: list[str] = field(default_factory=list)
    """SVG."""
    matrix: dict[str, Any] = field(default_factory=dict)
    """`names` and `rows`, each with `name` and `cells`: count, share, right."""
    note: str = ""
    """What the matrix is."""


class Show(ABC):
    """Everything that is said of a problem."""

    loss: ClassVar[str]
    """What the loss is called, as a title."""
    sliced: ClassVar[str]
    """The metric that is given of a slice."""
    leaning: ClassVar[str] = "in units of the answer"
    """What differences of `keepfit.problems.answer.Answer.leanings` are measured in."""
    level: ClassVar[str] = "probability"
    """What `keepfit.problems.answer.Answer.levels` are."""
    worst_head: ClassVar[tuple[str, ...]]
    """What `worst` tells of a row."""
    worst_note: ClassVar[str]
    """What the worst rows are."""

    @abstractmethod
    def target(self, profile: dict[str, Any]) -> Listing:
        """The target in the train rows."""

    def measured(self, _metrics: dict[str, Any]) -> str:
        """What the figures are of, in a sentence, where a person could take them for another's."""
        return ""

    @abstractmethod
    def errors(self, metrics: dict[str, Any]) -> Chapter:
        """Where it is wrong; without charts, for a page that draws none."""

    @abstractmethod
    def curves(self, metrics: dict[str, Any]) -> Chapter:
        """The charts."""

    @abstractmethod
    def worst(self, row: dict[str, Any]) -> tuple[str, ...]:
        """A row of `worst` in metrics.json."""


def quantities(profile: dict[str, Any]) -> Listing:
    """A target of quantities: its range and its histogram."""
    edges, counts = profile["histogram"]["edges"], profile["histogram"]["counts"]
    most = max(counts, default=1) or 1
    ranges = (f"{quantity(low)} to {quantity(high)}" for low, high in pairwise(edges))
    rows = [(name, f"{count:,}") for name, count in zip(ranges, counts, strict=True)]
    told = (f"{name} {quantity(profile[name])}" for name in ("min", "median", "mean", "max"))
    bars = [round(100 * count / most, 1) for count in counts]
    return Listing("Target, train rows", (), rows, frozenset({1}), bars, ", ".join(told))
