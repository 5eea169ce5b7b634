"""What a caller is told of rows that were answered: cells that counted as missing, values that training did not see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from keepfit.data.transform import Transform
from keepfit.features.column import short
from keepfit.features.lookup import kind_of


@dataclass
class Remarks:
    """Counts over rows."""

    rows: int = 0
    unreadable: Counter[str] = field(default_factory=Counter)
    """Column → cells that held something that could not be read as its kind, and so counted as missing."""
    unseen: Counter[str] = field(default_factory=Counter)
    """Column → cells with a value that training did not see, or too rarely to learn it."""
    examples: dict[str, str] = field(default_factory=dict)
    """Column → one such value."""

    @classmethod
    def of(cls, content: dict[str, Any]) -> Remarks:
        """Those that `json` gave."""
        counts = {name: Counter(content[name]) for name in ("unreadable", "unseen")}
        return cls(content["rows"], **counts, examples=dict(content["examples"]))

    def json(self) -> dict[str, Any]:
        """The counts as plain values."""
        counts = {"unreadable": dict(self.unreadable), "unseen": dict(self.unseen)}
        return {"rows": self.rows, **counts, "examples": self.examples}

    def add(self, other: Remarks) -> None:
        """Take the counts of more rows."""
        self.rows += other.rows
        self.unreadable.update(other.unreadable)
        self.unseen.update(other.unseen)
        self.examples = {**other.examples, **self.examples}

    def look(self, table: pa.Table, transform: Transform) -> None:
        """Count the values of typed rows that are new."""
        self.rows += table.num_rows
        for entry in transform.features:
            new = kind_of(entry.kind).unseen(table[entry.name].combine_chunks(), entry)
            if new is not None and len(new):
                self.unseen[entry.name] += len(new)
                self.examples.setdefault(entry.name, short(_most(new)))

    def sentences(self) -> Iterator[str]:
        """For a person."""
        if self.unreadable:
            counts = ", ".join(f"{name} {count:,}" for name, count in sorted(self.unreadable.items()))
            yield f"cells that could not be read count as missing: {counts}."
        for name, count in sorted(self.unseen.items()):
            share = f"{100 * count / self.rows:.0f} %" if count >= 0.01 * self.rows else "under 1 %"
            yield (
                f"{share} of the cells of {name} hold values that training did not see, or too rarely to learn "
                f"(such as {self.examples[name]})."
            )


def _most(texts: pa.Array) -> str:
    """The most frequent one, of those as frequent the least: in whatever order the rows come."""
    counted = sorted(pc.value_counts(texts).to_pylist(), key=lambda one: (-one["counts"], one["values"]))
    most: str = counted[0]["values"]
    return most
