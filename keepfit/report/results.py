"""The report's sections on what came out: training, errors, curves, slices. Empty where there is none."""

from __future__ import annotations

from typing import Any

from keepfit.metrics.naming import figure, span
from keepfit.report.facts import RunFacts

CELLS, NAMES = 12, 26
"""Confused pairs that are listed; classes up to which the matrix is drawn and the table of classes goes."""


def training(facts: RunFacts) -> list[tuple[str, str]]:
    """What was trained, in a few figures."""
    trained = facts.artifact("train")
    if not trained:
        return []
    resolved = facts.read("train", "resolved.json", {})
    return [
        ("family", trained["family"]),
        ("parameters", f"{trained['parameters']:,}"),
        ("epochs", f"{trained['epochs']}, the best {trained['best_epoch']}"),
        ("validation accuracy", figure("accuracy", trained["validation_accuracy"])),
        ("validation log loss", figure("log_loss", trained["validation_loss"])),
        ("computed on", ", ".join(str(resolved[name]) for name in ("device", "precision") if name in resolved)),
    ]


def confusion(facts: RunFacts) -> dict[str, Any]:
    """The matrix, each cell with its share of its row; of many classes only the pairs most often confused."""
    matrix, names = facts.metrics.get("confusion", []), facts.classes
    if not matrix:
        return {}
    rows = [
        {"name": name, "cells": [_cell(i == j, count, sum(row)) for j, count in enumerate(row)]}
        for i, (name, row) in enumerate(zip(names, matrix, strict=True))
    ]
    wrong = [(n, names[i], names[j]) for i, row in enumerate(matrix) for j, n in enumerate(row) if i != j and n]
    pairs = [{"count": n, "true": t, "predicted": p} for n, t, p in sorted(wrong, key=lambda w: (-w[0], w[1:]))]
    return {"names": names, "rows": rows if len(names) <= NAMES else [], "pairs": pairs[:CELLS]}


def _cell(diagonal: bool, count: int, total: int) -> dict[str, Any]:
    return {"count": count, "share": round(100 * count / total, 1) if total else 0, "right": diagonal}


def per_class(facts: RunFacts) -> list[dict[str, Any]]:
    """Precision, recall and F1 of each class, the weakest first."""
    named = zip(facts.classes, facts.metrics.get("per_class", []), strict=False)
    rows = [{"name": name, **row} for name, row in named]
    rows.sort(key=lambda row: row["f1"] if row.get("f1") is not None else -1)
    return [
        {
            "name": row["name"],
            "rows": f"{row['support']:,}",
            **{m: "–" if row.get(m) is None else figure(m, row[m]) for m in ("precision", "recall", "f1")},
            "share": round(100 * (row.get("f1") or 0), 1),
        }
        for row in rows[:NAMES]
    ]


def slices(facts: RunFacts) -> dict[str, Any]:
    """The accuracy in each slice, with its interval; slices of few rows are marked."""
    rows = [
        {
            "name": f"{s['column']}: {'missing' if s['value'] is None else s['value']}",
            "rows": f"{s['rows']:,}",
            "small": s["small"],
            "value": figure("accuracy", s["accuracy"]),
            "span": span("accuracy", s["interval"]["low"], s["interval"]["high"]),
            "share": round(100 * s["accuracy"], 1),
        }
        for s in facts.metrics.get("slices", [])
    ]
    return {"rows": rows} if rows else {}
