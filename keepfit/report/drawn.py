"""Which charts a report has. Matplotlib is imported here, and only when something is drawn."""

from __future__ import annotations

from typing import Any

from keepfit.report import charts
from keepfit.report.facts import Facts


def training_charts(facts: Facts) -> list[str]:
    """Losses and accuracy over the epochs, as SVG."""
    history = facts.read("train", "history.json", [])
    return charts.training(history, facts.artifact("train")["best_epoch"]) if history else []


def curve_charts(facts: Facts) -> list[str]:
    """ROC, precision-recall and calibration, as SVG."""
    metrics, made = facts.metrics, []
    roc = _weakest_first(metrics, "roc", "roc_auc", ("fpr", "tpr"))
    if roc:
        labels = ("false positive rate", "true positive rate")
        made.append(charts.curves("roc", _title("ROC", roc), labels, roc, chance=True))
    ranked = _weakest_first(metrics, "pr", "pr_auc", ("recall", "precision"))
    if ranked:
        labels = ("recall", "precision")
        made.append(charts.curves("pr", _title("Precision-recall", ranked), labels, ranked, chance=False))
    if metrics.get("calibration"):
        made += [charts.calibration(metrics["calibration"]), charts.sureness(metrics["calibration"])]
    return made


def _title(title: str, lines: list[charts.Curve]) -> str:
    return f"{title}, the 3 weakest of {len(lines)} classes" if len(lines) > 3 else title


def _weakest_first(metrics: dict[str, Any], name: str, area: str, axes: tuple[str, str]) -> list[charts.Curve]:
    """Each class's curve, named with the area under it, the smallest area first."""
    areas = {row["class"]: row.get(area) for row in metrics.get("per_class", [])}
    lines = [(areas.get(c["class"]) or 0.0, str(c["class"]), c[axes[0]], c[axes[1]]) for c in metrics.get(name, [])]
    lines.sort(key=lambda line: line[:2])
    return [(f"{label[:18]}  {value:.3f}", x, y) for value, label, x, y in lines]
