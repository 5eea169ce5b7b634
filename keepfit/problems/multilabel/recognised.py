"""When `keepfit init` takes a column for one of several labels. N rows."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from keepfit.data.cells import is_text
from keepfit.features.column import ColumnFacts, short
from keepfit.problems.multilabel.cells import JSON, SEPARATORS, LabelEvidence, separated
from keepfit.problems.target import Recognised

_MOST = 200
"""Labels."""
_SEVERAL = 0.3
"""Share of the cells that hold more than one."""
_REPEATED = 5
"""Rows that a label is in, as the mean over the labels."""
_LONG = 40
"""Characters of a label: more is a sentence."""
_GROUPS = 9


def recognised(column: ColumnFacts) -> Recognised | str:
    """Not the parts of one thing, such as a name, a place or a date: those have as many parts in every cell."""
    if not is_text(column.type):
        return "its cells are no texts that hold several labels"
    form = column.found(LabelEvidence()).form
    if form not in (JSON, *SEPARATORS):
        return "nothing stands between labels in its cells"
    sets = separated(column.values, form)
    rows: Counter[str] = Counter()
    sizes: Counter[int] = Counter()
    for parts, count in zip(sets, column.counts.tolist(), strict=True):
        rows.update(dict.fromkeys((str(part).strip() for part in parts), count))
        sizes[len(parts)] += count
    why = _unlike(rows, sizes, column)
    if why:
        return why
    top = ", ".join(f"{short(name)} {count:,}" for name, count in rows.most_common(6))
    more = f" and {len(rows) - 6} more" if len(rows) > 6 else ""
    return Recognised(f"rows of each label: {top}{more}", settings={"format": form}, first=True)


def grouped(column: ColumnFacts) -> tuple[NDArray[np.int64], int]:
    """The most frequent cells, and all others as one: codes [N], -1 where missing, and how many."""
    rank = np.argsort(np.argsort(-column.counts, kind="stable"), kind="stable")
    few = np.append(np.minimum(rank, _GROUPS), -1)
    return few[column.codes], min(column.distinct, _GROUPS + 1)


def _unlike(rows: Counter[str], sizes: Counter[int], column: ColumnFacts) -> str:
    several = sum(count for size, count in sizes.items() if size > 1)
    if several < _SEVERAL * column.filled or len(sizes) < 2:
        return "its cells do not hold several labels, now more and now fewer"
    if len(rows) >= column.distinct:
        return "the parts of its cells do not come in several ways"
    if len(rows) > _MOST or rows.total() < _REPEATED * len(rows):
        return f"the parts of its cells do not repeat, of which there are {len(rows):,}"
    if max(map(len, rows)) > _LONG or all(part.replace(".", "").isdigit() for part in rows):
        return "the parts of its cells are sentences or numbers"
    return ""
