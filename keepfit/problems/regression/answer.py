"""A value, and the interval that the truth lies in. N rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.features.shared.figures import fallen
from keepfit.problems.answer import Answer, Answers, bins_of
from keepfit.problems.regression import Target

COLUMNS = ("prediction", "low", "high")


class ValueAnswer(Answer):
    """[N, 3]."""

    def schema(self, target: Target, _judged: dict[str, Any]) -> dict[str, Any]:
        """The range of the train rows' values."""
        return {"low": target.low, "high": target.high}

    def outputs(self, _schema: dict[str, Any]) -> tuple[str, ...]:
        """prediction, low and high."""
        return COLUMNS

    def width(self, _schema: dict[str, Any]) -> int:
        """Three."""
        return len(COLUMNS)

    def columns(self, answers: Answers, _schema: dict[str, Any]) -> dict[str, Any]:
        """prediction, low, high."""
        return {name: np.ascontiguousarray(answers[:, place]) for place, name in enumerate(COLUMNS)}

    def unit(self, schema: dict[str, Any]) -> float:
        """The range of the values."""
        return float(schema["high"] - schema["low"]) or 1.0

    def leanings(self, answers: Answers, _schema: dict[str, Any]) -> dict[str, NDArray[np.float64]]:
        """The value."""
        value = answers[:, 0].astype(np.float64)
        return {"higher": value, "lower": -value}

    def levels(self, answers: Answers, _schema: dict[str, Any]) -> dict[str, NDArray[np.float64]]:
        """The value."""
        return {"": answers[:, 0].astype(np.float64)}

    def bins(self, answers: Answers, _schema: dict[str, Any]) -> dict[str, Any]:
        """Tenths of the predicted values, by their `edges`."""
        return bins_of(answers[:, 0].astype(np.float64))

    def binned(self, answers: Answers, bins: dict[str, Any]) -> NDArray[np.int64]:
        """By those tenths."""
        return fallen(answers[:, 0].astype(np.float64), np.array(bins["edges"]))

    def read(self, columns: pa.Table, _schema: dict[str, Any]) -> Answers:
        """prediction, low and high."""
        return np.stack([columns[name].to_numpy() for name in COLUMNS], axis=1)

    def meaning(self, schema: dict[str, Any]) -> str:
        """The range."""
        return (
            f"A regression that predicts **{schema['target']}**, which was {schema['low']:g} to {schema['high']:g} in "
            "the rows it learned from. `low` and `high` are the ends of the interval that the true value lies in."
        )


ANSWER = ValueAnswer()
