"""One execution of the evaluate stage: score the test rows, judge, write."""

from __future__ import annotations

from functools import partial

from keepfit.config.source import WHOLE
from keepfit.data import feed
from keepfit.features.lookup import read_transform
from keepfit.models.architecture import load
from keepfit.problems.lookup import answer_of, judge_of, learn_of
from keepfit.stages.evaluation import slices, telling
from keepfit.stages.evaluation.asking import Asking
from keepfit.stages.evaluation.classical import read
from keepfit.stages.evaluation.dependence import dependences
from keepfit.stages.evaluation.document import document
from keepfit.stages.evaluation.importance import importances
from keepfit.stages.evaluation.scoring import score, threads, write_predictions
from keepfit.store import files
from keepfit.store.artifacts import Baseline, Evaluated, Prepared, Trained
from keepfit.store.stage import Room


def session(room: Room, trained: Trained, prepared: Prepared, baseline: Baseline) -> Evaluated:
    """Everything that `keepfit.stages.evaluation.evaluate` promises."""
    with threads(room.config.training.threads):
        return _evaluated(room, trained, prepared, baseline)


def _evaluated(room: Room, trained: Trained, prepared: Prepared, baseline: Baseline) -> Evaluated:
    rules, settings, folder = room.config.evaluation, room.config.problem, room.store / prepared.path
    transform = read_transform(folder)
    target = transform.target
    room.step("scoring the test rows", 0.1)
    network = load(room.store / trained.path)
    test = feed.read(folder / "test", transform)
    labels, answers, rows = score(network, test, folder / "test")
    judge, learn = judge_of(target.problem), learn_of(target.problem)
    judged = partial(judge.judged, labels, target=target, rules=rules, settings=settings)
    model = judged(answers)
    write_predictions(room.path / "predictions.parquet", rows, model)
    room.step("metrics and intervals", 0.5)
    others = {name: judged(found) for name, found in read(room.store / baseline.path).items()}
    made = document(len(labels), model, others, slices.groups(folder, rules.slices), rules)
    made["classical"]["name"] = baseline.classical
    if told := getattr(learn, "told", None):
        made |= told(network, lambda name: feed.read(folder / name, transform), transform)
    further = made.pop("figures", {})
    made["model"] |= further
    answer = answer_of({"problem": target.problem})
    schema = answer.schema(target, made)
    made["answers"] = answer.bins(answers, schema)
    room.step("what answers rest on", 0.7)
    asks_columns = room.config.target != WHOLE
    objective = learn.objective(settings, target, 0.0)
    made["importance"] = importances(network.net, transform, test, objective) if asks_columns else []
    asking = Asking(network, transform, folder / "test_raw", answer, schema)
    made["dependence"] = dependences(asking, made["importance"], len(labels))
    telling.in_rows(asking, [*made["typical"], *made["worst"]])
    made["telling"] = telling.on_the_whole(asking, len(labels))
    files.write_json(room.path / "metrics.json", made)
    return Evaluated(
        rows=len(labels),
        metrics={**model.scores(), **further},
        intervals=model.intervals(rules.confidence),
        baselines={name: other.scores() for name, other in others.items()},
        classical=baseline.classical,
        remarks=model.remarks(),
    )
