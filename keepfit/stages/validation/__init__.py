"""Which rows of a snapshot may be learned from: the pipeline's expectations, checked by Great Expectations on DuckDB.

`rows` shows the snapshot to DuckDB, `engine` runs Great Expectations over it, `metrics` adds the SQL it lacks,
`selftest` proves the two together before every validation, `quarantine` puts the failing rows aside.
"""

from typing import Any

from keepfit.config import Pipeline, load
from keepfit.serving import champion_of
from keepfit.store.artifacts import Snapshot, Validated
from keepfit.store.stage import Room, stage


def _asked(config: Pipeline) -> dict[str, Any]:
    """Which model is asked of strangers: the one in service when the stage begins."""
    asked = config.validation.strangers
    return {} if asked is None else {"strangers": champion_of(load(config.resolve(asked.pipeline))).bundle}


@stage(reads=("validation",), environment=_asked)
def validate(room: Room, snapshot: Snapshot) -> Validated:
    """Check every row of the snapshot; those that fail a critical or warning expectation go to quarantine.parquet.

    Raises ConfigError where an expectation does not fit the columns, CheckError where one could not be checked,
    EngineError where the engine fails its self-test, and DataError where the rows are too bad to go on with.
    """
    from keepfit.stages.validation.session import session

    return session(room, snapshot)
