"""How surprising a text is. N rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.features.shared.figures import fallen, ranges, tenths
from keepfit.metrics.naming import quantity
from keepfit.problems.answer import Answer, Answers
from keepfit.problems.next_token import Target

COLUMNS = ("nats", "tokens")


def surprise(answers: Answers) -> NDArray[np.float64]:
    """[N, 2] → nats a token [N]; 0 of an empty text."""
    return np.asarray(answers[:, 0] / np.maximum(answers[:, 1], 1), np.float64)


class TextAnswer(Answer):
    """[N, 2]."""

    def schema(self, target: Target, judged: dict[str, Any]) -> dict[str, Any]:
        """How long the train rows' texts are, and how surprising those of the test part were."""
        return {"characters": target.characters, "nats_per_character": judged["model"]["nats_per_character"]}

    def outputs(self, _schema: dict[str, Any]) -> tuple[str, ...]:
        """nats and tokens."""
        return COLUMNS

    def width(self, _schema: dict[str, Any]) -> int:
        """Two."""
        return len(COLUMNS)

    def columns(self, answers: Answers, _schema: dict[str, Any]) -> dict[str, Any]:
        """prediction (nats a token), nats, tokens."""
        return {
            "prediction": surprise(answers),
            "nats": np.ascontiguousarray(answers[:, 0]),
            "tokens": answers[:, 1].astype(np.int64),
        }

    def unit(self, schema: dict[str, Any]) -> float:
        """What a usual text costs."""
        return max(1.0, float(schema["characters"] * schema["nats_per_character"]))

    def bins(self, answers: Answers, _schema: dict[str, Any]) -> dict[str, Any]:
        """Tenths of nats a token, by their `edges`."""
        found = surprise(answers)
        edges = tenths(np.sort(found))
        return {"names": [*ranges(edges, quantity)], "rows": fallen(found, edges).tolist(), "edges": edges.tolist()}

    def binned(self, answers: Answers, bins: dict[str, Any]) -> NDArray[np.int64]:
        """By those tenths."""
        return fallen(surprise(answers), np.array(bins["edges"]))

    def read(self, columns: pa.Table, _schema: dict[str, Any]) -> Answers:
        """nats and tokens."""
        return np.stack([columns[name].to_numpy().astype(np.float64) for name in COLUMNS], axis=1)

    def meaning(self, schema: dict[str, Any]) -> str:
        """What is said of a text."""
        return (
            f"A language model of **{schema['target']}**: it reads a text token by token and says how likely what came "
            "next was held to be. `nats` is the negative logarithm of that for the whole text, `prediction` the same a "
            f"token. New text of the same kind cost {schema['nats_per_character']:.3f} nats a character. Its own text "
            "is what `keepfit generate` writes."
        )


ANSWER = TextAnswer()
