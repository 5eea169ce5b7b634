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
"""Train rows from which twice the steps are taken, and of a quantity at thrice the rate: on validation rows
California's houses (13,392 rows) came from an RMSE of 50,600 to 47,600, elec2's demand (7,855) from .0744 to .0721, the
log loss of har_wearables (9,300) from .0313 to .0225, California by classes from .275 to .267, elec2 (6,500) from .451
to .443 and mammography (6,100) from .0314 to .0311. Fewer rows gained little, or lost: of seven tables of 600 to 3,300
rows two were worse."""
LARGE = 200_000
"""Train rows from which batches are larger: the steps are many either way."""
ROWS_SEEN, MOST_EPOCHS = 3_200_000, 32
"""Rows in all epochs: on covertype's validation rows (45,000 train rows) the log loss came from .431 in 8 epochs to
.326 in 16, .287 in 32 and .307 in 64, and 81.3 to 89.6 % in 32; on Adult (21,000) the seventh of 16 was the best
(.2647), the ninth of 64 was as good (.2644), and patience ends it there."""
WIDTH, OF_TWO = 192, 128
"""Units of an ensemble's layers, and where there are two classes: on validation rows of seven such tables the log loss
changed by -10 to +2.6 % (median +.4), and rows are scored half as fast again. Of values it was up to 8 % higher."""
WIDE, CELLS, LEAST_BINS = 512, 16_384, 4
"""From so many columns each has fewer units; how many bins all of them may have, and each has at least. A step's cost
so grows with the cells: 2,000 columns of 100 bins took 88 CPU seconds a training, and of 8 bins 23."""
STEPS, STEPS_AN_OUTPUT, MOST_STEPS = 700, 150, 5_000
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
        size |= {"lr": 3e-3, "patience": size["epochs"]}
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
    epochs = _within(steps(rows, target.outputs) * batch // max(rows, 1), 12, 200)
    return {
        "width": OF_TWO if target.outputs == 2 else WIDTH,
        "depth": 2,
        "dropout": 0.2,
        "members": 4,
        "batch_size": batch,
        "epochs": epochs,
        "patience": max(epochs // (6 if rows >= MANY else 3), 6),
        "lr": 1e-3,
        "weight_decay": 0.1,
    }


def steps(rows: int, outputs: int) -> int:
    """That a small table's training may take."""
    return min((STEPS + STEPS_AN_OUTPUT * outputs) * (2 if rows >= MANY else 1), MOST_STEPS)


def large(rows: int) -> dict[str, Any]:
    """One wider network: on Adult the ensemble gave nothing for four times the time."""
    return {
        "width": 256,
        "depth": 3,
        "dropout": 0.1,
        "members": 1,
        "batch_size": 256 if rows < LARGE else 1024,
        "epochs": _within(ROWS_SEEN // rows, 4, MOST_EPOCHS),
        "patience": 8,
        "lr": 2e-3,
        "weight_decay": 1e-3,
    }


def _within(value: int, least: int, most: int) -> int:
    return min(max(value, least), most)


def _power_of_two(value: int) -> int:
    """The largest that is not above `value`."""
    return 1 << max(value.bit_length() - 1, 0)
