"""The class that is said, and the probability of each. N rows, K classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from keepfit.metrics.probabilistic import said, weighed
from keepfit.problems.answer import Answer, Answers
from keepfit.problems.classification import Target
from keepfit.problems.classification.positive import of_positive, shown_class
from keepfit.quoting import shown

_NAMED = 20
_TOLD = 3
"""Classes that came or went, which are told one by one."""
_LEAST = 1e-20
"""A probability below which nothing more is told."""


class ClassAnswer(Answer):
    """Probabilities [N, K]."""

    def schema(self, target: Target, judged: dict[str, Any]) -> dict[str, Any]:
        """The classes, in the order of their probabilities; which of two is the positive one; and by which `factors`
        one is said, where it is not the most probable."""
        return {"classes": target.classes, **{name: judged[name] for name in ("positive", "factors") if judged[name]}}

    def outputs(self, _schema: dict[str, Any]) -> tuple[str, ...]:
        """The probabilities; `label` follows from them."""
        return ("probabilities",)

    def named(self, schema: dict[str, Any]) -> list[str]:
        """label and probabilities."""
        return ["label", *self.outputs(schema)]

    def width(self, schema: dict[str, Any]) -> int:
        """K."""
        return len(schema["classes"])

    def joined(self, found: Sequence[NDArray[Any]]) -> Answers:
        """As they are."""
        return found[0]

    def columns(self, answers: Answers, schema: dict[str, Any]) -> dict[str, Any]:
        """prediction, probability_<class> …"""
        names = pa.array(schema["classes"], pa.string())
        columns = {
            f"probability_{name}": np.ascontiguousarray(answers[:, k]) for k, name in enumerate(schema["classes"])
        }
        return {"prediction": names.take(pa.array(_said(answers, schema))), **columns}

    def unit(self, _schema: dict[str, Any]) -> float:
        """A probability is one by itself."""
        return 1.0

    def clear(self, answers: Answers, tolerance: float, schema: dict[str, Any]) -> NDArray[np.bool_]:
        """One class is before any other, beyond the tolerance."""
        best = np.sort(weighed(answers, schema.get("factors", ())), axis=1)
        return np.asarray(best[:, -1] - best[:, -2] > tolerance)

    def flips(self, expected: Answers, found: Answers, tolerance: float) -> NDArray[np.bool_]:
        """Another class, which was less probable by more than the tolerance."""
        gap = expected.max(axis=1, initial=0) - expected[np.arange(len(expected)), found.argmax(axis=1)]
        return np.asarray(gap > tolerance)

    def changes(self, old: dict[str, Any], new: dict[str, Any]) -> str:
        """Classes that came or went, where fewer than two stayed: there is nothing to tell apart."""
        added, gone = _added(old, new), _added(new, old)
        if not (added or gone) or len(new["classes"]) - len(added) > 1:
            return ""
        parts = [f"{word} {', '.join(sorted(names)[:5])}" for word, names in (("new", added), ("gone", gone)) if names]
        return f"the classes changed ({'; '.join(parts)})"

    def otherwise(self, old: dict[str, Any], new: dict[str, Any]) -> str:
        """Another positive class, or another way to say one."""
        before, now = old.get("positive"), new.get("positive")
        if ("factors" in old) != ("factors" in new):
            way = "most above its share of the train rows" if "factors" in new else "most probable"
            return f"The champion said classes by another rule when it was judged: both say the one that is {way} now."
        if not before or not now or before == now:
            return ""
        return (
            f'The positive class was "{shown_class(before)}" when the champion was judged and is '
            f'"{shown_class(now)}" now: both are measured by that.'
        )

    def shared(self, old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
        """The new classes, and behind them those that are gone: whoever says one of a row of another is wrong."""
        gone = _added(new, old)
        by = {"factors": [*new["factors"], *[1.0] * len(gone)]} if "factors" in new else {}
        return {**new, "classes": [*new["classes"], *gone], **by}

    def common(self, truth: pa.ChunkedArray, old: dict[str, Any], new: dict[str, Any]) -> NDArray[np.bool_]:
        """Of the classes that both know."""
        return _are(truth, [name for name in new["classes"] if name in {*old["classes"]}])

    def beside(self, truth: pa.ChunkedArray, answers: Answers, old: dict[str, Any], new: dict[str, Any]) -> str:
        """How many rows of each new class are found, and which classes are gone."""
        said = np.array(new["classes"], object)[_said(answers, new)]
        added, gone = _added(old, new), _added(new, old)
        if not (added or gone):
            return ""
        told = [f"Compared are rows of the {len(new['classes']) - len(added)} classes that both know."]
        told += [_found(name, said[_are(truth, [name])]) for name in added[:_TOLD]]
        if len(added) > _TOLD:
            rows = _are(truth, added[_TOLD:])
            right = np.count_nonzero(said[rows] == truth.to_numpy()[rows])
            told.append(f"{len(added) - _TOLD} more are new: {right:,} of their {rows.sum():,} test rows are found.")
        if gone:
            named = ", ".join(f'"{shown_class(name)}"' for name in gone[:_TOLD])
            more = f" and {len(gone) - _TOLD} more" if len(gone) > _TOLD else ""
            told.append(f"No row is of {named}{more} any more, and the new model never says so.")
        return " ".join(told)

    def aligned(self, answers: Answers, old: dict[str, Any], new: dict[str, Any]) -> Answers:
        """The classes in the new order; one that the old model does not know has no probability."""
        known = {name: place for place, name in enumerate(old["classes"])}
        unknown = np.zeros(len(answers), answers.dtype)
        return np.stack([answers[:, known[n]] if n in known else unknown for n in new["classes"]], axis=1)

    def leanings(self, answers: Answers, schema: dict[str, Any]) -> dict[str, NDArray[np.float64]]:
        """The logarithm of each class's odds: by the sum of the others, as a class may be sure to the last digit."""
        found = answers.astype(np.float64)
        others = found @ (1 - np.eye(found.shape[1]))
        odds = np.maximum(found, _LEAST) / np.maximum(others, _LEAST)
        return dict(zip(schema["classes"], np.log(odds).T, strict=True))

    def levels(self, answers: Answers, schema: dict[str, Any]) -> dict[str, NDArray[np.float64]]:
        """The probability of each class; of two that of the positive one, or of the last."""
        found = dict(zip(schema["classes"], answers.astype(np.float64).T, strict=True))
        only = schema.get("positive") or schema["classes"][-1]
        return {only: found[only]} if len(found) == 2 else found

    def bins(self, answers: Answers, schema: dict[str, Any]) -> dict[str, Any]:
        """The predicted class."""
        found = {"names": [shown(name) for name in schema["classes"]], "factors": schema.get("factors", [])}
        return {**found, "rows": self.binned(answers, found).tolist()}

    def binned(self, answers: Answers, bins: dict[str, Any]) -> NDArray[np.int64]:
        """By the predicted class."""
        return np.bincount(_said(answers, bins), minlength=len(bins["names"]))

    def read(self, columns: pa.Table, schema: dict[str, Any]) -> Answers:
        """The probabilities."""
        found = [columns[f"probability_{name}"].to_numpy() for name in schema["classes"]]
        return np.stack(found, axis=1).astype(np.float32)

    def meaning(self, schema: dict[str, Any]) -> str:
        """How many classes and which."""
        classes = schema["classes"]
        listed = ", ".join(classes[:_NAMED]) + (" …" if len(classes) > _NAMED else "")
        told = f"A classifier that predicts **{schema['target']}**, one of {len(classes)} classes: {listed}."
        if schema.get("factors"):
            told += " It says the class that is most above its share of the train rows, not the most probable one."
        positive = schema.get("positive")
        return f"{told} {of_positive(positive)}" if positive else told


ANSWER = ClassAnswer()


def _said(answers: Answers, by: dict[str, Any]) -> NDArray[np.intp]:
    """The code of each row's class."""
    return said(answers, by.get("factors", ()))


def _added(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """The new one's classes that the old one does not know."""
    return [name for name in new["classes"] if name not in {*old["classes"]}]


def _are(truth: pa.ChunkedArray, names: Sequence[str]) -> NDArray[np.bool_]:
    """Which rows [N] are of one of these classes."""
    return np.asarray(pc.is_in(truth, value_set=pa.array(names, pa.string())).to_numpy(zero_copy_only=False))


def _found(name: str, said: NDArray[Any]) -> str:
    """What was said of the rows of a new class, in a sentence."""
    called = f'The class "{shown_class(name)}" is new'
    if not len(said):
        return f"{called}: no test row is of it."
    right = np.count_nonzero(said == name)
    return f"{called}: {right:,} of its {len(said):,} test rows are found ({right / len(said):.1%})."
