"""What the report says of labels."""

from __future__ import annotations

from typing import Any, ClassVar

from keepfit.metrics.naming import figure
from keepfit.problems.show import Chapter, Listing, Show
from keepfit.quoting import cut, visible

NAMES, PAIRS = 26, 12
"""Labels, and pairs of them, that a table goes to."""


class LabelShow(Show):
    """Labels by themselves, and what is taken for what."""

    loss: ClassVar[str] = "Log loss a label"
    sliced: ClassVar[str] = "label_accuracy"
    leaning: ClassVar[str] = "in the logarithm of the label's odds: 0.7 doubles them"
    worst_head: ClassVar[tuple[str, ...]] = ("true", "said", "furthest off")
    worst_note: ClassVar[str] = (
        "The test rows with the largest loss, the worst first. "
        "Behind them the label that is furthest off, with the probability given to it."
    )

    def target(self, profile: dict[str, Any]) -> Listing:
        """The labels, and how many train rows have each; below them what comes together."""
        labels = sorted(profile["labels"], key=lambda one: -one["train"])
        rows = [(_short(one["name"]), f"{one['train']:,}") for one in labels[:NAMES]]
        bars = [round(100 * one["train"] / max(profile["rows"], 1), 1) for one in labels[:NAMES]]
        told = [f"and {len(labels) - NAMES} more labels"] if len(labels) > NAMES else []
        told += [f"{profile['none']:,} of {profile['rows']:,} rows have no label"] if profile["none"] else []
        pairs = [f"{' and '.join(map(_short, one['labels']))} {one['train']:,}" for one in profile["pairs"][:5]]
        told += [f"most often together: {', '.join(pairs)}"] if pairs else []
        return Listing("Labels, train rows", (), rows, frozenset({1}), bars, "; ".join(told))

    def errors(self, metrics: dict[str, Any]) -> Chapter:
        """Precision, recall and F1 of each label, the weakest first; labels given in place of others."""
        tables = [table for table in (_labels(metrics), _mistaken(metrics)) if table.rows]
        return Chapter("Where it is wrong", tables)

    def curves(self, metrics: dict[str, Any]) -> Chapter:
        """How well each label is told from the rows without it."""
        from keepfit.problems.multilabel.charts import every

        return Chapter("Labels", charts=every(metrics))

    def worst(self, row: dict[str, Any]) -> tuple[str, ...]:
        """What it has, what was said, and the label that is furthest off."""
        return row["label"], row["prediction"], f"{_short(row['side'])} {100 * row['probability']:.1f} %"


SHOW = LabelShow()


def _short(name: str) -> str:
    return cut(visible(name), 30)


def _labels(metrics: dict[str, Any]) -> Listing:
    found = sorted(metrics.get("per_label", []), key=lambda row: row["f1"] if row["f1"] is not None else -1)
    rows = [
        (
            _short(row["label"]),
            f"{row['support']:,}",
            *("–" if row[m] is None else figure(m, row[m]) for m in ("precision", "recall", "f1", "roc_auc")),
        )
        for row in found[:NAMES]
    ]
    more = f"and {len(found) - NAMES} more labels." if len(found) > NAMES else ""
    head = ("label", "rows", "precision", "recall", "F1", "ROC-AUC")
    return Listing("Labels, the weakest first", head, rows, frozenset({1, 2, 3, 4, 5}), note=more)


def _mistaken(metrics: dict[str, Any]) -> Listing:
    rows = [
        (_short(one["missed"]), _short(one["given"]), f"{one['rows']:,}") for one in metrics.get("mistaken", [])[:PAIRS]
    ]
    return Listing("One missed where another is given wrongly", ("missed", "given", "rows"), rows, frozenset({2}))
