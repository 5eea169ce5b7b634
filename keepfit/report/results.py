"""The report's sections on what came out: training, slices, and what answers rest on. Empty where there is none."""

from __future__ import annotations

from typing import Any

from keepfit.features.lookup import read_transform, words_of
from keepfit.metrics.naming import LOWER_IS_BETTER, SHARES, figure, metric_name, span
from keepfit.problems.show import Listing
from keepfit.quoting import cut, visible
from keepfit.report.facts import RunFacts

_COLUMNS = 30


def training(facts: RunFacts) -> list[tuple[str, str]]:
    """What was trained, in a few figures."""
    trained = facts.artifact("train")
    if not trained:
        return []
    resolved = facts.read("train", "resolved.json", {})
    epochs = f"{trained['epochs']}, the best {trained['best_epoch']}" if facts.read("train", "history.json", []) else ""
    judged = [
        (f"validation {metric_name(name)}", figure(name, value))
        for name, value in sorted(trained["validation"].items(), key=lambda pair: pair[0] == "loss")
    ]
    tried = facts.read("train", "synthesis.json", {})
    return [
        ("family", trained["family"]),
        ("parameters", f"{trained['parameters']:,}"),
        *([("epochs", epochs)] if epochs else []),
        *judged,
        *([("rows beside", tried["told"])] if tried else []),
        *([("computed on", f"{resolved['device']}, {resolved['precision']}")] if "device" in resolved else []),
    ]


def members(facts: RunFacts) -> Listing | None:
    """Each member of a portfolio: its share of the answers, how well it does alone, and what it cost."""
    found = facts.read("train", "members.json", {})
    if not found:
        return None
    seconds = facts.read("train", "beside/timings.json", {}).get("members", [])
    names = [name for name in found["members"][0]["validation"] if name != "loss"]
    rows = [
        (
            _called(one),
            f"{100 * one['share']:.0f} %" if one["share"] else "left out",
            *(figure(name, one["validation"][name]) for name in names),
            f"{one['validation']['loss']:.4g}",
            f"{one['trainings']}",
            f"{one['parameters']:,}",
            f"{spent:.1f}",
        )
        for one, spent in zip(found["members"], seconds or [0.0] * len(found["members"]), strict=True)
    ]
    head = ("member", "share", *map(metric_name, names), "loss", "trainings", "numbers learned", "CPU s")
    note = f"Figures are of {found['rows']:,} rows, each answered by models that did not learn from it."
    return Listing("Members", head, rows, frozenset(range(1, len(head))), note=note)


def _called(member: dict[str, Any]) -> str:
    said = ", ".join(f"{name}: {str(value).lower()}" for name, value in member["settings"].items())
    return f"{member['family']} ({said})" if said else member["family"]


def charts(facts: RunFacts) -> list[str]:
    """Losses and scores over the epochs, as SVG."""
    from keepfit.report.charts import training as drawn

    history = facts.read("train", "history.json", [])
    return drawn(history, facts.artifact("train")["best_epoch"], facts.show.loss) if history else []


def changed(facts: RunFacts) -> dict[str, Any]:
    """Train rows as they are and as they were changed while it learned, and by how much."""
    path = facts.folder("train") / "beside" / "changed.npz"
    if not path.is_file():
        return {}
    import numpy as np

    resolved = facts.read("train", "resolved.json", {})
    with np.load(path, allow_pickle=False) as found:
        kinds = {one.tensor: one.kind for one in read_transform(facts.folder("preprocess")).features}
        rows = [[words_of(kinds[name]).seen(one) for one in row] for name in found.files for row in found[name]]
    amounts = [f"{name} {amount:g}" for name, amount in resolved["plan"]["augment"].items() if amount]
    kept = [f"{100 * share:.0f} % with {name}" for name, share in resolved["kept"].items()]
    return {"rows": rows, "amounts": ", ".join(amounts) or "nothing", "kept": ", ".join(kept)}


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


def importance(facts: RunFacts) -> dict[str, Any]:
    """How far the loss rises without each column, the largest first."""
    found = facts.metrics.get("importance", [])
    most = max((one["rise"] for one in found), default=0.0)
    rows = [
        {
            "name": visible(one["column"]),
            "value": f"{one['rise']:.3g}",
            "span": f"{one['low']:.2g} – {one['high']:.2g}",
            "share": round(100 * max(one["rise"], 0.0) / most, 1),
            "sure": one["low"] > 0,
        }
        for one in found[:_COLUMNS]
        if most > 0
    ]
    more = len(found) - len(rows)
    return {"rows": rows, "more": more, "loss": facts.show.loss, "charts": _dependences(facts)} if rows else {}


def _dependences(facts: RunFacts) -> list[str]:
    from keepfit.report.charts import dependence

    return [dependence(one, facts.show.level) for one in facts.metrics.get("dependence", [])]


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
