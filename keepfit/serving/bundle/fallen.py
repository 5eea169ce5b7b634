"""Where rows and their answers fall, counted while a model answers: what a drift is told from. n rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.data.ragged import Block
from keepfit.data.transform import Transform
from keepfit.features.kind import Bins, ServedColumn
from keepfit.features.lookup import kind_of
from keepfit.problems.answer import Answer, Answers
from keepfit.store import files

if TYPE_CHECKING:
    from keepfit.serving.bundle.model import ServedModel

Counts = dict[str, dict[str, NDArray[np.int64]]]
"""Column → what is looked at in it → rows in each bin."""


@dataclass(frozen=True)
class Profile:
    """Where the rows that a model learned from fall, and its answers to test rows; from its bundle."""

    columns: Counts
    answers: dict[str, Any]
    """The problem's bins of answers; see `keepfit.problems.answer`."""

    @property
    def expected(self) -> NDArray[np.int64]:
        """The test rows in each bin of the answers."""
        return np.array(self.answers["rows"], np.int64)


def profile_of(bundle: Path) -> Profile | None:
    """What a bundle says of it; None of one that was exported before bundles did."""
    data = files.read_json(bundle / "data.json") if (bundle / "data.json").is_file() else {}
    metrics = files.read_json(bundle / "metrics.json") if "bins" in data else {}
    if "answers" not in metrics:
        return None
    columns = {name: {part: np.array(rows) for part, rows in bins.items()} for name, bins in data["bins"].items()}
    return Profile(columns, metrics["answers"])


@dataclass
class Fallen:
    """Counts of rows that were answered."""

    served: Sequence[ServedColumn]
    transform: Transform
    answer: Answer
    bins: dict[str, Any] | None
    """Of the answers; None where the bundle does not tell, and then they are not counted."""
    rows: int = 0
    columns: Counts = field(default_factory=dict)
    answers: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def add(self, rows: pa.Table, fed: dict[str, Block], answers: Answers, unfit: Sequence[int]) -> None:
        """Count typed rows, what the graph was fed for them, and its answers; those in `unfit` apart."""
        if unfit:
            fit = np.delete(np.arange(rows.num_rows), unfit)
            rows, fed, answers = rows.take(fit), {name: array[fit] for name, array in fed.items()}, answers[fit]
        self.rows += rows.num_rows
        if self.bins is not None:
            self.answers = _sum(self.answers, self.answer.binned(answers, self.bins))
        for column in self.served:
            name, entry = column["name"], self.transform.entries[column["name"]]
            found = kind_of(entry.kind).binned(rows[name].combine_chunks(), fed[column["input"]], entry)
            into = self.columns.setdefault(name, {})
            for part, counts in found.items():
                into[part] = _sum(into.get(part, np.zeros(0, np.int64)), counts)

    def json(self) -> dict[str, Any]:
        """The counts as plain values."""
        columns = {name: {part: c.tolist() for part, c in parts.items()} for name, parts in self.columns.items()}
        return {"rows": self.rows, "columns": columns, "answers": self.answers.tolist()}

    def take(self, counts: dict[str, Any]) -> None:
        """Add what `json` gave of other rows."""
        self.rows += counts["rows"]
        self.answers = _sum(self.answers, np.array(counts["answers"], np.int64))
        for name, parts in counts["columns"].items():
            into = self.columns.setdefault(name, {})
            for part, found in parts.items():
                into[part] = _sum(into.get(part, np.zeros(0, np.int64)), np.array(found, np.int64))

    def named(self, column: str) -> dict[str, Bins]:
        """The bins of a column, in words."""
        entry = self.transform.entries[column]
        return kind_of(entry.kind).bins(entry)


def fallen_of(model: ServedModel) -> Fallen:
    """Nothing counted yet of what a model is asked."""
    return Fallen(model.columns, model.transform, model.answer, model.profile.answers if model.profile else None)


def _sum(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    return one + other if len(one) else other
