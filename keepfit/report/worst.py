"""Rows with their answers, the worst and typical ones: pictures as pictures, of tables the first columns."""

from __future__ import annotations

from typing import Any

import pyarrow.dataset as ds

from keepfit.data.identity import LEFT_OUT, ROW
from keepfit.data.picking import pick
from keepfit.data.transform import Entry
from keepfit.features.lookup import kind_of, read_transform, words_of
from keepfit.metrics.naming import cell
from keepfit.quoting import visible
from keepfit.report.facts import RunFacts
from keepfit.report.places import places

RestsOn = list[Any]
"""Of each part of a cell where it stands, from and to, and its effect on the answer, in one list."""
CELLS = 6
"""Columns of a table that are shown."""
LONG = 400
"""Characters of a text that are shown."""
SMALL = 64
"""Pixels a side up to which a picture is shown pixel by pixel."""
_FAINT = 0.1
_MARKED = (
    "Marked in texts is what the answer rests on: blue speaks for it, and what is underlined against it, by how far "
    "the answer moves where that part is left out."
)
_HEAT = (
    "Under each, what the answer rests on: blue speaks for it and orange against it, by how far the answer moves where "
    "that part is blotted out, each on a scale of its own."
)
_TYPICAL = "Test rows that are answered neither well nor badly, from the middle half by their error."


def worst(facts: RunFacts) -> dict[str, Any]:
    """The worst rows, with what was predicted; empty where there are none."""
    return _rows(facts, "worst", facts.show.worst_note)


def typical(facts: RunFacts) -> dict[str, Any]:
    """Typical rows likewise, where it can be shown what their answers rest on."""
    found = facts.metrics.get("typical", [])
    return _rows(facts, "typical", _TYPICAL) if any("rests_on" in row for row in found) else {}


def _rows(facts: RunFacts, which: str, note: str) -> dict[str, Any]:
    found = facts.metrics.get(which, [])
    folder = facts.folder("preprocess") / "test_raw"
    if not found or not folder.is_dir():
        return {}
    entries = read_transform(facts.folder("preprocess")).features
    seen = next((entry for entry in entries if kind_of(entry.kind).is_raw), None)
    told_first = sorted(entries, key=lambda entry: not kind_of(entry.kind).has_parts)
    columns = [seen.name] if seen else [entry.name for entry in told_first[:CELLS]]
    file = ["file"] if seen and "file" in ds.dataset(folder).schema.names else []
    rows = pick(folder, [w["row"] for w in found], [*columns, *file, ROW]).to_pylist()
    snapshot = facts.folder("ingest")
    known = places(snapshot, [row[ROW] for row in rows]) if (snapshot / LEFT_OUT).is_file() else {}
    shown = [
        {
            "row": f"{known[row[ROW]]:,}" if row[ROW] in known else "",
            "file": row[file[0]] if file else "",
            "told": facts.show.worst(w),
            "wrong": w["label"] != w["prediction"],
            **_cells(row, columns, seen, w.get("rests_on", {})),
        }
        for w, row in zip(found, rows, strict=True)
    ]
    if any("rests_on" in w for w in found):
        note = f"{note} {_HEAT if seen else _MARKED}"
    told = {"head": facts.show.worst_head, "note": note}
    return {"rows": shown, "columns": columns, "pictures": seen is not None, **told}


def _cells(row: dict[str, Any], columns: list[str], seen: Entry | None, rests_on: dict[str, RestsOn]) -> dict[str, Any]:
    if seen:
        return cell_as_picture(row[seen.name], seen, rests_on.get(seen.name))
    return {"cells": [cell_in_pieces(row[name], rests_on.get(name)) for name in columns]}


def cell_in_pieces(value: Any, rests_on: RestsOn | None) -> list[tuple[str, float]]:
    """A cell in pieces, each with how much speaks for the answer there, in per cent of the strongest of them."""
    if not rests_on:
        return [(visible(cell(value, LONG if isinstance(value, str) and " " in value else 40)), 0.0)]
    text = str(value)
    strongest = max(max(abs(effect) for *_, effect in rests_on), _FAINT)
    pieces, at = [], 0
    for start, stop, effect in rests_on:
        if stop > LONG:
            break
        pieces += [(text[at:start], 0.0), (text[start:stop], round(100 * effect / strongest))]
        at = stop
    rest = text[at:LONG] + ("…" if len(text) > LONG else "")
    return [(visible(piece), share) for piece, share in [*pieces, (rest, 0.0)] if piece]


def cell_as_picture(content: Any, entry: Entry, rests_on: RestsOn | None) -> dict[str, Any]:
    """A cell as an image, and what the answer rests on; a small one is shown pixel by pixel."""
    words = words_of(entry.kind)
    return {
        "picture": words.picture(content, entry),
        "explained": words.explained(content, entry, rests_on) if rests_on else None,
        "smooth": max(entry.shape[:2], default=0) > SMALL,
    }
