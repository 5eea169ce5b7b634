"""What the report says of classes."""

from __future__ import annotations

from typing import Any, ClassVar

from keepfit.metrics.naming import figure
from keepfit.problems.classification.positive import of_positive
from keepfit.problems.show import Chapter, Listing, Show

CELLS, NAMES = 12, 26
"""Confused pairs that are listed; classes up to which the matrix is drawn and a table of classes goes."""


class ClassShow(Show):
    """Confused classes, rankings, calibration."""

    loss: ClassVar[str] = "Log loss"
    sliced: ClassVar[str] = "accuracy"
    leaning: ClassVar[str] = "in the logarithm of the class's odds: 0.7 doubles them"
    worst_head: ClassVar[tuple[str, ...]] = ("true", "said", "probability")
    worst_note: ClassVar[str] = (
        "The test rows with the largest loss, the worst first. "
        "The percentage is the probability given to the true class."
    )

    def target(self, profile: dict[str, Any]) -> Listing:
        """The classes, and how many train rows each has."""
        classes = profile["classes"]
        most = max((c["train"] for c in classes), default=1) or 1
        rows = [(c["name"], f"{c['train']:,}") for c in classes[:NAMES]]
        bars = [round(100 * c["train"] / most, 1) for c in classes[:NAMES]]
        more = f"and {len(classes) - NAMES} more classes." if len(classes) > NAMES else ""
        return Listing("Classes, train rows", (), rows, frozenset({1}), bars, more)

    def measured(self, metrics: dict[str, Any]) -> str:
        """Which class is the positive one."""
        return of_positive(metrics["positive"]) if metrics.get("positive") else ""

    def errors(self, metrics: dict[str, Any]) -> Chapter:
        """The matrix, each cell with its share of its row; of many classes only the pairs most often confused."""
        found, names = metrics.get("confusion", []), metrics.get("classes", [])
        rows = [
            {"name": name, "cells": [_cell(i == j, count, sum(row)) for j, count in enumerate(row)]}
            for i, (name, row) in enumerate(zip(names, found, strict=True))
        ]
        matrix = {"names": names, "rows": rows} if found and len(names) <= NAMES else {}
        tables = [table for table in (_confused(found, names), _classes(metrics)) if table.rows]
        return Chapter("Where it is wrong", tables, [], matrix, "Rows are the true class, columns what the model said.")

    def curves(self, metrics: dict[str, Any]) -> Chapter:
        """ROC, precision-recall, calibration."""
        from keepfit.problems.classification.charts import every

        return Chapter("Ranking and calibration", charts=every(metrics))

    def worst(self, row: dict[str, Any]) -> tuple[str, ...]:
        """The class, what was said, and the probability of the class."""
        return row["label"], row["prediction"], f"{100 * row['probability_of_label']:.1f} %"


SHOW = ClassShow()


def _cell(diagonal: bool, count: int, total: int) -> dict[str, Any]:
    return {"count": count, "share": round(100 * count / total, 1) if total else 0, "right": diagonal}


def _confused(matrix: list[list[int]], names: list[str]) -> Listing:
    wrong = [(n, names[i], names[j]) for i, row in enumerate(matrix) for j, n in enumerate(row) if i != j and n]
    wrong.sort(key=lambda w: (-w[0], w[1:]))
    rows = [(true, said, f"{count:,}") for count, true, said in wrong[:CELLS]]
    return Listing("Most often confused", ("true", "said", "rows"), rows, frozenset({2}))


def _classes(metrics: dict[str, Any]) -> Listing:
    """Precision, recall and F1 of each class, the weakest first."""
    found = sorted(metrics.get("per_class", []), key=lambda row: row["f1"] if row.get("f1") is not None else -1)
    rows = [
        (
            row["class"],
            f"{row['support']:,}",
            *("–" if row.get(m) is None else figure(m, row[m]) for m in ("precision", "recall", "f1")),
        )
        for row in found[:NAMES]
    ]
    head = ("class", "rows", "precision", "recall", "F1")
    return Listing("Classes, the weakest first", head, rows, frozenset({1, 2, 3, 4}))
