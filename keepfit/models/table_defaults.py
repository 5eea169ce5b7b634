"""What a table's network and its training look like where the YAML says nothing: a pure function of the data's size.

How each figure was found stands in docs/accuracy.md.
"""

from __future__ import annotations

from typing import Any

from keepfit.data.transform import Target, Transform
from keepfit.models.settings import DenseSettings

SMALL = 20_000
"""Train rows below which an ensemble that shares its weights is worth its time."""
MANY = 5_000
"""Train rows from which a quantity takes twice the steps at thrice the rate: on validation rows California's houses
(13,392 rows) came from an RMSE of 50,600 to 47,600, elec2's demand (7,855) from .0744 to .0721. Fewer rows gained
nothing."""
LARGE = 200_000
"""Train rows from which batches are larger: the steps are many either way."""
ROWS_SEEN = 3_200_000
"""In all epochs: on covertype's validation rows (47,000 train rows) the log loss came from .431 in 8 epochs to .327 in
16, and 81.3 to 86.4 %; on Adult (26,000) the seventh of 16 was the best, and as good as the best of 8."""
WIDTH, OF_TWO = 192, 128
"""Units of an ensemble's layers, and where there are two classes: on validation rows of seven such tables the log loss
changed by -10 to +2.6 % (median +.4), and rows are scored half as fast again. Of values it was up to 8 % higher."""
WIDE, CELLS, LEAST_BINS = 512, 16_384, 4
"""From so many columns each has fewer units; how many bins all of them may have, and each has at least. A step's cost
so grows with the cells: 2,000 columns of 100 bins took 88 CPU seconds a training, and of 8 bins 23."""
STEPS, STEPS_AN_OUTPUT = 700, 150
"""Steps that a small table's training may take: with 26 classes the best of 3,900 was the last, with two or three
the best was mostly among the first thousand."""


COURSE: dict[str, Any] = {"schedule": "cosine", "warmup": 0.1, "label_smoothing": 0.0, "augment": {}}
"""How the rate moves, whatever the size."""


def defaults(model: DenseSettings, transform: Transform, rows: int) -> dict[str, Any]:
    """Every hyperparameter from the numbers of columns, train rows and outputs; what `model` says goes before these."""
    columns = len(transform.features)
    shape = {
        "bins": min(bins(rows), max(CELLS // columns, LEAST_BINS)),
        "units": units(columns),
    }
    said = model.model_dump(exclude={"family"}, exclude_none=True)
    size = small(rows, transform.target) or large(rows)
    if transform.target.outputs == 1 and MANY <= rows < SMALL:
        size |= {"epochs": 2 * size["epochs"], "lr": 3e-3}
        size["patience"] = size["epochs"]
    return {**shape, **size, **COURSE, **said}


def units(columns: int) -> int:
    """Numbers a column's cell becomes."""
    return _within(1024 // columns, 8 if columns < WIDE else 4, 16)


def bins(rows: int) -> int:
    """A bin needs some rows to learn from."""
    return _within(rows // 15, 16, 128)


def small(rows: int, target: Target) -> dict[str, Any]:
    """An ensemble, trained for about as many steps whatever the number of rows; empty where these are many."""
    if rows >= SMALL:
        return {}
    batch = _within(_power_of_two(rows // 30), 32, 256)
    steps = STEPS + STEPS_AN_OUTPUT * target.outputs
    epochs = _within(steps * batch // max(rows, 1), 12, 200)
    return {
        "width": OF_TWO if target.outputs == 2 else WIDTH,
        "depth": 2,
        "dropout": 0.2,
        "members": 4,
        "batch_size": batch,
        "epochs": epochs,
        "patience": max(epochs // 3, 6),
        "lr": 1e-3,
        "weight_decay": 0.1,
    }


def large(rows: int) -> dict[str, Any]:
    """One wider network: on Adult the ensemble gave nothing for four times the time."""
    return {
        "width": 256,
        "depth": 3,
        "dropout": 0.1,
        "members": 1,
        "batch_size": 256 if rows < LARGE else 1024,
        "epochs": _within(ROWS_SEEN // rows, 4, 16),
        "patience": None,
        "lr": 2e-3,
        "weight_decay": 1e-3,
    }


def _within(value: int, least: int, most: int) -> int:
    return min(max(value, least), most)


def _power_of_two(value: int) -> int:
    """The largest that is not above `value`."""
    return 1 << max(value.bit_length() - 1, 0)
