"""The stage `evaluate`. Imports of torch, scipy and the metrics wait until there is something to evaluate."""

from __future__ import annotations

from keepfit.stages.evaluation import slices
from keepfit.stages.evaluation.baseline import baseline, read
from keepfit.store import files
from keepfit.store.artifacts import Baseline, Evaluated, Interval, Prepared, Trained
from keepfit.store.run import Room, Run, stage


def evaluate(run: Run, trained: Trained, prepared: Prepared) -> Evaluated:
    """Judge a trained model on the prepared test rows.

    Raises ConfigError where evaluation.slices names a column that is not there.
    """
    slices.check(run.config, run.store / prepared.path)
    return _evaluate(run, trained, prepared, baseline(run, prepared))


@stage(reads=("evaluation", "training.threads"), members=("features", "features.net", "models.net"))
def _evaluate(room: Room, trained: Trained, prepared: Prepared, baseline: Baseline) -> Evaluated:
    from keepfit.metrics.answers import Answers
    from keepfit.stages.evaluation.document import document
    from keepfit.stages.evaluation.scoring import score, write_predictions

    rules, folder = room.config.evaluation, room.store / prepared.path
    room.step("scoring the test rows", 0.1)
    labels, probabilities, rows = score(room.store / trained.path, folder, room.config.training.threads)
    model = Answers(labels, probabilities)
    write_predictions(room.path / "predictions.parquet", rows, model)
    room.step("metrics and intervals", 0.5)
    others = {name: Answers(labels, given) for name, given in read(room.store / baseline.path).items()}
    made = document(model, others, prepared.classes, slices.groups(folder, rules.slices), rules)
    made["classical"]["name"] = baseline.classical
    files.write_json(room.path / "metrics.json", made)
    return Evaluated(
        rows=len(labels),
        metrics=model.scores(rules.top_k),
        intervals={name: Interval(**ends) for name, ends in made["intervals"].items()},
        baselines={name: answers.scores(rules.top_k) for name, answers in others.items()},
        classical=baseline.classical,
    )
