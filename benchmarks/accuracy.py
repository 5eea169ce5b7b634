"""Accuracy on tables nobody tuned for: `python benchmarks/accuracy.py [word of a table's name …]`.

Each table is given to keepfit as a user gives it: its train rows as a CSV through `keepfit init` and a run, with no
edit, then its test rows through `predict`; keepfit so learns from four fifths of them and judges itself by the rest.
The classical models of scikit-learn, with its defaults, learn from all train rows. Three seeds: each draws another
fifth of a table to test by, or seeds the models where the publisher has drawn.

`--share 0.8` has the classical models learn from four fifths, too. `--results FILE` keeps each line of a table and
seed, and goes on after those that are there; `--write FILE` puts the table between the two marks of a Markdown file.
CPU seconds are those of the training alone on either side.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from accuracy_tables import Table, tables

SEEDS = (0, 1, 2)
MARKS = "<!-- figures of benchmarks/accuracy.py -->", "<!-- end of the figures -->"
CLASSICAL = ("HistGradientBoosting", "random forest", "linear")
HERE = Path(__file__).parent


def measured(table: Table, seed: int, share: float) -> dict[str, Any]:
    """Both sides on one drawing, each in a process of its own: figures and CPU seconds."""
    train, test = table.draw(seed)
    found: dict[str, Any] = {"table": table.name, "problem": table.problem, "seed": seed}
    found |= {"rows": len(train), "tested": len(test), "columns": train.shape[1] - 1}
    with tempfile.TemporaryDirectory() as folder:
        train.to_csv(Path(folder) / "train.csv", index=False)
        test.to_csv(Path(folder) / "test.csv", index=False)
        for side in ("accuracy_ours.py", "accuracy_classical.py"):
            command = [sys.executable, HERE / side, folder, table.problem, str(seed), str(share)]
            done = subprocess.run(command, capture_output=True, text=True, cwd=HERE.parent)
            if done.returncode:
                raise SystemExit(f"{side} on {table.name}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
            found |= json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))
    return found


def lines(found: list[dict[str, Any]]) -> list[str]:
    """The Markdown table, and what it amounts to."""
    names = list(dict.fromkeys(one["table"] for one in found))
    whole = [Line([one for one in found if one["table"] == name]) for name in names]
    others = " | ".join(CLASSICAL)
    head = f"| table | rows × columns | keepfit | {others} | standard error | lead | CPU s | HGB and forest, CPU s |"
    near, ahead = (sum(line.lead >= least for line in whole) for least in (-1, 0))
    ranks = np.mean([line.ranks for line in whole], 0)
    ranked = ", ".join(f"{name} {rank:.2f}" for name, rank in zip(("keepfit", *CLASSICAL), ranks, strict=True))
    judged = [line for line in whole if line.calibration]
    sure = sum(ours < theirs for ours, theirs in (line.calibration for line in judged))
    return [
        head, "|---|---|" + "---|" * (len(CLASSICAL) + 5), *map(str, whole), "",
        f"{near} of {len(whole)} tables within one standard error of the best of the three, or ahead; {ahead} ahead.",
        f"Mean rank: {ranked}.",
        f"Calibration error below HistGradientBoosting's on {sure} of {len(judged)} tables of classes.",
    ]  # fmt: skip


class Line:
    """One table's line: means over the seeds."""

    def __init__(self, seeds: list[dict[str, Any]]) -> None:
        self.seeds, self.first = seeds, seeds[0]
        self.classes = self.first["problem"] == "classification"
        self.ours = [one["keepfit"]["figure"] for one in seeds]
        self.others = [float(np.mean([one[name]["figure"] for one in seeds])) for name in CLASSICAL]

    @property
    def best(self) -> float:
        """The best classical model's figure, the one that is best on average."""
        return max(self.others) if self.classes else min(self.others)

    @property
    def error(self) -> float:
        """Standard error of the best's figure on one test part, the mean over the seeds; at least that of one row."""
        name = CLASSICAL[self.others.index(self.best)]
        errors = float(np.mean([one[name]["error"] for one in self.seeds]))
        return max(errors, 1 / self.first["tested"]) if self.classes else errors

    @property
    def lead(self) -> float:
        """How far we are ahead of the best, in standard errors."""
        ahead = float(np.mean(self.ours)) - self.best
        return (ahead if self.classes else -ahead) / self.error

    @property
    def ranks(self) -> list[float]:
        """Of keepfit and the three, from 1, equal ones sharing theirs."""
        figures = np.array([np.mean(self.ours), *self.others]) * (-1 if self.classes else 1)
        return [float((figures < one).sum() + ((figures == one).sum() + 1) / 2) for one in figures]

    @property
    def calibration(self) -> tuple[float, float] | None:
        """Keepfit's calibration error and HistGradientBoosting's; None where values are predicted."""
        if not self.classes:
            return None
        ours, theirs = ([one[name]["calibration"] for one in self.seeds] for name in ("keepfit", CLASSICAL[0]))
        return float(np.mean(ours)), float(np.mean(theirs))

    def __str__(self) -> str:
        shown = (lambda share: f"{100 * share:.1f}") if self.classes else (lambda value: f"{value:.4g}")
        others = " | ".join(map(shown, self.others))
        spread = f"{shown(float(np.mean(self.ours)))} ± {shown(float(np.std(self.ours)))}"
        spent = [float(np.median([one[name]["seconds"] for one in self.seeds])) for name in ("keepfit", *CLASSICAL[:2])]
        name = self.first["table"] if self.classes else f"{self.first['table']} (RMSE)"
        size = f"{self.first['rows']:,} × {self.first['columns']}"
        cost = f"{spent[0]:.0f} | {spent[1] + spent[2]:.1f}"
        return f"| {name} | {size} | {spread} | {others} | {shown(self.error)} | {self.lead:+.1f} | {cost} |"


def chosen(words: Iterable[str]) -> list[Table]:
    """Every table whose name holds one of the words; all, when there are none."""
    return [table for table in tables() if not words or any(word in table.name for word in words)]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("words", nargs="*")
    parser.add_argument("--results", type=Path)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--seeds", type=int, default=len(SEEDS))
    parser.add_argument("--share", type=float, default=1.0)
    asked = parser.parse_args()
    kept = asked.results.read_text().splitlines() if asked.results and asked.results.exists() else []
    found = [json.loads(line) for line in kept]
    there = {(one["table"], one["seed"]) for one in found}
    for seed in SEEDS[: asked.seeds]:
        for table in chosen(asked.words):
            if (table.name, seed) in there:
                continue
            found.append(measured(table, seed, asked.share))
            print(Line(found[-1:]), flush=True)
            if asked.results:
                with asked.results.open("a") as file:
                    file.write(json.dumps(found[-1]) + "\n")
    names = {table.name for table in chosen(asked.words)}
    text = "\n".join(lines([one for one in found if one["table"] in names]))
    print(f"\n{text}")
    if asked.write:
        before, _, rest = asked.write.read_text().partition(MARKS[0])
        asked.write.write_text(f"{before}{MARKS[0]}\n\n{text}\n\n{MARKS[1]}{rest.partition(MARKS[1])[2]}")


if __name__ == "__main__":
    main()
