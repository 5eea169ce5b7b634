"""Rows into typed shards: split, fit on the train part, write.

Reads a validated snapshot and writes train/, validation/, test/ (typed, untransformed values), test_raw/ (the test rows
as they came), transform.json (what was fitted), train_rows.parquet (ids a model has seen) and profile.json.
"""

from keepfit.store import files
from keepfit.store.artifacts import Prepared, Validated
from keepfit.store.run import Run
from keepfit.store.stage import Room, stage


def preprocess(run: Run, validated: Validated) -> Prepared:
    """Split the rows that passed validation, fit the transforms on the train part, write typed shards of all parts.

    Raises DataError where there is nothing to learn: one class, a class without train rows, an empty part, a feature
    without a value, a picture that cannot be decoded; ConfigError for a setting of the problem that does not fit the
    target.
    """
    prepared = _preprocess(run, validated)
    if run.config.judging:  # not in the stage: nothing is prepared by them
        target = files.read_json(run.store / prepared.path / "transform.json")["target"]
        run.config.problem.check(tuple(target.get("classes", ())), str(run.config.file), final=True)
    return prepared


@stage(
    reads=("preprocessing", "features", "target", "problem.learned", "source.window"),
    members=("features", "features.cells", "problems", "problems.target"),
)
def _preprocess(room: Room, validated: Validated) -> Prepared:
    from keepfit.stages.preprocessing.session import session

    return session(room, validated)
