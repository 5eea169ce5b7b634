"""Which columns of the rows stand beside the answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keepfit.errors import ConfigError, nearest
from keepfit.serving.bundle.model import Scored, ServedModel
from keepfit.serving.bundle.remarks import Remarks
from keepfit.serving.prediction.questions import Keeping

NUMBER, BUNDLE = "row", "bundle"


def keeping(model: ServedModel, asked: Sequence[str] | None, notes: list[str]) -> Keeping:
    """Those that were asked for, or all that are no features: keys, dates, perhaps the target.

    One that has the name of a column of the answers is left out, and told in `notes`. Raises ConfigError for one that
    was asked for and is not there, or has such a name.
    """
    features = {column["name"] for column in model.columns}
    ours = {NUMBER, *_answers(model), "model_version", BUNDLE}

    def chosen(columns: Sequence[str]) -> Sequence[str]:
        if asked is not None:
            _check(asked, columns, ours)
            return [*dict.fromkeys(asked)]
        others = [name for name in columns if name not in features]
        taken = [f'"{name}"' for name in others if name in ours]
        if taken:
            notes.append(f"Not kept, as columns of the answers have these names: {', '.join(taken)}.")
        return [name for name in others if name not in ours]

    return chosen


def _check(asked: Sequence[str], columns: Sequence[str], ours: set[str]) -> None:
    for name in asked:
        if name not in columns:
            raise ConfigError(
                f'the rows have no column "{name}" to keep.',
                allowed=f"They have: {', '.join(columns[:20])}.",
                todo=nearest(name, [*columns]) or "Name one of these.",
            )
        if name in ours:
            raise ConfigError(
                f'"{name}" cannot be kept: a column of the answers has that name.', todo="Rename it in the rows."
            )


def _answers(model: ServedModel) -> list[str]:
    width = model.answer.width(model.schema)
    return [*model.columns_of(Scored(np.empty((0, width), np.float32), Remarks(), {}))]
