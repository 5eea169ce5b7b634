"""profile.json: what the report says of the data, all of it from the train rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keepfit.data.transform import Entry
from keepfit.features.kind import Fitter
from keepfit.problems.target import Counts, TargetFitter
from keepfit.stages.preprocessing.leaks import Leak
from keepfit.store.artifacts import PARTS


def of(
    entries: Sequence[Entry], fitters: list[Fitter], target: TargetFitter, counts: Counts, leaks: list[Leak]
) -> dict[str, Any]:
    """`rows` of each part, what the problem says of the `target`, and `columns`, one entry a feature.

    A column has `name`, `kind` and what its kind says of it; `leak` says how well it tells the target alone, where that
    is suspicious.
    """
    told = {leak.feature: {"leak": leak.figure} for leak in leaks}
    columns = [
        {"name": e.name, "kind": e.kind, **fitter.profile(e), **told.get(e.name, {})}
        for e, fitter in zip(entries, fitters, strict=True)
    ]
    rows = dict(zip(PARTS, counts.sum(axis=1).tolist(), strict=True))
    return {"rows": rows, "target": target.profile(counts), "columns": columns}
