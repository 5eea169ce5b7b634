"""Which rows of a snapshot may be learned from: the pipeline's expectations, checked by Great Expectations on DuckDB.

`rows` shows the snapshot to DuckDB, `engine` runs Great Expectations over it, `metrics` adds the SQL it lacks,
`selftest` proves the two together before every validation, `quarantine` puts the failing rows aside.
"""

from keepfit.stages.validation.stage import validate

__all__ = ["validate"]
