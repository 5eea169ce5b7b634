"""card.md: what the model is, what it learned from, how good it is, and how to ask it without keepfit."""

from __future__ import annotations

import json
from typing import Any

from keepfit.features.lookup import words_of
from keepfit.problems.lookup import answer_of
from keepfit.store.artifacts import Evaluated, Prepared, Trained

_ASK = """```python
import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before the import: onnxruntime's Linux wheel reports home otherwise

import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession("model.onnx")
rows = {{
{inputs}}}
{outputs} = session.run({names}, rows)
```"""


def card(schema: dict[str, Any], trained: Trained, prepared: Prepared, evaluated: Evaluated) -> str:
    """The model card, in Markdown; nothing in it depends on when or where it was written."""
    return (
        "\n\n".join(
            [
                f"# {schema['name']}: {schema['target']}",
                answer_of(schema).meaning(schema),
                _model(trained, prepared),
                f"## On {evaluated.rows:,} test rows it never saw\n\n{_figures(evaluated)}",
                f"## Inputs\n\n{_inputs(schema)}",
                f"## Use\n\n{_use(schema)}",
                "## Limits\n\nThe figures hold for rows like those it was tested on. "
                "A column that changes its meaning or its unit is not noticed here.",
            ]
        )
        + "\n"
    )


def _model(trained: Trained, prepared: Prepared) -> str:
    return (
        f"Family {trained.family}, {trained.parameters:,} parameters, best of {trained.epochs} epochs: "
        f"{trained.best_epoch}. Learned from {prepared.train:,} rows; {prepared.validation:,} chose the epoch."
    )


def _figures(evaluated: Evaluated) -> str:
    lines = [f"| metric | model | interval | trivial | {evaluated.classical} |", "|---|---|---|---|---|"]
    for name, value in sorted(evaluated.metrics.items()):
        interval = evaluated.intervals.get(name)
        span = f"{interval.low:.4f} – {interval.high:.4f}" if interval else ""
        others = (evaluated.baselines.get(which, {}).get(name) for which in ("trivial", "classical"))
        cells = " | ".join("" if other is None else f"{other:.4f}" for other in others)
        lines.append(f"| {name} | {value:.4f} | {span} | {cells} |")
    return "\n".join(lines)


def _inputs(schema: dict[str, Any]) -> str:
    lines = ["| column | graph input | kind | value |", "|---|---|---|---|"]
    for column in schema["inputs"]:
        cells = (
            " ".join(column["name"].split()),
            column["input"],
            column["kind"],
            words_of(column["kind"]).meaning(column),
        )
        lines.append("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |")
    return "\n".join(lines)


def _use(schema: dict[str, Any]) -> str:
    inputs = "".join(
        f"    {column['input']!r}: {words_of(column['kind']).example()},  # {column['name']!r}\n"
        for column in schema["inputs"]
    )
    names = answer_of(schema).named(schema)
    outputs = ", ".join(names) + ("," if len(names) == 1 else "")
    return _ASK.format(inputs=inputs, outputs=outputs, names=json.dumps(names))
