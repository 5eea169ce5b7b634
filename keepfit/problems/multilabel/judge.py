"""Probabilities against labels. N rows, K labels."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.config import Evaluation
from keepfit.metrics import several
from keepfit.metrics.paired import Paired
from keepfit.metrics.several import Several
from keepfit.problems.answer import Answers, Labels
from keepfit.problems.boosting import Boosting, boosted
from keepfit.problems.examples import TableJudge
from keepfit.problems.judge import Examples, Judged
from keepfit.problems.linear import LinearBaseline, fitted, logistic, strengths
from keepfit.problems.multilabel import Target
from keepfit.problems.multilabel.answer import texts
from keepfit.problems.multilabel.cells import places
from keepfit.problems.multilabel.each import Boosted, Each
from keepfit.quoting import shown
from keepfit.store.artifacts import Interval

_NAMED, _PAIRS = 3, 12


class JudgedLabels(Judged):
    """Probabilities [N, K] of labelled rows."""

    sliced: ClassVar[tuple[str, ...]] = ("label_accuracy", "subset_accuracy", "micro_f1", "macro_f1", "log_loss")

    def __init__(self, figures: Several, labels: tuple[str, ...]) -> None:
        self.figures, self.labels = figures, labels

    def scores(self) -> dict[str, float]:
        """See `keepfit.metrics.several`."""
        return self.figures.scores()

    def intervals(self, confidence: float) -> dict[str, Interval]:
        """Of all of them."""
        return self.figures.intervals(confidence)

    def undefined(self) -> dict[str, str]:
        """Rankings, where no label tells rows apart; F1, where there is no label at all."""
        found, missing = self.figures, {}
        if not found.both.any():
            missing = dict.fromkeys(("micro_f1", "macro_f1"), "no test row has a label, and none is given")
        if not found.rankings:
            missing |= dict.fromkeys(("roc_auc", "pr_auc"), "each label is in all test rows or in none")
        return missing

    def remarks(self) -> tuple[str, ...]:
        """Labels that are never given, and those that no test row has."""
        there, given = self.figures.there.any(axis=0), self.figures.given.any(axis=0)
        never = self._named(np.asarray(there & ~given))
        absent = self._named(np.asarray(~there))
        return (
            *([f"It never gives {never}, though some test rows have it."] if never else ()),
            *([f"No test row has {absent}: nothing is known of how well it is told."] if absent else ()),
        )

    def details(self) -> dict[str, Any]:
        """labels, per_label, and mistaken: how often a label is given wrongly where another is missed."""
        per_label = [{"label": name, **row} for name, row in zip(self.labels, self.figures.per_label(), strict=True)]
        return {"labels": list(self.labels), "per_label": per_label, "mistaken": self._mistaken()}

    def order(self) -> NDArray[np.intp]:
        """By the loss, the ones answered wrongly before those answered right."""
        return np.lexsort((-self.figures.losses, self.figures.whole))

    def told(self, row: int) -> dict[str, Any]:
        """Its labels, those that were said, and the one that is furthest off."""
        found = self.figures
        k = int(found.each_loss[row].argmax())
        (true,), (said,) = (texts(marked[[row]], self.labels) for marked in (found.there, found.given))
        return {
            "row": row,
            "label": true,
            "prediction": said,
            "side": self.labels[k],
            "probability": float(found.probabilities[row, k]),
            "loss": float(found.losses[row]),
        }

    def part(self, rows: NDArray[np.intp]) -> Judged:
        """The same of some rows."""
        return JudgedLabels(Several(self.figures.truth[rows], self.figures.probabilities[rows]), self.labels)

    def columns(self) -> dict[str, pa.Array]:
        """`label` and `prediction` (texts), and `probabilities` [K]."""
        found = self.figures
        return {
            "label": pa.array(texts(found.there, self.labels), pa.string()),
            "prediction": pa.array(texts(found.given, self.labels), pa.string()),
            "probabilities": pa.FixedSizeListArray.from_arrays(pa.array(found.probabilities.ravel()), len(self.labels)),
        }

    def _named(self, marked: NDArray[np.bool_]) -> str:
        names = [shown(self.labels[k]) for k in np.flatnonzero(marked)]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        return ", ".join(names[:_NAMED]) + more

    def _mistaken(self) -> list[dict[str, Any]]:
        """Pairs of labels, the one missed and the other given wrongly in the same row, most frequent first."""
        missed = (self.figures.there & ~self.figures.given).astype(np.float32)
        wrong = (self.figures.given & ~self.figures.there).astype(np.float32)
        counts = missed.T @ wrong
        order = np.argsort(-counts, axis=None, kind="stable")[:_PAIRS]
        pairs = [(int(place) // len(self.labels), int(place) % len(self.labels)) for place in order]
        return [
            {"missed": self.labels[i], "given": self.labels[j], "rows": int(counts[i, j])}
            for i, j in pairs
            if counts[i, j] > 0
        ]


class LabelJudge(TableJudge):
    """By the labels given, whole and each, and by probabilities."""

    def judged(self, labels: Labels, answers: Answers, target: Target, rules: Evaluation, settings: Any) -> Judged:  # noqa: ARG002
        """Probabilities on labelled rows."""
        return JudgedLabels(Several(labels, answers), target.labels)

    def trivial(self, examples: Examples, target: Target) -> Answers:  # noqa: ARG002
        """The shares of the labels."""
        return np.asarray(examples.labels.mean(axis=0), np.float32)

    def classical(self, examples: Examples, target: Target) -> tuple[str, Answers]:
        """Of each label by itself gradient boosting; where the columns are many and alike, logistic regression."""
        return _regressed(examples, target.outputs) if examples.what else _boosted(examples, target.outputs)

    def labels(self, cells: pa.ChunkedArray, schema: dict[str, Any]) -> Labels:
        """[N, K]; a label that the model does not know counts for nothing."""
        chunks = [places(chunk, schema["labels"]) for chunk in cells.chunks]
        return np.concatenate([np.zeros((0, len(schema["labels"])), np.uint8), *chunks])

    def figures(self, labels: Labels, answers: Answers, schema: dict[str, Any]) -> dict[str, float]:  # noqa: ARG002
        """See `keepfit.metrics.several`."""
        return Several(labels, answers).scores()

    def compare(
        self,
        labels: Labels,
        champion: Answers,
        challenger: Answers,
        _schema: dict[str, Any],
        metric: str,
        level: float,
    ) -> Paired:
        """See `keepfit.metrics.several`."""
        return several.compare(labels, champion, challenger, metric, level)


JUDGE = LabelJudge()


def _drawn(labels: Labels, most: int) -> NDArray[np.intp]:
    """Numbers of all rows, or of `most` of them, in their order."""
    rows = len(labels)
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(0).permutation(rows)[:most])


def _boosted(examples: Examples, labels: int) -> tuple[str, Answers]:
    how = Boosting(
        Boosted,
        trees=labels,
        drawn=_drawn,
        answer=lambda model, rows: model.each.probabilities(rows),
    )
    return boosted(examples, how)


def _regressed(examples: Examples, labels: int) -> tuple[str, Answers]:
    how = LinearBaseline(
        "logistic regression",
        outputs=labels,
        penalties=strengths(examples),
        fit=lambda rows, truth, strength: Each(lambda _, column: logistic(rows, column, strength), truth),
        drawn=_drawn,
        answer=lambda model, rows: model.probabilities(rows),
    )
    return fitted(examples, how)
