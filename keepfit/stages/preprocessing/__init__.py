"""Rows into typed shards: split, fit on the train part, write.

Reads a validated snapshot and writes train/, validation/, test/ (typed, untransformed values), test_raw/ (the test rows
as they came), transform.json (what was fitted), train_rows.parquet (ids a model has seen) and profile.json.
"""

from keepfit.store.artifacts import Prepared, Validated
from keepfit.store.stage import Room, stage


@stage(
    reads=("preprocessing", "features", "target", "problem"),
    members=("features", "features.cells", "problems", "problems.target"),
)
def preprocess(room: Room, validated: Validated) -> Prepared:
    """Split the rows that passed validation, fit the transforms on the train part, write typed shards of all parts.

    Raises DataError where there is nothing to learn: one class, a class without train rows, an empty part, a feature
    without a value, a picture that cannot be decoded.
    """
    from keepfit.stages.preprocessing.session import session

    return session(room, validated)
