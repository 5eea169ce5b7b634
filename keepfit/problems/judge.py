"""How answers to a problem are judged. N rows, A numbers an answer, F columns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.config import Evaluation
from keepfit.data.transform import Transform
from keepfit.metrics.paired import Paired
from keepfit.problems.answer import Answers, Labels
from keepfit.store.artifacts import Interval


class Judged(ABC):
    """One model's answers on labelled rows, and everything that can be said of them."""

    sliced: ClassVar[tuple[str, ...]]
    """The metrics given of a slice; the first with its interval."""

    @abstractmethod
    def scores(self) -> dict[str, float]:
        """Every scalar metric that is defined on these rows, by its name."""

    @abstractmethod
    def intervals(self, confidence: float) -> dict[str, Interval]:
        """Confidence intervals of the metrics that a model may be judged by."""

    def undefined(self) -> dict[str, str]:
        """Metric → why these rows do not define it."""
        return {}

    def remarks(self) -> tuple[str, ...]:
        """What a person should know of the answers that the figures alone do not tell, in sentences."""
        return ()

    @abstractmethod
    def details(self) -> dict[str, Any]:
        """What else metrics.json holds: curves, tables."""

    @abstractmethod
    def order(self) -> NDArray[np.intp]:
        """The rows, those answered worst first; of equals the earlier. None where a row has no truth to miss."""

    @abstractmethod
    def told(self, row: int) -> dict[str, Any]:
        """A row: `row`, its number, and what `keepfit.problems.show` shows of it."""

    def worst(self, most: int) -> list[dict[str, Any]]:
        """The rows answered worst, the worst first."""
        return [self.told(int(row)) for row in self.order()[:most]]

    def typical(self, most: int) -> list[dict[str, Any]]:
        """Rows from the middle half of that order, evenly spaced."""
        order = self.order()
        middle = order[len(order) // 4 : -(-3 * len(order) // 4)]
        places = np.unique(np.linspace(0, len(middle) - 1, min(most, len(middle))).astype(int))
        return [self.told(int(row)) for row in middle[places]]

    @abstractmethod
    def part(self, rows: NDArray[np.intp]) -> Judged:
        """The same of some rows."""

    @abstractmethod
    def columns(self) -> dict[str, pa.Array]:
        """Labels and answers as columns of predictions.parquet."""


@dataclass(frozen=True)
class Examples:
    """Rows for a classical model to learn from, those of the validation part last, and the rows to answer.

    N rows, F columns.
    """

    rows: Any
    """float64, NaN where missing, or bytes [N, F]; scipy's csr_matrix where there are counts."""
    labels: Labels
    """[N]."""
    train: int
    """How many of the rows are of the train part; the others may be used to choose settings."""
    there: int
    """How many rows the parts have; fewer are here where memory would not hold them."""
    asked: Callable[[], Iterator[Any]]
    """The rows to answer, some at a time, each [N', F]."""
    categories: int
    """How many of the columns, from the last before the counts, are category codes."""
    what: str
    """What the columns are, where they are so many and alike that a linear model suits them; else empty."""
    counts: int = 0
    """How many of the columns, from the last, are counts of things, of which there are few in each row."""

    def answered(self, answer: Callable[[Any], Answers]) -> Answers:
        """The answers to all rows that are asked."""
        return np.concatenate([answer(rows) for rows in self.asked()])


def known(labels: Labels) -> NDArray[np.bool_]:
    """Which rows have labels that the model can give [N]."""
    return np.asarray(np.isfinite(labels.astype(np.float64)).reshape(len(labels), -1).all(axis=1))


class Judge(ABC):
    """How answers to a problem are judged."""

    @abstractmethod
    def judged(self, labels: Labels, answers: Answers, target: Any, rules: Evaluation, settings: Any) -> Judged:
        """A model's answers on labelled rows; `settings` is the problem's section in the YAML."""

    @abstractmethod
    def baselines(self, folder: Path, transform: Transform) -> tuple[str, Answers, Answers]:
        """A classical model in words; what is answered to the test rows of a prepared folder without a look at any
        column, [A] or [N, A]; and the classical model's answers to them [N, A]."""

    @abstractmethod
    def labels(self, cells: pa.ChunkedArray, schema: dict[str, Any]) -> Labels:
        """The target's typed cells as labels of the model that a bundle's schema.json describes; NaN where a row has
        none that the model can give."""

    @abstractmethod
    def figures(self, labels: Labels, answers: Answers, schema: dict[str, Any]) -> dict[str, float]:
        """Every scalar metric of answers as the bundle of this schema.json gives them."""

    @abstractmethod
    def compare(
        self,
        labels: Labels,
        champion: Answers,
        challenger: Answers,
        schema: dict[str, Any],
        metric: str,
        level: float,
    ) -> Paired:
        """The paired test on the same rows, both answers as the bundle of this schema.json gives them, at a one-sided
        level; above zero the challenger is better. Raises DataError where these rows do not define the metric."""
