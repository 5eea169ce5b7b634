"""How good a model is on the test rows, which nothing before has looked at, beside a trivial and a classical baseline.

The stage writes predictions.parquet (keepfit_row, label and answers, in the order of test_raw) and
metrics.json, whose parts are named in `keepfit.stages.evaluation.document`. The baselines are a stage of their own,
`baseline`, which depends on the prepared rows alone: another model on the same rows finds them in the store.
"""

from keepfit.stages.evaluation.stage import evaluate

__all__ = ["evaluate"]
