"""tuning.html in the search's store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from keepfit.config.tuning import written
from keepfit.metrics.naming import figure, metric_name, seconds
from keepfit.report.rendering import rendered
from keepfit.store import files
from keepfit.tuning import chart
from keepfit.tuning.told import Tried, Tuned

NAME = "tuning.html"


def write(found: Tuned, folder: Path) -> Tuned:
    """Write the page, one file that loads nothing from elsewhere; gives the same with its place."""
    names = [*dict.fromkeys(name for one in found.trials for name in one.figures)]
    page = rendered(
        "tuning.html",
        found=found,
        charts=[one for one in (chart.trials(found), chart.epochs(found)) if one],
        settings=chart.settings(found),
        figures=[metric_name(name) for name in names],
        rows=[_row(one, found, names) for one in _best_first(found)],
    )
    files.write_bytes(folder / NAME, page.encode())
    return found.model_copy(update={"page": str(folder / NAME)})


def _best_first(found: Tuned) -> list[Tried]:
    order = {"done": 0, "given up": 1, "failed": 2}
    return sorted(found.trials, key=lambda one: (order[one.state], one.loss or 0.0, one.number))


def _row(trial: Tried, found: Tuned, names: list[str]) -> dict[str, Any]:
    return {
        "number": trial.number,
        "best": trial is found.best,
        "state": "" if trial.state == "done" else trial.state,
        "why": trial.why,
        "loss": trial.shown,
        "figures": [figure(name, trial.figures[name]) if name in trial.figures else "" for name in names],
        "epochs": len(trial.losses) or "",
        "seconds": seconds(trial.seconds),
        "settings": [written(trial.settings[path]) if path in trial.settings else "" for path in found.settings],
    }
