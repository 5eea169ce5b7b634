"""The labels that are probable, and the probability of each. N rows, K labels."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.metrics.several import GIVEN
from keepfit.problems.answer import Answer, Answers
from keepfit.problems.multilabel import Target
from keepfit.quoting import shown

NONE = "no label"
_NAMED = 20


class LabelAnswer(Answer):
    """Probabilities [N, K]."""

    def schema(self, target: Target, _judged: dict[str, Any]) -> dict[str, Any]:
        """The labels, in the order of their probabilities, and from which probability on each is given."""
        return {"labels": target.labels, "given_from": GIVEN}

    def outputs(self, _schema: dict[str, Any]) -> tuple[str, ...]:
        """The probabilities."""
        return ("probabilities",)

    def width(self, schema: dict[str, Any]) -> int:
        """K."""
        return len(schema["labels"])

    def joined(self, found: Sequence[NDArray[Any]]) -> Answers:
        """As they are."""
        return found[0]

    def columns(self, answers: Answers, schema: dict[str, Any]) -> dict[str, Any]:
        """prediction, the JSON text of the labels given, as the target's cells are; probability_<label> …"""
        names = schema["labels"]
        columns = {f"probability_{name}": np.ascontiguousarray(answers[:, k]) for k, name in enumerate(names)}
        return {"prediction": texts(answers >= GIVEN, names), **columns}

    def unit(self, _schema: dict[str, Any]) -> float:
        """A probability is one by itself."""
        return 1.0

    def clear(self, answers: Answers, tolerance: float, _schema: dict[str, Any]) -> NDArray[np.bool_]:
        """No label is about as probable as not."""
        return np.asarray((np.abs(answers - GIVEN) > tolerance).all(axis=1))

    def flips(self, expected: Answers, found: Answers, tolerance: float) -> NDArray[np.bool_]:
        """Some label comes or goes that was not about as probable as not."""
        differ = (expected >= GIVEN) != (found >= GIVEN)
        return np.asarray((differ & (np.abs(expected - GIVEN) > tolerance)).any(axis=1))

    def changes(self, old: dict[str, Any], new: dict[str, Any]) -> str:
        """Labels that came or went."""
        added, gone = set(new["labels"]) - set(old["labels"]), set(old["labels"]) - set(new["labels"])
        if not added and not gone:
            return ""
        parts = [f"{word} {', '.join(sorted(names)[:5])}" for word, names in (("new", added), ("gone", gone)) if names]
        return f"the labels changed ({'; '.join(parts)})"

    def aligned(self, answers: Answers, old: dict[str, Any], new: dict[str, Any]) -> Answers:
        """The labels in the new order; one that the old model does not know has no probability."""
        known = {name: place for place, name in enumerate(old["labels"])}
        unknown = np.zeros(len(answers), answers.dtype)
        return np.stack([answers[:, known[n]] if n in known else unknown for n in new["labels"]], axis=1)

    def leanings(self, answers: Answers, schema: dict[str, Any]) -> dict[str, NDArray[np.float64]]:
        """The logarithm of each label's odds."""
        sure = np.clip(answers.astype(np.float64), 1e-7, 1 - 1e-7)
        return dict(zip(schema["labels"], np.log(sure / (1 - sure)).T, strict=True))

    def levels(self, answers: Answers, schema: dict[str, Any]) -> dict[str, NDArray[np.float64]]:
        """The probability of each label."""
        return dict(zip(schema["labels"], answers.astype(np.float64).T, strict=True))

    def bins(self, answers: Answers, schema: dict[str, Any]) -> dict[str, Any]:
        """The most probable label of those given, or none: each row falls into one bin."""
        names = [*(shown(name) for name in schema["labels"]), NONE]
        return {"names": names, "rows": _fallen(answers).tolist()}

    def binned(self, answers: Answers, _bins: dict[str, Any]) -> NDArray[np.int64]:
        """By the most probable label."""
        return _fallen(answers)

    def read(self, columns: pa.Table, schema: dict[str, Any]) -> Answers:
        """The probabilities."""
        found = [columns[f"probability_{name}"].to_numpy() for name in schema["labels"]]
        return np.stack(found, axis=1).astype(np.float32)

    def meaning(self, schema: dict[str, Any]) -> str:
        """How many labels and which."""
        labels = schema["labels"]
        listed = ", ".join(labels[:_NAMED]) + (" …" if len(labels) > _NAMED else "")
        return (
            f"A model that predicts **{schema['target']}**, any of {len(labels)} labels at once: {listed}. A label "
            f"is given from a probability of {schema['given_from']:g} on; the graph gives the probabilities, in this "
            "order."
        )


ANSWER = LabelAnswer()


def texts(given: NDArray[np.bool_], names: Sequence[str]) -> NDArray[Any]:
    """[N, K] → the JSON text of each row's labels [N], by their letters."""
    order = sorted(range(len(names)), key=lambda k: names[k])
    sets, which = np.unique(given[:, order], axis=0, return_inverse=True)
    written = [json.dumps([names[order[k]] for k in np.flatnonzero(one)], ensure_ascii=False) for one in sets]
    return np.array(written, dtype=object)[which.reshape(-1)]


def _fallen(answers: Answers) -> NDArray[np.int64]:
    labels = answers.shape[1]
    most = np.where(answers.max(axis=1, initial=0) >= GIVEN, answers.argmax(axis=1), labels)
    return np.bincount(most, minlength=labels + 1)
