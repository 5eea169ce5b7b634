"""Probabilities against classes. N rows, K classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from keepfit.config import Evaluation
from keepfit.metrics.answers import Answers as Figures
from keepfit.metrics.paired import Paired, compare
from keepfit.problems.answer import Answers, Labels
from keepfit.problems.boosting import Boosting, boosted
from keepfit.problems.classification import Settings, Target
from keepfit.problems.classification.decision import factors
from keepfit.problems.examples import TableJudge
from keepfit.problems.judge import Examples, Judged
from keepfit.problems.linear import LinearBaseline, fitted, logistic, strengths
from keepfit.store.artifacts import Interval


class JudgedClasses(Judged):
    """Probabilities [N, K] of labelled rows."""

    sliced: ClassVar[tuple[str, ...]] = ("accuracy", "balanced_accuracy", "macro_f1", "roc_auc", "log_loss")

    def __init__(self, figures: Figures, classes: tuple[str, ...], rules: Evaluation) -> None:
        self.figures, self.classes, self.rules = figures, classes, rules

    def scores(self) -> dict[str, float]:
        """See `keepfit.metrics.answers`."""
        return self.figures.scores(self.rules.top_k)

    def intervals(self, confidence: float) -> dict[str, Interval]:
        """Of accuracy and its like, of rankings, and of losses."""
        return self.figures.intervals(confidence)

    def undefined(self) -> dict[str, str]:
        """Rankings, where all rows are of one class; precision and its like, where no row is of the positive one."""
        if self.figures.rankings:
            return {}
        only = f'every test row is of the class "{self.classes[int(self.figures.labels[0])]}"'
        lacking = self.figures.positive not in (None, self.figures.labels[0])
        return {
            **dict.fromkeys(("precision", "recall", "f1") if lacking else (), only),
            **dict.fromkeys(("roc_auc", "pr_auc"), f"{only}, and a ranking needs two"),
        }

    def remarks(self) -> tuple[str, ...]:
        """Classes that are never said."""
        rows, said = self.figures.confusion.sum(axis=1), self.figures.confusion.sum(axis=0)
        never = [self.classes[k] for k in np.flatnonzero((said == 0) & (rows > 0))]
        if not never:
            return ()
        named = ", ".join(f'"{name}"' for name in never[:3])
        more = f" and {len(never) - 3} more" if len(never) > 3 else ""
        there = int(rows[said == 0].sum())
        return (
            f"It never says {named}{more}, though {there:,} test rows are. Where such rows should be found, "
            "problem: {decide: balanced} says the class that is likelier than usual.",
        )

    def details(self) -> dict[str, Any]:
        """What metrics.json holds besides.

        classes, positive (the one of two that some metrics are of), factors (by which a class is said, see
        `keepfit.metrics.answers`), top_k, per_class, confusion (rows of class i predicted as j), roc, pr (the points of
        each class's curve), calibration (bins by the probability of the most probable class).
        """
        figures, classes, curves = self.figures, self.classes, self.figures.curves()
        return {
            "classes": list(classes),
            "positive": None if figures.positive is None else classes[figures.positive],
            "factors": [*figures.factors],
            "top_k": self.rules.top_k,
            "per_class": [{"class": classes[k], **row} for k, row in enumerate(figures.per_class())],
            "confusion": figures.confusion.tolist(),
            "roc": [{"class": classes[k], "fpr": c["fpr"], "tpr": c["tpr"]} for k, c in curves.items()],
            "pr": [
                {"class": classes[k], "recall": c["recall"], "precision": c["precision"]} for k, c in curves.items()
            ],
            "calibration": figures.calibration,
        }

    def order(self) -> NDArray[np.intp]:
        """By the loss, the ones answered wrongly before those answered right."""
        return np.lexsort((-self.figures.losses, self.figures.predictions == self.figures.labels))

    def told(self, row: int) -> dict[str, Any]:
        """Its class, what was said, and how probable both were."""
        figures = self.figures
        return {
            "row": row,
            "label": self.classes[int(figures.labels[row])],
            "prediction": self.classes[int(figures.predictions[row])],
            "probability": float(figures.probabilities[row, figures.predictions[row]]),
            "probability_of_label": float(figures.probabilities[row, figures.labels[row]]),
            "loss": float(figures.losses[row]),
        }

    def part(self, rows: NDArray[np.intp]) -> Judged:
        """The same of some rows."""
        figures = self.figures
        some = replace(figures, labels=figures.labels[rows], probabilities=figures.probabilities[rows])
        return JudgedClasses(some, self.classes, self._plain)

    @cached_property
    def _plain(self) -> Evaluation:
        """Slices are too small for a top-k accuracy."""
        return self.rules.model_copy(update={"top_k": len(self.classes)})

    def columns(self) -> dict[str, pa.Array]:
        """`label` and `prediction` (class codes), and `probabilities` [K]."""
        found, classes = self.figures, len(self.classes)
        return {
            "label": pa.array(found.labels, pa.int32()),
            "prediction": pa.array(found.predictions, pa.int32()),
            "probabilities": pa.FixedSizeListArray.from_arrays(pa.array(found.probabilities.ravel()), classes),
        }


class ClassJudge(TableJudge):
    """By right answers, rankings and probabilities."""

    def judged(self, labels: Labels, answers: Answers, target: Target, rules: Evaluation, settings: Settings) -> Judged:
        """Probabilities on labelled rows."""
        named, by = _code(settings.positive, target.classes), tuple(factors(settings, target))
        figures = Figures(labels, answers, named, by)
        return JudgedClasses(figures, target.classes, rules)

    def trivial(self, examples: Examples, target: Target) -> Answers:
        """The shares of the classes."""
        seen = np.bincount(examples.labels, minlength=target.outputs)
        return np.asarray(seen / seen.sum(), np.float32)

    def classical(self, examples: Examples, target: Target) -> tuple[str, Answers]:
        """Gradient boosting; where the columns are many and alike, as pixels and n-grams are, logistic regression."""
        return _regressed(examples, target.outputs) if examples.what else _boosted(examples, target.outputs)

    def labels(self, cells: pa.ChunkedArray, schema: dict[str, Any]) -> Labels:
        """Codes."""
        return np.asarray(pc.index_in(cells, value_set=pa.array(schema["classes"])).to_numpy())

    def figures(self, labels: Labels, answers: Answers, schema: dict[str, Any]) -> dict[str, float]:
        """See `keepfit.metrics.answers`."""
        return _figures(labels, answers, schema).scores()

    def compare(
        self,
        labels: Labels,
        champion: Answers,
        challenger: Answers,
        schema: dict[str, Any],
        metric: str,
        level: float,
    ) -> Paired:
        """See `keepfit.metrics.paired`."""
        found = _figures(labels, challenger, schema)
        which: Any = metric
        return compare(labels, champion, challenger, which, level, positive=found.positive, factors=found.factors)


JUDGE = ClassJudge()


def _figures(labels: Labels, answers: Answers, schema: dict[str, Any]) -> Figures:
    return Figures(labels, answers, _code(schema.get("positive"), schema["classes"]), tuple(schema.get("factors", ())))


def _code(name: str | None, classes: Sequence[str]) -> int | None:
    return None if name is None or name not in classes else list(classes).index(name)


def sample(labels: Labels, most: int) -> NDArray[np.intp]:
    """Numbers of all rows, or of `most` drawn in equal shares from every class, in their order."""
    rows = len(labels)
    if rows <= most:
        return np.arange(rows)
    by_class = np.lexsort((np.random.default_rng(0).permutation(rows), labels))
    return np.sort(by_class[np.linspace(0, rows - 1, most).astype(np.intp)])


def _boosted(examples: Examples, classes: int) -> tuple[str, Answers]:
    from sklearn.ensemble import HistGradientBoostingClassifier

    how = Boosting(
        HistGradientBoostingClassifier,
        trees=1 if classes == 2 else classes,
        drawn=sample,
        answer=lambda model, rows: _probabilities(model, rows, classes),
        known=np.isin,
    )
    return boosted(examples, how)


def _regressed(examples: Examples, classes: int) -> tuple[str, Answers]:
    how = LinearBaseline(
        "logistic regression",
        outputs=classes,
        penalties=strengths(examples),
        fit=logistic,
        drawn=sample,
        answer=lambda model, rows: _probabilities(model, rows, classes),
    )
    return fitted(examples, how)


def _probabilities(model: Any, rows: NDArray[Any], classes: int) -> Answers:
    """[N', K]; a class that the model has not seen has none."""
    found = np.zeros((rows.shape[0], classes), np.float32)
    found[:, model.classes_] = model.predict_proba(rows)
    return found
