"""Cells that hold several labels, and how they are written. n rows.

In the snapshot a cell is the JSON text of its different labels in the order of their letters, `["blue", "red"]`; `[]`
is a row that has no label, and a missing cell is a row of which that is not known. Read again it is the same, whatever
the form, as what is a list is taken for one in every form.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from keepfit.data.cells import categories, is_text
from keepfit.data.evidence import MOST, FormEvidence, Found

JSON = "json"
SEPARATORS = (";", "|", ",", "/")
"""What may stand between labels; of those in as many cells the first. A blank only where no cell has one of these."""
_BLANK = " "
_ITEM = re.compile(r"""\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([^'",\[\]]*))\s*(?:,|$)""")
"""An item of a list as Python prints it."""


def read(cells: pa.Array, form: str = "") -> pa.Array:
    """Texts, lists or single values → a dictionary of canonical texts; null for a missing or blank cell.

    Without a form, what is no list is one label. Raises ArrowInvalid or ArrowNotImplementedError for lists of lists and
    for structs.
    """
    if pa.types.is_nested(cells.type):
        return _of_lists(cells)
    if not is_text(cells.type):
        cells = categories(cells)
    coded = cells if pa.types.is_dictionary(cells.type) else cells.dictionary_encode()
    parts = [_parts(text, form) for text in coded.dictionary.cast(pa.string()).to_pylist()]
    texts = pa.array(_canonical(parts), pa.string()).dictionary_encode()
    codes = texts.indices if len(coded.dictionary) else pa.array([], pa.int32())
    return pa.DictionaryArray.from_arrays(codes.take(coded.indices), texts.dictionary)


def labels_of(cell: str) -> list[str]:
    """The labels of a canonical text."""
    found: list[str] = json.loads(cell)
    return found


def counted(cells: pa.Array | pa.ChunkedArray) -> list[tuple[tuple[str, ...], int]]:
    """The different sets of labels of canonical cells, and how many rows have each; missing cells do not count."""
    counts = pc.value_counts(cells).to_pylist()
    return [(tuple(labels_of(one["values"])), one["counts"]) for one in counts if one["values"] is not None]


def places(cells: pa.Array, labels: Iterable[str]) -> NDArray[np.uint8]:
    """Canonical cells [n] → [n, K], 1 where a row has the label; a label that is not among them counts for nothing."""
    known = {name: place for place, name in enumerate(labels)}
    coded = cells if pa.types.is_dictionary(cells.type) else cells.dictionary_encode()
    table = np.zeros((len(coded.dictionary) + 1, len(known)), np.uint8)
    for row, cell in enumerate(coded.dictionary.to_pylist()):
        table[row, [known[name] for name in labels_of(cell) if name in known]] = 1
    found: NDArray[np.uint8] = table[coded.indices.fill_null(len(coded.dictionary)).to_numpy(zero_copy_only=False)]
    return found


class LabelEvidence(FormEvidence):
    """How many cells hold what may stand between labels."""

    def __init__(self) -> None:
        self._cells = self._lists = 0
        self._seen: Counter[str] = Counter()

    def add(self, cells: pa.Array) -> None:
        """Take texts; lists need no form."""
        if not is_text(cells.type):
            self._cells += len(cells) - cells.null_count
            self._lists += len(cells) - cells.null_count
            return
        for one in pc.value_counts(cells).to_pylist():
            text, rows = (one["values"] or "").strip(), one["counts"]
            if not text:
                continue
            self._cells += rows
            if _listed(text) is not None:
                self._lists += rows
                continue
            for mark in (*SEPARATORS, _BLANK):
                self._seen[mark] += rows * (mark in text)

    def found(self) -> Found:
        """Lists, or what stands in most cells; nothing read where no cell shows it, so that all are looked at."""
        if self._lists >= MOST * self._cells:
            return Found(JSON, cells=self._cells, read=self._cells)
        best = max(SEPARATORS, key=lambda mark: self._seen[mark])
        form = best if self._seen[best] else _BLANK if self._seen[_BLANK] else ""
        return Found(form, cells=self._cells, read=self._cells if form in SEPARATORS else 0)


def separated(cells: Iterable[str], form: str) -> list[tuple[str, ...]]:
    """The labels of each cell in a form."""
    return [tuple(_parts(cell, form) or ()) for cell in cells]


def _of_lists(cells: pa.Array) -> pa.Array:
    """A label that is missing within a list is none."""
    lengths = pc.list_value_length(cells).to_pylist()
    names = categories(pc.list_flatten(cells)).cast(pa.string()).to_pylist()
    ends = np.cumsum([0, *(length or 0 for length in lengths)])
    parts = [
        None if length is None else [name for name in names[start:end] if name]
        for length, (start, end) in zip(lengths, pairwise(ends.tolist()), strict=True)
    ]
    return pa.array(_canonical(parts), pa.string()).dictionary_encode()


def _parts(text: str | None, form: str) -> list[Any] | None:
    """What stands in a cell; None for a missing or blank one."""
    text = (text or "").strip()
    if not text:
        return None
    listed = _listed(text)
    if listed is not None:
        return listed
    return text.split(form) if form and form != JSON else [text]


def _listed(text: str) -> list[Any] | None:
    """The items of a list in JSON, or as Python prints it; None for any other text."""
    if not (text.startswith("[") and text.endswith("]")):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return _printed(text[1:-1])
    return None if any(isinstance(item, list | dict) for item in found) else found


def _printed(inside: str) -> list[str] | None:
    found, place = [], 0
    while place < len(inside):
        match = _ITEM.match(inside, place)
        if match is None or match.end() == place:
            return None
        quoted = next((item for item in match.groups()[:2] if item is not None), None)
        found.append(match[3] if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
        place = match.end()
    return found


def _canonical(cells: list[list[Any] | None]) -> list[str | None]:
    """Names as classes have them: 1.0 and true are 1."""
    items = [_written(item) for cell in cells for item in cell or ()]
    names = iter(categories(pa.array(items, pa.string())).cast(pa.string()).to_pylist())
    sets = [None if cell is None else {name for _, name in zip(cell, names, strict=False)} for cell in cells]
    return [None if one is None else json.dumps(sorted(one - {None}), ensure_ascii=False) for one in sets]


def _written(item: Any) -> str | None:
    """An item of a list as a text of a cell would be."""
    if item is None or isinstance(item, str):
        return item
    return json.dumps(item) if isinstance(item, bool) else repr(item)
