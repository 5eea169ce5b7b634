"""`keepfit show`: what a pipeline's runs came to, from their records alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from keepfit import champion, config
from keepfit.run import records
from keepfit.store import Store

SHOWN = 10


def show_pipeline(pipeline: Path) -> None:
    """Print the newest runs, the champion, and the last verdict."""
    settings = config.load(pipeline)
    store = Store(settings.resolve(settings.store))
    runs = records(store)
    console = Console(highlight=False, soft_wrap=True)
    if not runs:
        console.print(f"{settings.name} has not been run yet. Next:  keepfit run {pipeline}")
        return
    console.print(_table(settings.name, runs[-SHOWN:]))
    serving = champion.current(store)
    if serving is None:
        console.print("In service: nothing yet.")
    else:
        console.print(f"In service: version {serving.version}, bundle {serving.bundle}, since {serving.since[:19]}.")
    last = next((r for r in reversed(runs) if "verdict" in r), None)
    if last is not None:
        console.print(f"Last verdict ({last['run']}): {last['verdict']['outcome']}, {last['verdict']['sentence']}")
    if "failed" in runs[-1]:
        console.print(f"The last run failed: {runs[-1]['failed']}", style="red")


def _table(name: str, runs: list[dict[str, Any]]) -> Table:
    table = Table(title=f"Runs of {name}", title_justify="left", box=None)
    for column in ("run", "verdict", "reason", "accuracy", "bundle", "ran", "reused"):
        table.add_column(column)
    for record in runs:
        verdict = record.get("verdict", {})
        stages = record["stages"].values()
        table.add_row(
            record["run"],
            verdict.get("outcome", "failed" if "failed" in record else "did not end"),
            verdict.get("reason", ""),
            f"{record['metrics']['accuracy']:.4f}" if "metrics" in record else "",
            record.get("bundle", "")[:8],
            str(sum(not s["reused"] for s in stages)),
            str(sum(s["reused"] for s in stages)),
        )
    return table
