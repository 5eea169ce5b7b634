"""profile.json: what the report says of the data, all of it from the train rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from keepfit.preprocessing.checks import Counts
from keepfit.preprocessing.figures import Categories, Numbers
from keepfit.preprocessing.fit import Learner
from keepfit.preprocessing.leaks import Leak
from keepfit.preprocessing.split import PARTS

BINS, TOP = 20, 10


def of(
    features: list[dict[str, Any]], learners: list[Learner], classes: list[str], counts: Counts, leaks: list[Leak]
) -> dict[str, Any]:
    """`rows` of each part, `classes` with their rows in each part, and `columns`, one entry a feature.

    A column has `name`, `kind`, `count` of known values, `missing`, `distinct`, and then, by kind, `min`, `median`,
    `max`, `mean` and `histogram` (`edges` and `counts`), or `top` values with their rows, or `size` and `channels`;
    `leak` is the accuracy with which it tells the target alone, where that is suspicious.
    """
    told = {leak.feature: {"leak": leak.accuracy} for leak in leaks}
    columns = [
        {"name": f["name"], "kind": f["kind"], **_column(f, learner), **told.get(f["name"], {})}
        for f, learner in zip(features, learners, strict=True)
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


def _column(feature: dict[str, Any], learner: Learner) -> dict[str, Any]:
    if isinstance(learner, Numbers):
        return {"count": learner.count, "missing": learner.missing, **_numbers(feature, learner)}
    if isinstance(learner, Categories):
        ranked = learner.ranked()
        top = [{"value": value, "rows": rows} for value, rows in ranked[:TOP]]
        return {"count": learner.count, "missing": learner.missing, "distinct": len(ranked), "top": top}
    return {"size": feature["size"], "channels": feature["channels"]}


def _numbers(feature: dict[str, Any], learner: Numbers) -> dict[str, Any]:
    """Median, distinct values and histogram of the sample; the outermost half per cent is in the end bins."""
    values = learner.ordered()
    low, median, high = np.quantile(values, [0.005, 0.5, 0.995])
    # 0.3 and 0.1 + 0.2 differ, but there is no number between them for an edge.
    rising = (np.diff(np.linspace(low, high, BINS + 1)) > 0).all()
    counts, edges = np.histogram(values.clip(low, high), bins=BINS if rising else 1)
    return {
        "distinct": len(np.unique(values)),
        "min": feature["min"],
        "median": float(median),
        "max": feature["max"],
        "mean": feature["mean"],
        "histogram": {"edges": edges.tolist(), "counts": counts.tolist()},
    }
