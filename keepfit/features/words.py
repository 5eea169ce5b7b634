"""What is said of a kind of column: when one is recognised, in the report, on the model's card."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from keepfit.features.column import Choice, ColumnFacts, Suggestion
from keepfit.features.kind import Region, ServedColumn


@dataclass(frozen=True)
class Told:
    """A column's profile, ready to print."""

    text: str
    bars: list[float] = field(default_factory=list)
    """Heights of a small histogram, in per cent of the highest."""
    missing: str = ""
    distinct: str = ""


class Words(ABC):
    """Everything that is said of a column of one kind."""

    kind: ClassVar[str]
    asked: ClassVar[int] = 0
    """Whose turn it is to recognise a column of `keepfit init`: the lowest is asked first, as the most particular."""

    setting: ClassVar[str] = ""
    """One of its settings that is often changed, as the YAML has it."""

    def recognise(self, _column: ColumnFacts) -> Choice | None:
        """The choice of this kind for a column, with the words that tell it; None where it is of another."""
        return None

    def resembles(self, _column: ColumnFacts) -> str:
        """What a column that this kind cannot read looks like, as what is said behind its name; empty where nothing."""
        return ""

    def expectations(self, _column: ColumnFacts) -> list[Suggestion]:
        """What the cells at hand meet and a sane later file will meet too."""
        return []

    @abstractmethod
    def meaning(self, column: ServedColumn) -> str:
        """What the graph's input holds."""

    @abstractmethod
    def example(self) -> str:
        """Python that makes such an input."""

    @abstractmethod
    def told(self, profile: dict[str, Any], rows: int) -> Told:
        """What the report shows of the column's profile; `rows` are the train rows."""

    def picture(self, _cell: Any, _entry: Any) -> str | None:
        """A cell as a data: address of an image, where that is how a person looks at it."""
        return None

    sees: ClassVar[bool] = False
    """Whether it can be shown how rows are changed in training: see `seen`."""

    def seen(self, _values: Any) -> str | None:
        """A row of its tensor as a data: address of an image."""
        return None

    def part(self, _cell: Any, _part: Region, _entry: Any) -> str:
        """What a part of a cell is, or where it stands: see `keepfit.features.kind.Kind.parts`."""
        return ""

    def explained(self, _cell: Any, _entry: Any, _rests_on: Sequence[Sequence[float]]) -> str | None:
        """Such an image that shows what an answer rests on; of each part where it stands, and its effect."""
        return None


def heights(counts: list[int]) -> list[float]:
    """Bars in per cent of the highest."""
    most = max(counts, default=0) or 1
    return [round(100 * c / most, 1) for c in counts]


def share(part: int, whole: int) -> str:
    """`1.5 %`; what is there and rounds to nothing is `< 0.1 %`."""
    if not part or not whole:
        return "0 %"
    return f"{100 * part / whole:.1f} %" if part / whole >= 0.001 else "< 0.1 %"
