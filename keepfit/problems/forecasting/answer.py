"""A value for each step ahead, and the interval that the truth lies in. N rows, H steps ahead."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.features.shared.figures import fallen
from keepfit.problems.answer import Answer, Answers, bins_of
from keepfit.problems.forecasting import Target

PARTS = ("prediction", "low", "high")


def names(part: str, horizon: int) -> tuple[str, ...]:
    """A column for each step: `prediction`, `prediction_2`, `prediction_3` …"""
    return tuple(part if step == 1 else f"{part}_{step}" for step in range(1, horizon + 1))


class AheadAnswer(Answer):
    """[N, 3 H]: the values of all steps, then the low and then the high ends."""

    def schema(self, target: Target, _judged: dict[str, Any]) -> dict[str, Any]:
        """The steps ahead, what is read, the unit of MASE, and the range of the train rows' values."""
        return {
            "horizon": target.horizon,
            "length": target.length,
            "scale": target.scale,
            "low": target.low,
            "high": target.high,
        }

    def outputs(self, schema: dict[str, Any]) -> tuple[str, ...]:
        """prediction, prediction_2 …, low …, high …"""
        return tuple(name for part in PARTS for name in names(part, schema["horizon"]))

    def width(self, schema: dict[str, Any]) -> int:
        """Three a step."""
        return len(PARTS) * int(schema["horizon"])

    def columns(self, answers: Answers, schema: dict[str, Any]) -> dict[str, Any]:
        """prediction, low, high, prediction_2, low_2, high_2 …"""
        horizon = schema["horizon"]
        order = [place * horizon + step for step in range(horizon) for place in range(len(PARTS))]
        outputs = self.outputs(schema)
        return {outputs[place]: np.ascontiguousarray(answers[:, place]) for place in order}

    def unit(self, schema: dict[str, Any]) -> float:
        """The range of the values."""
        return float(schema["high"] - schema["low"]) or 1.0

    def changes(self, old: dict[str, Any], new: dict[str, Any]) -> str:
        """Another number of steps ahead."""
        if old["horizon"] == new["horizon"]:
            return ""
        return f"it forecasts {old['horizon']} steps ahead, and the new one {new['horizon']}"

    def bins(self, answers: Answers, _schema: dict[str, Any]) -> dict[str, Any]:
        """Tenths of the values one step ahead, by their `edges`."""
        return bins_of(answers[:, 0].astype(np.float64))

    def binned(self, answers: Answers, bins: dict[str, Any]) -> NDArray[np.int64]:
        """By those tenths."""
        return fallen(answers[:, 0].astype(np.float64), np.array(bins["edges"]))

    def read(self, columns: pa.Table, schema: dict[str, Any]) -> Answers:
        """Those columns."""
        return np.stack([columns[name].to_numpy() for name in self.outputs(schema)], axis=1)

    def meaning(self, schema: dict[str, Any]) -> str:
        """What is forecast from what."""
        ahead = "next value" if schema["horizon"] == 1 else f"next {schema['horizon']} values"
        return (
            f"A forecast of the {ahead} of **{schema['target']}** from the last {schema['length']}, which `history` "
            "holds. `low` and `high` are the ends of the interval that the true value lies in, by the errors on rows "
            "that it was not fitted to; `prediction_2` is two steps ahead."
        )


ANSWER = AheadAnswer()
