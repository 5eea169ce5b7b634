"""The report's first page: verdict, score, what ran and why, as plain values ready to print."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from keepfit.metrics.naming import LOWER_IS_BETTER, SHOWN, figure, metric_name, seconds, span
from keepfit.report.facts import RunFacts

TITLES = {"FIRST": "First model", "PROMOTE": "Promoted", "HOLD": "Held", "REJECT": "Rejected"}
TONES = {"FIRST": "good", "PROMOTE": "good", "HOLD": "hold", "REJECT": "bad"}


def head(facts: RunFacts) -> dict[str, Any]:
    """Names, times, the verdict, and what is in service."""
    record, verdict = facts.record, facts.record.verdict
    outcome = verdict.outcome if verdict else ""
    title, tone = TITLES.get(outcome, "No verdict"), TONES.get(outcome, "none")
    if record.mode:
        title = record.mode.capitalize()
    if facts.failure is not None:
        title, tone = ("Stopped", "none") if facts.failure.stopped else ("Failed", "bad")
    return {
        "pipeline": record.pipeline,
        "run": record.run,
        "started": f"{datetime.fromisoformat(record.started):%-d %B %Y, %H:%M} UTC",
        "seconds": seconds(sum(s["seconds"] for s in facts.stages if s["name"] != "release")),
        "tone": "none" if facts.nothing_new else tone,
        "title": title,
        "sentence": verdict.sentence if verdict else _without_verdict(facts),
        "failed": facts.failure is not None,
        "mode": record.mode,
        "version": record.version,
        "bundle": record.bundle,
        "champion": record.champion,
        "earlier": facts.earlier_report,
    }


def _without_verdict(facts: RunFacts) -> str:
    failure = facts.failure
    if failure is None:
        return facts.record.found or "This run has not reached a verdict."
    where = f" in {failure.stage}" if failure.stage else ""
    return f"The run {'was stopped' if failure.stopped else 'failed'}{where}: {failure.message}"


def score(facts: RunFacts) -> dict[str, Any]:
    """The metric that decides, with its interval, on one scale with the baselines."""
    evaluated, metric = facts.artifact("evaluate"), facts.run.config.metric
    value = evaluated.get("metrics", {}).get(metric)
    if value is None:
        return {}
    interval = evaluated["intervals"].get(metric, {"low": value, "high": value})
    others = _baselines(evaluated, metric, facts.run.config.problem.guess)
    low = min(interval["low"], *(o["value"] for o in others))
    high = max(interval["high"], *(o["value"] for o in others))
    pad = 0.06 * (high - low) or 0.01
    start, end = low - pad, high + pad

    def place(x: float) -> float:
        return float(round(100 * (x - start) / (end - start), 2))

    return {
        "metric": metric_name(metric),
        "value": figure(metric, value),
        "span": span(metric, interval["low"], interval["high"]),
        "rows": evaluated["rows"],
        "at": place(value),
        "low": place(interval["low"]),
        "high": place(interval["high"]),
        "others": [{**o, "text": figure(metric, o["value"]), "at": place(o["value"])} for o in others],
        "lower": metric in LOWER_IS_BETTER,
    }


def _baselines(evaluated: dict[str, Any], metric: str, guess: str) -> list[dict[str, Any]]:
    names = {"trivial": guess, "classical": evaluated.get("classical") or "classical baseline"}
    return [
        {"name": names.get(name, name), "value": figures[metric]}
        for name, figures in evaluated["baselines"].items()
        if metric in figures
    ]


def table(facts: RunFacts) -> list[dict[str, str]]:
    """Every metric of the model, with its interval, beside the baselines'; the best of a row is marked."""
    evaluated = facts.artifact("evaluate")
    figures, baselines = evaluated.get("metrics", {}), evaluated.get("baselines", {})
    rows = []
    for metric in [m for m in SHOWN if m in figures]:
        columns = {"model": figures[metric], **{n: baselines.get(n, {}).get(metric) for n in ("classical", "trivial")}}
        known = {n: v for n, v in columns.items() if v is not None}
        best = (min if metric in LOWER_IS_BETTER else max)(known.values())
        interval = evaluated["intervals"].get(metric)
        rows.append(
            {
                "name": metric_name(metric),
                "span": span(metric, interval["low"], interval["high"]) if interval else "",
                **{n: "" if v is None else figure(metric, v) for n, v in columns.items()},
                **{f"{n}_best": "best" if v == best else "" for n, v in columns.items()},
            }
        )
    return rows


def stages(facts: RunFacts) -> list[dict[str, Any]]:
    """Each stage but that which writes the report: whether it ran and why, its time, and its share of the longest."""
    shown = [stage for stage in facts.stages if stage["name"] != "release"]
    longest = max([1.0, *(s.get("seconds", 0.0) for s in shown)])
    ended = [
        {
            "name": s["name"],
            "state": "reused" if s.get("reused") else "ran",
            "reason": s.get("reason", ""),
            "seconds": seconds(s.get("seconds", 0)),
            "cpu": seconds(s["cpu_seconds"]) if "cpu_seconds" in s else "",
            "share": round(100 * s.get("seconds", 0) / longest, 1),
            "digest": s["artifact"].get("digest", ""),
            "key": s["key"],
        }
        for s in shown
    ]
    return ended + _broken_off(facts)


def _broken_off(facts: RunFacts) -> list[dict[str, Any]]:
    """The stage in which the run ended."""
    failure = facts.failure
    if failure is None or not failure.stage:
        return []
    state, reason = ("stopped", failure.message) if failure.stopped else ("failed", failure.kind)
    blank = {"seconds": "", "cpu": "", "share": 0, "digest": "", "key": ""}
    return [{"name": failure.stage, "state": state, "reason": reason, **blank}]
