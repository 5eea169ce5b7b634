"""Forecasts against what came. N rows in the order of their time, H steps ahead."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.config import Evaluation
from keepfit.data.transform import Transform
from keepfit.metrics.forecasts import Forecasts, compare
from keepfit.metrics.paired import Paired
from keepfit.problems.answer import Answers, Labels
from keepfit.problems.forecasting import Target, histories
from keepfit.problems.forecasting.answer import PARTS, names
from keepfit.problems.forecasting.linear import Autoregression, chosen, fitted
from keepfit.problems.forecasting.naive import LAST, forecasts
from keepfit.problems.forecasting.target import unpacked
from keepfit.problems.judge import Judge, Judged
from keepfit.store.artifacts import PARTS as ROLES
from keepfit.store.artifacts import Interval

DRAWN = 150
"""Rows of which the report draws the forecast one step ahead, the newest."""


def forecasts_of(labels: Labels, answers: Answers, scale: float) -> Forecasts:
    """[N, H]; [N, H] or [N, 3 H] (values, low and high ends)."""
    steps = labels.shape[1]
    ends = (answers[:, steps : 2 * steps], answers[:, 2 * steps :]) if answers.shape[1] > steps else (None, None)
    return Forecasts(labels, answers[:, :steps].astype(np.float64), scale, *ends)


class JudgedForecasts(Judged):
    """Answers [N, H or 3 H] to labelled rows."""

    sliced: ClassVar[tuple[str, ...]] = ("rmse", "mae", "mase", "coverage")

    def __init__(self, labels: Labels, answers: Answers, target: Target) -> None:
        self.found, self.answers, self.target = forecasts_of(labels, answers, target.scale), answers, target

    def scores(self) -> dict[str, float]:
        """See `keepfit.metrics.forecasts`."""
        return self.found.scores()

    def intervals(self, confidence: float) -> dict[str, Interval]:
        """The same."""
        return self.found.intervals(confidence)

    def undefined(self) -> dict[str, str]:
        """See `keepfit.metrics.errors`."""
        return self.found.errors.undefined()

    def details(self) -> dict[str, Any]:
        """steps (errors of each step ahead), ahead (the forecasts one step ahead of the newest rows, and the truth),
        drawn (some whole forecasts), learned (differences, logarithm, season)."""
        steps = self.found.labels.shape[1]
        newest = slice(max(0, len(self.answers) - DRAWN), None)
        ahead = {"label": self.found.labels[newest, 0].tolist()}
        ahead |= {part: self.answers[newest, place * steps].tolist() for place, part in enumerate(PARTS)}
        drawn = [self._whole(row) for row in histories.drawn(len(self.answers))]
        target = self.target
        learned = {"lags": [*target.lags], "log": target.log, "season": target.season, "linear": target.linear}
        return {"steps": self.found.steps(), "ahead": ahead, "drawn": drawn, "learned": learned}

    def _whole(self, row: int) -> dict[str, Any]:
        """All steps of a row, and the truth."""
        parts = dict(zip(PARTS, np.split(self.answers[row], len(PARTS)), strict=True))
        return {"row": row, "label": self.found.labels[row].tolist(), **{n: v.tolist() for n, v in parts.items()}}

    def order(self) -> NDArray[np.intp]:
        """By the largest error at a step."""
        return np.argsort(-np.abs(self.found.labels - self.found.forecasts).max(axis=1), kind="stable")

    def told(self, row: int) -> dict[str, Any]:
        """The step that is furthest off, and what was said of it."""
        step = int(np.abs(self.found.labels[row] - self.found.forecasts[row]).argmax())
        assert self.found.low is not None
        assert self.found.high is not None
        return {
            "row": row,
            "step": step + 1,
            "label": float(self.found.labels[row, step]),
            "prediction": float(self.found.forecasts[row, step]),
            "low": float(self.found.low[row, step]),
            "high": float(self.found.high[row, step]),
        }

    def part(self, rows: NDArray[np.intp]) -> Judged:
        """The same of some rows."""
        return JudgedForecasts(self.found.labels[rows], self.answers[rows], self.target)

    def columns(self) -> dict[str, pa.Array]:
        """`label`, `prediction`, and `low` and `high` where there are intervals; `label_2` … of later steps."""
        steps = self.found.labels.shape[1]
        parts = PARTS[: self.answers.shape[1] // steps]
        given = dict(zip((name for part in parts for name in names(part, steps)), self.answers.T, strict=True))
        truth = dict(zip(names("label", steps), self.found.labels.T, strict=True))
        return {name: pa.array(values) for name, values in (truth | given).items()}


class ForecastJudge(Judge):
    """By errors in the target's unit."""

    def judged(self, labels: Labels, answers: Answers, target: Target, rules: Evaluation, settings: Any) -> Judged:  # noqa: ARG002
        """Forecasts on labelled rows."""
        return JudgedForecasts(labels, answers, target)

    def baselines(self, folder: Path, transform: Transform) -> tuple[str, Answers, Answers]:
        """The last value, and a linear autoregression of the values as they are, its penalty chosen by the validation
        rows."""
        target = transform.target
        assert isinstance(target, Target)
        (seen, wanted), (asked, truth), (tested, _) = (histories.read(folder / role, transform) for role in ROLES)
        mean, deviation = seen.mean(), seen.std() or 1.0

        def missed(model: Autoregression) -> float:
            return float(np.square(model((asked - mean) / deviation) - truth).mean())

        strength, _ = chosen((seen - mean) / deviation, wanted, missed)
        inputs = (np.concatenate([seen, asked]) - mean) / deviation
        model = fitted(inputs, np.concatenate([wanted, truth]), strength)
        name = f"a linear autoregression of {target.length} values"
        return name, forecasts(tested, target)[LAST], model((tested - mean) / deviation)

    def labels(self, cells: pa.ChunkedArray, _schema: dict[str, Any]) -> Labels:
        """Doubles."""
        return unpacked(cells)

    def figures(self, labels: Labels, answers: Answers, schema: dict[str, Any]) -> dict[str, float]:
        """See `keepfit.metrics.forecasts`."""
        return forecasts_of(labels, answers, schema["scale"]).scores()

    def compare(
        self,
        labels: Labels,
        champion: Answers,
        challenger: Answers,
        _schema: dict[str, Any],
        metric: str,
        level: float,
    ) -> Paired:
        """See `keepfit.metrics.forecasts`."""
        steps = labels.shape[1]
        return compare(labels, champion[:, :steps], challenger[:, :steps], metric, level)


JUDGE = ForecastJudge()
