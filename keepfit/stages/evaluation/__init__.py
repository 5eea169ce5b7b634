"""How good a model is on the test rows, which nothing before has looked at, beside a trivial and a classical baseline.

The stage writes predictions.parquet (keepfit_row, label and answers, in the order of test_raw) and
metrics.json, whose parts are named in `keepfit.stages.evaluation.document`. The baselines are a stage of their own,
`baseline`, which depends on the prepared rows alone: another model on the same rows finds them in the store.
"""

from keepfit.stages.evaluation.baseline import baseline
from keepfit.store.artifacts import Baseline, Evaluated, Prepared, Trained
from keepfit.store.run import Run
from keepfit.store.stage import Room, stage


def evaluate(run: Run, trained: Trained, prepared: Prepared) -> Evaluated:
    """Judge a trained model on the prepared test rows.

    Raises ConfigError where evaluation.slices names a column that is not there.
    """
    if run.config.evaluation.slices:
        from keepfit.stages.evaluation.slices import check

        check(run.config, run.store / prepared.path)
    return _evaluate(run, trained, prepared, baseline(run, prepared))


@stage(
    reads=("evaluation", "training.threads", "problem"),
    members=(
        "features",
        "features.cells",
        "features.net",
        "problems",
        "problems.learn",
        "problems.judge",
        "problems.answer",
        "models.net",
    ),
)
def _evaluate(room: Room, trained: Trained, prepared: Prepared, baseline: Baseline) -> Evaluated:
    from keepfit.stages.evaluation.session import session

    return session(room, trained, prepared, baseline)
