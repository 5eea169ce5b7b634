"""Values against the truth. N rows."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.config import Evaluation
from keepfit.data.cells import numbers
from keepfit.metrics.errors import Errors, compare, deciles
from keepfit.metrics.paired import Paired
from keepfit.problems.answer import Answers, Labels
from keepfit.problems.boosting import Boosting, boosted
from keepfit.problems.examples import TableJudge
from keepfit.problems.judge import Examples, Judged
from keepfit.problems.linear import LinearBaseline, fitted
from keepfit.problems.regression import Target
from keepfit.problems.regression.space import drawn
from keepfit.store.artifacts import Interval

POINTS = 1_000
"""Rows that are drawn, predicted against true."""
_PENALTIES = (10_000.0, 1_000.0, 100.0, 10.0, 1.0)
"""Ridge's, on standardised columns."""
_OF_COUNTS = (10.0, 3.0, 1.0, 0.3, 0.1)
"""On rows of TF-IDF, whose length is 1."""


def errors_of(labels: Labels, answers: Answers) -> Errors:
    """[N], [N, 1] or [N, 3] (value, low, high)."""
    ends = (answers[:, 1], answers[:, 2]) if answers.shape[1] == 3 else (None, None)
    return Errors(labels, answers[:, 0].astype(np.float64), *ends)


class JudgedValues(Judged):
    """Answers [N, 1 or 3] to labelled rows."""

    sliced: ClassVar[tuple[str, ...]] = ("rmse", "mae", "r2", "coverage")

    def __init__(self, labels: Labels, answers: Answers, target: Target) -> None:
        self.errors, self.answers, self.target = errors_of(labels, answers), answers, target

    def scores(self) -> dict[str, float]:
        """See `keepfit.metrics.errors`."""
        return self.errors.scores()

    def intervals(self, confidence: float) -> dict[str, Interval]:
        """Of errors, R², and coverage."""
        return self.errors.intervals(confidence)

    def undefined(self) -> dict[str, str]:
        """See `keepfit.metrics.errors`."""
        return self.errors.undefined()

    def details(self) -> dict[str, Any]:
        """points (label and prediction of some rows), deciles (residuals by tenths of the prediction), log."""
        found = self.errors
        picked = drawn(found.labels, POINTS)
        points = {"label": found.labels[picked].tolist(), "prediction": found.predictions[picked].tolist()}
        return {"points": points, "deciles": deciles(found.predictions, found.residuals), "log": self.target.log}

    def order(self) -> NDArray[np.intp]:
        """By the error."""
        return np.argsort(-self.errors.absolute, kind="stable")

    def told(self, row: int) -> dict[str, Any]:
        """Its value, what was said, and between what."""
        return {
            "row": row,
            "label": float(self.errors.labels[row]),
            "prediction": float(self.errors.predictions[row]),
            "low": float(self.answers[row, 1]),
            "high": float(self.answers[row, 2]),
        }

    def part(self, rows: NDArray[np.intp]) -> Judged:
        """The same of some rows."""
        return JudgedValues(self.errors.labels[rows], self.answers[rows], self.target)

    def columns(self) -> dict[str, pa.Array]:
        """`label`, `prediction`, and `low` and `high` where there are intervals."""
        names = ("prediction", "low", "high")[: self.answers.shape[1]]
        return {"label": pa.array(self.errors.labels), **{n: pa.array(self.answers[:, i]) for i, n in enumerate(names)}}


class ValueJudge(TableJudge):
    """By errors in the target's unit."""

    def judged(self, labels: Labels, answers: Answers, target: Target, rules: Evaluation, settings: Any) -> Judged:  # noqa: ARG002
        """Values on labelled rows."""
        return JudgedValues(labels, answers, target)

    def trivial(self, examples: Examples, _target: Target) -> Answers:
        """The mean."""
        return np.array([examples.labels.mean()])

    def classical(self, examples: Examples, _target: Target) -> tuple[str, Answers]:
        """Gradient boosting; where the columns are many and alike, as pixels and n-grams are, ridge regression."""
        return _ridge(examples) if examples.what else _boosted(examples)

    def labels(self, cells: pa.ChunkedArray, _schema: dict[str, Any]) -> Labels:
        """Doubles."""
        return np.asarray(numbers(cells.combine_chunks()).to_numpy(zero_copy_only=False))

    def figures(self, labels: Labels, answers: Answers, _schema: dict[str, Any]) -> dict[str, float]:
        """See `keepfit.metrics.errors`."""
        return errors_of(labels, answers).scores()

    def compare(
        self,
        labels: Labels,
        champion: Answers,
        challenger: Answers,
        _schema: dict[str, Any],
        metric: str,
        level: float,
    ) -> Paired:
        """See `keepfit.metrics.errors`."""
        return compare(labels, champion[:, 0], challenger[:, 0], metric, level)


JUDGE = ValueJudge()


def _answers(model: Any, rows: NDArray[Any]) -> Answers:
    found: Answers = model.predict(rows)
    return found[:, None]


def _boosted(examples: Examples) -> tuple[str, Answers]:
    from sklearn.ensemble import HistGradientBoostingRegressor

    return boosted(examples, Boosting(HistGradientBoostingRegressor, 1, drawn, _answers))


def _ridge(examples: Examples) -> tuple[str, Answers]:
    from sklearn.linear_model import Ridge

    how = LinearBaseline(
        "ridge regression",
        outputs=1,
        penalties=_OF_COUNTS if examples.counts else _PENALTIES,
        fit=lambda rows, labels, penalty: Ridge(alpha=penalty).fit(rows, labels),
        drawn=drawn,
        answer=_answers,
    )
    return fitted(examples, how)
