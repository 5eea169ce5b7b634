"""A million predictions of ten classes: our metrics against scikit-learn's, in alternation.

`python benchmarks/metrics.py`

Both compute accuracy, balanced accuracy, precision, recall and F1 of each class and averaged, MCC, confusion matrix,
log loss, Brier score, ROC-AUC and average precision one against the rest, and top-3 accuracy. Ours also bins the
calibration. The intervals and curves, which scikit-learn has not, are timed apart.
"""

from __future__ import annotations

import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics as reference

from keepfit.metrics.answers import Answers

ROWS, CLASSES, TIMES = 1_000_000, 10, 3


def predictions() -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, CLASSES, ROWS)
    scores = rng.normal(size=(ROWS, CLASSES)).astype(np.float32)
    scores[np.arange(ROWS), labels] += 2
    odds = np.exp(scores)
    return labels, odds / odds.sum(axis=1, keepdims=True)


def ours(labels: NDArray[np.int64], probabilities: NDArray[np.float32]) -> dict[str, float]:
    answers = Answers(labels, probabilities)
    answers.per_class()
    return answers.scores(top_k=3)


def theirs(labels: NDArray[np.int64], probabilities: NDArray[np.float32]) -> dict[str, float]:
    predicted, one_hot = probabilities.argmax(axis=1), labels[:, None] == np.arange(CLASSES)
    reference.confusion_matrix(labels, predicted)
    for average in (None, "macro", "weighted"):
        reference.precision_recall_fscore_support(labels, predicted, average=average)
    return {
        "accuracy": reference.accuracy_score(labels, predicted),
        "balanced_accuracy": reference.balanced_accuracy_score(labels, predicted),
        "mcc": reference.matthews_corrcoef(labels, predicted),
        "log_loss": reference.log_loss(labels, probabilities),
        "brier": reference.brier_score_loss(labels, probabilities),
        "roc_auc": reference.roc_auc_score(one_hot, probabilities, average="macro"),
        "pr_auc": reference.average_precision_score(one_hot, probabilities, average="macro"),
        "top_k_accuracy": reference.top_k_accuracy_score(labels, probabilities, k=3),
    }


def cpu_seconds(function: Callable[..., Any], *args: Any) -> tuple[float, Any]:
    began = time.process_time()
    result = function(*args)
    return time.process_time() - began, result


def main() -> None:
    warnings.simplefilter("ignore")  # float32 rows sum to 1 less a bit
    given = predictions()
    pairs = [(cpu_seconds(ours, *given), cpu_seconds(theirs, *given)) for _ in range(TIMES)]
    mine, others = (statistics.median(pair[side][0] for pair in pairs) for side in (0, 1))
    found, expected = pairs[0][0][1], pairs[0][1][1]
    worst = max(abs(found[name] - expected[name]) for name in expected)
    answers = Answers(*given)
    answers.scores()
    intervals, _ = cpu_seconds(answers.intervals, 0.95)
    curves, _ = cpu_seconds(answers.curves)
    print(f"{ROWS:,} predictions of {CLASSES} classes, median of {TIMES}, CPU seconds")
    print(f"keepfit {mine:.2f}, scikit-learn {others:.2f}: {others / mine:.1f} times as fast")
    print(f"largest difference {worst:.1e}")
    print(f"intervals {intervals:.2f}, curves {curves:.2f}")


if __name__ == "__main__":
    main()
