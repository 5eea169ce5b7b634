"""The report's sections on what came out: training, slices, and what answers rest on. Empty where there is none."""

from __future__ import annotations

from typing import Any

from keepfit.metrics.naming import LOWER_IS_BETTER, SHARES, figure, metric_name, span
from keepfit.problems.show import Listing
from keepfit.quoting import cut, visible
from keepfit.report.facts import RunFacts


def training(facts: RunFacts) -> list[tuple[str, str]]:
    """What was trained, in a few figures."""
    trained = facts.artifact("train")
    if not trained:
        return []
    resolved = facts.read("train", "resolved.json", {})
    judged = [
        (f"validation {metric_name(name)}", figure(name, value))
        for name, value in sorted(trained["validation"].items(), key=lambda pair: pair[0] == "loss")
    ]
    return [
        ("family", trained["family"]),
        ("parameters", f"{trained['parameters']:,}"),
        ("epochs", f"{trained['epochs']}, the best {trained['best_epoch']}"),
        *judged,
        ("computed on", ", ".join(str(resolved[name]) for name in ("device", "precision") if name in resolved)),
    ]


def charts(facts: RunFacts) -> list[str]:
    """Losses and scores over the epochs, as SVG."""
    from keepfit.report.charts import training as drawn

    history = facts.read("train", "history.json", [])
    return drawn(history, facts.artifact("train")["best_epoch"], facts.show.loss) if history else []


def slices(facts: RunFacts) -> dict[str, Any]:
    """The problem's metric in each slice, with its interval; slices of few rows are marked."""
    metric = facts.show.sliced
    found = [s for s in facts.metrics.get("slices", []) if s.get(metric) is not None]
    most = 1.0 if metric in SHARES else max((s[metric] for s in found), default=1.0) or 1.0
    rows = [
        {
            "name": f"{s['column']}: {'missing' if s['value'] is None else s['value']}",
            "rows": f"{s['rows']:,}",
            "small": s["small"],
            "value": figure(metric, s[metric]),
            "span": span(metric, s["interval"]["low"], s["interval"]["high"]) if s["interval"] else "",
            "share": round(100 * s[metric] / most, 1),
        }
        for s in found
    ]
    return {"rows": rows, "metric": metric_name(metric), "lower": metric in LOWER_IS_BETTER} if rows else {}


def telling(facts: RunFacts) -> dict[str, Any]:
    """What in columns of texts speaks for each side, one table a side."""
    tables = [
        Listing(
            f"{column['column']}: for {side['side']}",
            ("part", "figure", "rows"),
            [(cut(visible(one["part"]), 40), f"{one['effect']:.3g}", f"{one['rows']:,}") for one in side["parts"]],
            frozenset({1, 2}),
        )
        for column in facts.metrics.get("telling", [])
        for side in column["sides"]
        if side["parts"]
    ]
    return {"tables": tables, "unit": facts.show.leaning} if tables else {}
