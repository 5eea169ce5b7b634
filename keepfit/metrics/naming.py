"""Metrics and figures as a person writes them, the same in verdicts, the terminal and the report."""

from __future__ import annotations

from typing import Any

SHARES = frozenset(
    {
        "accuracy",
        "balanced_accuracy",
        "top_k_accuracy",
        "subset_accuracy",
        "label_accuracy",
        "micro_f1",
        "macro_f1",
        "weighted_f1",
        "precision",
        "recall",
        "f1",
        "mape",
        "coverage",
        "false_alarms",
        "told_apart",
        "recognised",
        "covered",
        "copies",
    }
)
"""Metrics shown in per cent."""

IN_UNITS = frozenset({"rmse", "mae", "median_error", "width"})
"""Metrics in the target's own unit; of two models they differ by a share."""

LOWER_IS_BETTER = IN_UNITS | {
    "log_loss", "brier", "calibration_error", "mape", "mase", "nats_per_character", "bits_per_character", "perplexity",
    "false_alarms", "told_apart", "copies",
}  # fmt: skip
"""Metrics that measure an error."""

COUNTS = frozenset({"active_units", "classes"})
"""Metrics that count things."""

SHOWN = ("accuracy", "balanced_accuracy", "subset_accuracy", "label_accuracy", "micro_f1", "macro_f1", "weighted_f1",
         "mcc", "precision", "recall", "f1", "roc_auc", "pr_auc", "top_k_accuracy", "log_loss", "brier",
         "calibration_error", "rmse", "mae", "median_error", "r2", "mape", "mase", "coverage", "width",
         "nats_per_character",
         "bits_per_character", "perplexity", "elbo", "strangers_auroc", "false_alarms", "rate",
         "active_units", "told_apart", "recognised", "classes", "covered", "diversity", "copies")  # fmt: skip
"""Metrics that a table shows, in this order."""

JUDGED = "validation_"
"""How a figure of the validation rows begins, in a training's history and in what is told of its steps."""

_NAMES = {
    "roc_auc": "ROC-AUC",
    "pr_auc": "PR-AUC",
    "mcc": "MCC",
    "micro_f1": "micro F1",
    "macro_f1": "macro F1",
    "weighted_f1": "weighted F1",
    "f1": "F1",
    "brier": "Brier score",
    "top_k_accuracy": "top-k accuracy",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
    "mape": "MAPE",
    "mase": "MASE",
    "coverage": "coverage of the intervals",
    "width": "mean width of the intervals",
    "nats_per_character": "nats a character",
    "bits_per_character": "bits a character",
    "elbo": "ELBO",
    "strangers_auroc": "ROC-AUC of planted strangers",
    "rate": "nats a cell in the code",
    "told_apart": "told apart from test rows",
    "recognised": "recognised as what was asked for",
    "classes": "classes that are mostly recognised",
    "covered": "covered rows",
    "copies": "copies of train rows",
    "active_units": "active numbers of the code",
}


def metric_name(metric: str) -> str:
    """`ROC-AUC` for `roc_auc`."""
    return _NAMES.get(metric, metric.replace("_", " "))


def begun(metric: str) -> str:
    """A metric's name as a sentence begins with it: `Accuracy`, `RMSE`."""
    name = metric_name(metric)
    return name[0].upper() + name[1:]


def figure(metric: str, value: float) -> str:
    """A value with the digits that carry meaning: `97.4 %`, or `0.081`; one that is nearly 1 is not shown as 1."""
    if metric in IN_UNITS:
        return quantity(value)
    if metric in COUNTS:
        return f"{value:.0f}"
    digits = 1 if 0.9995 <= value < 1 else 0
    return f"{100 * value:.{1 + digits}f} %" if metric in SHARES else f"{value:.{3 + digits}f}"


def quantity(value: float, sign: str = "") -> str:
    """A value of the data in four digits: `48,230`, `0.01234`, and powers of ten only where it is vast or tiny."""
    if 1000 <= abs(value) < 1e12:
        return f"{value:{sign},.0f}"
    return f"{value:{sign}.4g}"


def span(metric: str, low: float, high: float) -> str:
    """An interval: `95.1 to 98.6 %`."""
    return f"{figure(metric, low).removesuffix(' %')} to {figure(metric, high)}"


def gap(metric: str, value: float, sign: str = "") -> str:
    """The size of a difference: `1.0 points`, `2.3 %` of an error, or `0.010`; with sign "+" its direction as well."""
    if metric in IN_UNITS:
        return f"{100 * value:{sign}.1f} %"
    return f"{100 * value:{sign}.1f} points" if metric in SHARES else f"{value:{sign}.3f}"


def signed(metric: str, value: float) -> str:
    """A difference with its sign and no unit: `+1.2`."""
    return f"{100 * value:+.1f}" if metric in SHARES | IN_UNITS else f"{value:+.3f}"


def gain(metric: str, value: float, base: float) -> float:
    """How much better `value` is than `base`: for errors in the target's unit as a share of `base`."""
    if metric in IN_UNITS:
        return (base - value) / base if base else -value
    return base - value if metric in LOWER_IS_BETTER else value - base


def against(metric: str, difference: float, low: float, high: float) -> tuple[str, str]:
    """How a challenger stands to the champion, and between what: `accuracy +1.2 points against the champion`, or
    `RMSE 2.3 % lower than the champion's`. Above zero the challenger is better."""
    if metric not in IN_UNITS:
        return f"{metric_name(metric)} {gap(metric, difference, '+')} against the champion", (
            f"{signed(metric, low)} to {signed(metric, high)}"
        )
    way = "lower" if difference >= 0 else "higher"
    ends = (f"{100 * abs(end):.1f} % {'lower' if end >= 0 else 'higher'}" for end in (low, high))
    return f"{metric_name(metric)} {100 * abs(difference):.1f} % {way} than the champion's", " to ".join(ends)


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
