"""What the transforms learn, from the train rows and from nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from keepfit import images
from keepfit.config import Pipeline
from keepfit.errors import DataError
from keepfit.preprocessing.figures import SAMPLE, Categories, Numbers
from keepfit.preprocessing.pictures import LOOKED_AT, names_of, spec
from keepfit.preprocessing.rows import Rows
from keepfit.preprocessing.split import TRAIN, Parts

NUMERIC, CODED = ("number", "datetime"), ("category", "boolean")
TENSOR = {"number": "numbers", "datetime": "numbers", "category": "codes", "boolean": "codes", "image": "image"}
BOOLEANS = ["false", "true"]

Learner = Numbers | Categories | list[images.Shape]
Progress = Callable[[int], None]


def fit(rows: Rows, parts: Parts, config: Pipeline, progress: Progress) -> tuple[list[dict[str, Any]], list[Learner]]:
    """The `features` of transform.json, in the order of the config, and what they were made from.

    Pictures lack their mean and std, which are known when they are decoded. Raises DataError for a feature without
    a value.
    """
    total = int((parts == TRAIN).sum())
    learners = [_learner(feature.kind) for feature in config.features.values()]
    draw = np.random.default_rng(0)
    share, stride = SAMPLE / max(total, 1), max(1, total // LOOKED_AT)
    passed = 0
    for place, batch in rows.read([*config.features, *_file(rows, config)]):
        train = parts[place] == TRAIN
        seen = int(train.sum())
        # Drawn for train rows alone, so that no other row has a say in what is fitted.
        sampled = draw.random(seen) < share if share < 1 else None
        looked_at = np.flatnonzero(train)[(-passed) % stride :: stride]
        for (name, feature), learner in zip(config.features.items(), learners, strict=True):
            if isinstance(learner, Numbers):
                learner.add(numbers_of(batch[name], feature.kind)[train], sampled)
            elif isinstance(learner, Categories):
                learner.add(texts_of(batch[name]), train)
            else:
                learner += _shapes(batch.take(pa.array(looked_at)), name, rows.pixels[name])
        passed += seen
        progress(place.stop)
    return _entries(config, rows, learners), learners


def numbers_of(column: pa.Array, kind: str) -> NDArray[np.float64]:
    """A number or datetime column [n] → float64 [n]; datetimes as epoch seconds, missing and infinite as NaN."""
    if kind == "datetime":
        column = column.cast(pa.timestamp("us")).cast(pa.int64())
    values = np.asarray(column.to_numpy(zero_copy_only=False), np.float64)
    if kind == "datetime":
        return values / 1e6
    return np.where(np.isinf(values), np.nan, values) if np.isinf(values).any() else values


def texts_of(column: pa.Array) -> pa.Array:
    """A category or boolean column [n] → strings, as they stand in the vocabulary."""
    return pc.if_else(column, "true", "false") if pa.types.is_boolean(column.type) else column


def _learner(kind: str) -> Learner:
    return Numbers() if kind in NUMERIC else Categories() if kind in CODED else []


def _file(rows: Rows, config: Pipeline) -> list[str]:
    """The column that names the pictures, for the errors."""
    pictures = any(feature.kind == "image" for feature in config.features.values())
    return ["file"] if pictures and "file" in rows.columns and "file" not in config.features else []


def _shapes(batch: pa.RecordBatch, name: str, pixels: Sequence[int] | None) -> list[images.Shape]:
    if pixels is not None:
        return [images.Shape(*pixels)] * batch.num_rows
    pairs = zip(batch[name], names_of(batch), strict=True)
    return [images.shape(content.as_py(), name=called) for content, called in pairs if content.is_valid]


def _entries(config: Pipeline, rows: Rows, learners: list[Learner]) -> list[dict[str, Any]]:
    slots: dict[str, int] = {}
    entries = []
    for (name, feature), learner in zip(config.features.items(), learners, strict=True):
        tensor = TENSOR[feature.kind]
        entry = {"name": name, "kind": feature.kind, "slot": slots.setdefault(tensor, 0)}
        slots[tensor] += 1
        entries.append(entry | _fitted(name, learner, config, rows))
    return entries


def _fitted(name: str, learner: Learner, config: Pipeline, rows: Rows) -> dict[str, Any]:
    held = learner.count if isinstance(learner, Numbers | Categories) else len(learner)
    _refuse_empty(name, held)
    feature, settings = config.features[name], config.preprocessing
    if isinstance(learner, Numbers):
        _refuse_huge(name, learner)
        return learner.fitted() | {"scale": settings.numbers}
    if isinstance(learner, Categories):
        ranked = learner.ranked()
        frequent = [value for value, count in ranked if count >= settings.rare]
        known = BOOLEANS if feature.kind == "boolean" else frequent[: settings.max_categories]
        return {"vocabulary": known, "missing": learner.missing}
    return spec(learner, feature.size, rows.pixels[name])


def _refuse_empty(name: str, held: int) -> None:
    if not held:
        raise DataError(
            f'the feature "{name}" has no value in any train row.',
            allowed="A feature needs at least one value to be learned from.",
            todo=f'Take "{name}" out of features, or mend the source.',
            where=f'column "{name}"',
        )


def _refuse_huge(name: str, learner: Numbers) -> None:
    if not np.isfinite(learner.squares):
        raise DataError(
            f'the feature "{name}" has values from {learner.low:g} to {learner.high:g}.',
            allowed="Values beyond 1e150 have no standard deviation in double precision.",
            todo="Expect the column to be in a sensible range, or take it out of features.",
            where=f'column "{name}"',
        )
