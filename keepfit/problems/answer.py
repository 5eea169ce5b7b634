"""What a caller gets: the graph's outputs, and the columns made of them. N rows, A numbers an answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.features.shared.figures import fallen, ranges, tenths
from keepfit.metrics.naming import quantity

Labels = NDArray[Any]
"""[N], or [N, …] where the target's entry says so, in the type of the shards."""
Answers = NDArray[Any]
"""[N, A]."""


class Answer(ABC):
    """How an answer leaves; `schema` is a bundle's schema.json."""

    @abstractmethod
    def schema(self, target: Any, judged: dict[str, Any]) -> dict[str, Any]:
        """What schema.json says of the answer; `judged` is metrics.json."""

    @abstractmethod
    def outputs(self, schema: dict[str, Any]) -> tuple[str, ...]:
        """The numeric outputs of the graph that make an answer."""

    def named(self, schema: dict[str, Any]) -> list[str]:
        """All outputs, those that are text first."""
        return [*self.outputs(schema)]

    @abstractmethod
    def width(self, schema: dict[str, Any]) -> int:
        """A."""

    def joined(self, found: Sequence[NDArray[Any]]) -> Answers:
        """Those outputs, side by side → [N, A]."""
        return np.concatenate([one if one.ndim == 2 else one[:, None] for one in found], axis=1)

    @abstractmethod
    def columns(self, answers: Answers, schema: dict[str, Any]) -> dict[str, Any]:
        """What a person gets: column → values [N], `prediction` first."""

    @abstractmethod
    def unit(self, schema: dict[str, Any]) -> float:
        """What a difference of answers is measured in."""

    def clear(self, answers: Answers, _tolerance: float, _schema: dict[str, Any]) -> NDArray[np.bool_]:
        """Rows [N] whose prediction cannot change by a difference of at most so many units: all of figures, which have
        no neighbour to flip to."""
        return np.ones(len(answers), np.bool_)

    def flips(self, expected: Answers, _found: Answers, _tolerance: float) -> NDArray[np.bool_]:
        """Rows [N] with another prediction, those apart where two are level within the tolerance: none of figures."""
        return np.zeros(len(expected), np.bool_)

    def changes(self, _old: dict[str, Any], _new: dict[str, Any]) -> str:
        """What makes the answers of two models differ in meaning; empty when nothing does."""
        return ""

    def otherwise(self, _old: dict[str, Any], _new: dict[str, Any]) -> str:
        """What of the old model was measured otherwise, in a sentence; both are measured as the new one is."""
        return ""

    def shared(self, _old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
        """The schema.json that both are compared by: the new one's, where that can write what the old one answers."""
        return new

    def common(self, truth: pa.ChunkedArray, _old: dict[str, Any], _new: dict[str, Any]) -> NDArray[np.bool_]:
        """Rows [N] whose truth both models can give."""
        return np.ones(len(truth), np.bool_)

    def beside(self, _truth: pa.ChunkedArray, _answers: Answers, _old: dict[str, Any], _new: dict[str, Any]) -> str:
        """How the new model does where the old one cannot be compared, in sentences; `answers` are the new one's."""
        return ""

    def aligned(self, answers: Answers, _old: dict[str, Any], _new: dict[str, Any]) -> Answers:
        """The old model's answers as the new one would write them."""
        return answers

    def leanings(self, _answers: Answers, _schema: dict[str, Any]) -> dict[str, NDArray[np.float64]]:
        """How far each answer leans to each side it may take, as numbers [N] of which differences tell something; none
        for answers that have no sides."""
        return {}

    def levels(self, _answers: Answers, _schema: dict[str, Any]) -> dict[str, NDArray[np.float64]]:
        """Each answer as a person follows it while one column changes: side → [N]; none where there is nothing."""
        return {}

    @abstractmethod
    def bins(self, answers: Answers, schema: dict[str, Any]) -> dict[str, Any]:
        """Where answers fall, by those of rows that the model did not learn from: `names` of the bins, the `rows` in
        each, and whatever `binned` needs."""

    @abstractmethod
    def binned(self, answers: Answers, bins: dict[str, Any]) -> NDArray[np.int64]:
        """Answers → how many fall into each of those bins."""

    @abstractmethod
    def read(self, columns: pa.Table, schema: dict[str, Any]) -> Answers:
        """What `columns` made of answers → the answers."""

    @abstractmethod
    def meaning(self, schema: dict[str, Any]) -> str:
        """What is predicted, in a sentence of the model's card."""


def bins_of(values: NDArray[np.float64]) -> dict[str, Any]:
    """Tenths of quantities [N], by their `edges`: what `Answer.bins` gives of them."""
    edges = tenths(np.sort(values))
    return {"names": [*ranges(edges, quantity)], "rows": fallen(values, edges).tolist(), "edges": edges.tolist()}
