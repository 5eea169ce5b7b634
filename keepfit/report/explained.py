"""Rows explained, for a person: lines for the terminal, and a page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from keepfit.features.lookup import kind_of, words_of
from keepfit.metrics.naming import cell
from keepfit.problems.lookup import show_of
from keepfit.quoting import cut, visible
from keepfit.report.rendering import rendered
from keepfit.report.worst import cell_as_picture, cell_in_pieces
from keepfit.serving.bundle.model import ServedModel
from keepfit.serving.explanation import Explained, Reason
from keepfit.store import files

_LINES, _CELLS = 8, 30
"""Reasons of a row on the terminal; columns of a row on the page."""


def lines(model: ServedModel, found: list[Explained]) -> Iterator[str]:
    """The strongest reasons of each row."""
    yield f"Effects are {show_of(model.schema['problem']).leaning}; above zero they speak for what is named first."
    for one in found:
        yield ""
        yield f"row {one.row:,}{f' ({one.name})' if one.name else ''}: {visible(one.side)}" + (
            f", predicted {visible(one.prediction)}" if one.side != one.prediction else ""
        )
        for reason in one.strongest()[:_LINES]:
            yield f"  {reason.effect:+.3g}  {_told(model, one, reason)}"


def _told(model: ServedModel, one: Explained, reason: Reason) -> str:
    entry, value = model.transform.entries[reason.column], one.cells[reason.column]
    alone = len(model.columns) == 1
    if reason.part:
        part = visible(words_of(entry.kind).part(value, reason.part, entry))
        return part if alone else f"{visible(reason.column)}: {part}"
    return f"{visible(reason.column)} = {cut(visible(cell(value)), 40)}"


def write(path: Path, model: ServedModel, found: list[Explained]) -> None:
    """One file that loads nothing from elsewhere."""
    rows = [_row(model, one) for one in found]
    filled = {"name": model.schema["name"], "unit": show_of(model.schema["problem"]).leaning, "rows": rows}
    files.write_bytes(path, rendered("explained.html", **filled).encode())


def _row(model: ServedModel, one: Explained) -> dict[str, Any]:
    cells = [reason for reason in one.strongest() if not reason.part]
    most = max((abs(reason.effect) for reason in cells), default=0.0) or 1.0
    shown = [
        {
            "name": visible(reason.column),
            "cell": cut(visible(cell(one.cells[reason.column])), 60),
            "effect": f"{reason.effect:+.3g}",
            "share": round(100 * abs(reason.effect) / most, 1),
            "against": reason.effect < 0,
        }
        for reason in cells[:_CELLS]
    ]
    parts = [name for name in one.cells if any(r.column == name and r.part for r in one.reasons)]
    return {
        "row": one.row, "file": one.name, "prediction": one.prediction, "side": one.side, "cells": shown,
        "more": len(cells) - len(shown), "parts": [_marked(model, one, name) for name in parts],
    }  # fmt: skip


def _marked(model: ServedModel, one: Explained, name: str) -> dict[str, Any]:
    """A cell whose parts are told: as a picture, or as a text in pieces."""
    entry, value = model.transform.entries[name], one.cells[name]
    rests_on = [[*r.part, r.effect] for r in one.reasons if r.column == name]
    shown = cell_as_picture(value, entry, rests_on) if kind_of(entry.kind).is_raw else {"picture": None}
    return {"name": visible(name), **shown, "pieces": [] if shown["picture"] else cell_in_pieces(value, rests_on)}
