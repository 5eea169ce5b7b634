"""profile.json: what the report says of the data, all of it from the train rows."""

from __future__ import annotations

from typing import Any

from keepfit.data.transform import Entry
from keepfit.features.kind import Fitter
from keepfit.stages.preprocessing.checks import Counts
from keepfit.stages.preprocessing.leaks import Leak
from keepfit.stages.preprocessing.split import PARTS


def of(
    entries: list[Entry], fitters: list[Fitter], classes: list[str], counts: Counts, leaks: list[Leak]
) -> dict[str, Any]:
    """`rows` of each part, `classes` with their rows in each part, and `columns`, one entry a feature.

    A column has `name`, `kind` and what its kind says of it; `leak` is the accuracy with which it tells the target
    alone, where that is suspicious.
    """
    told = {leak.feature: {"leak": leak.accuracy} for leak in leaks}
    columns = [
        {"name": e.name, "kind": e.kind, **fitter.profile(e), **told.get(e.name, {})}
        for e, fitter in zip(entries, fitters, strict=True)
    ]
    rows = counts.tolist()
    return {
        "rows": {part: sum(row) for part, row in zip(PARTS, rows, strict=True)},
        "classes": [
            {"name": name, **{part: row[code] for part, row in zip(PARTS, rows, strict=True)}}
            for code, name in enumerate(classes)
        ],
        "columns": columns,
    }
