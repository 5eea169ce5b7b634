"""Metrics and figures as a person writes them, the same in verdicts, the terminal and the report."""

from __future__ import annotations

from typing import Any

SHARES = frozenset(
    {"accuracy", "balanced_accuracy", "top_k_accuracy", "macro_f1", "weighted_f1", "precision", "recall", "f1"}
)
"""Metrics shown in per cent."""

LOWER_IS_BETTER = frozenset({"log_loss", "brier", "calibration_error"})
"""Metrics that measure an error."""

SHOWN = ("accuracy", "balanced_accuracy", "macro_f1", "weighted_f1", "mcc", "roc_auc", "pr_auc", "top_k_accuracy",
         "log_loss", "brier", "calibration_error")  # fmt: skip
"""Metrics that a table shows, in this order."""

_NAMES = {
    "roc_auc": "ROC-AUC",
    "pr_auc": "PR-AUC",
    "mcc": "MCC",
    "macro_f1": "macro F1",
    "weighted_f1": "weighted F1",
    "f1": "F1",
    "brier": "Brier score",
    "top_k_accuracy": "top-k accuracy",
}


def metric_name(metric: str) -> str:
    """`ROC-AUC` for `roc_auc`."""
    return _NAMES.get(metric, metric.replace("_", " "))


def figure(metric: str, value: float) -> str:
    """A value with the digits that carry meaning: `97.4 %`, or `0.081`; one that is nearly 1 is not shown as 1."""
    digits = 1 if 0.9995 <= value < 1 else 0
    return f"{100 * value:.{1 + digits}f} %" if metric in SHARES else f"{value:.{3 + digits}f}"


def span(metric: str, low: float, high: float) -> str:
    """An interval: `95.1 to 98.6 %`."""
    return f"{figure(metric, low).removesuffix(' %')} to {figure(metric, high)}"


def gap(metric: str, value: float, sign: str = "") -> str:
    """The size of a difference: `1.0 points`, or `0.010`; with sign "+" its direction as well."""
    return f"{100 * value:{sign}.1f} points" if metric in SHARES else f"{value:{sign}.3f}"


def signed(metric: str, value: float) -> str:
    """A difference with its sign and no unit: `+1.2`."""
    return f"{100 * value:+.1f}" if metric in SHARES else f"{value:+.3f}"


def seconds(value: float) -> str:
    """A time as a person says it: `0.03 s`, `4.2 s`, `3 min 20 s`, `2 h 5 min`."""
    if value < 0.995:
        return f"{value:.2f} s"
    if value < 99.5:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def cell(value: Any, width: int = 40) -> str:
    """A cell of a table of rows, in so many characters."""
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    text = "–" if value is None else f"{value:.5g}" if isinstance(value, float) else str(value)
    return text if len(text) <= width else f"{text[: width - 1]}…"
