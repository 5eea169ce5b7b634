"""metrics.json: everything the report, the bundle and the release want to know of a model on its test rows.

model, majority, classical    scalar metrics; null where undefined, and `undefined` says why
intervals                     metric → value, low, high at `confidence`
per_class                     class, support, precision, recall, f1, roc_auc, pr_auc
confusion                     rows of class i predicted as j
roc, pr                       class and the points of its curve, at most 200
calibration                   bins by the probability of the prediction: low, high, rows, confidence, accuracy
slices                        column, value (null: missing), rows, small, interval of the accuracy, and metrics
worst                         row number in test_raw, label, prediction, their probabilities, loss in nats
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from keepfit.config import Evaluation
from keepfit.metrics.answers import Answers
from keepfit.stages.evaluation.slices import Slice

SMALL = 30
"""A slice of fewer rows is marked: its figures are mostly chance."""
_OF_SLICES = ("accuracy", "balanced_accuracy", "macro_f1", "roc_auc", "log_loss")


def document(
    model: Answers, others: Mapping[str, Answers], classes: tuple[str, ...], groups: list[Slice], rules: Evaluation
) -> dict[str, Any]:
    """The content of metrics.json; `others` are the baselines' answers on the same rows."""
    scores, curves = model.scores(rules.top_k), model.curves()
    missing = _undefined(model, classes)
    return {
        "format": 1,
        "rows": len(model.labels),
        "classes": list(classes),
        "confidence": rules.confidence,
        "top_k": rules.top_k,
        "model": {**scores, **dict.fromkeys(missing)},
        "undefined": missing,
        "intervals": {name: ends.model_dump() for name, ends in model.intervals(rules.confidence).items()},
        **{name: {**answers.scores(rules.top_k), **dict.fromkeys(missing)} for name, answers in others.items()},
        "per_class": [{"class": classes[k], **row} for k, row in enumerate(model.per_class())],
        "confusion": model.confusion.tolist(),
        "roc": [{"class": classes[k], "fpr": c["fpr"], "tpr": c["tpr"]} for k, c in curves.items()],
        "pr": [{"class": classes[k], "recall": c["recall"], "precision": c["precision"]} for k, c in curves.items()],
        "calibration": model.calibration,
        "slices": [_slice(model, group, rules.confidence) for group in groups],
        "worst": _worst(model, classes, rules.worst),
    }


def _undefined(model: Answers, classes: tuple[str, ...]) -> dict[str, str]:
    """Metric → why these rows do not define it."""
    if model.rankings:
        return {}
    only = classes[int(model.labels[0])]
    reason = f'every test row is of the class "{only}", and a ranking needs two'
    return dict.fromkeys(("roc_auc", "pr_auc"), reason)


def _slice(model: Answers, group: Slice, confidence: float) -> dict[str, Any]:
    part = Answers(model.labels[group.rows], model.probabilities[group.rows])
    scores = part.scores()
    return {
        "column": group.column,
        "value": group.value,
        "rows": len(group.rows),
        "small": len(group.rows) < SMALL,
        "interval": part.intervals(confidence)["accuracy"].model_dump(),
        **{name: scores.get(name) for name in _OF_SLICES},
    }


def _worst(model: Answers, classes: tuple[str, ...], most: int) -> list[dict[str, Any]]:
    """The rows with the largest loss, those answered wrongly before those answered right; of equal ones the earlier."""
    rows = np.lexsort((-model.losses, model.predictions == model.labels))[:most]
    return [
        {
            "row": int(row),
            "label": classes[int(model.labels[row])],
            "prediction": classes[int(model.predictions[row])],
            "probability": float(model.probabilities[row].max()),
            "probability_of_label": float(model.probabilities[row, model.labels[row]]),
            "loss": float(model.losses[row]),
        }
        for row in rows
    ]
