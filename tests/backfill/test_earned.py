"""Models on the rows of a period: what is left out, and what each way of choosing makes of the others."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from keepfit.backfill.answered import answered, schema_of
from keepfit.backfill.earned import Measure, Pool
from keepfit.problems.classification.answer import ANSWER
from keepfit.store import files
from keepfit.store.artifacts import Snapshot
from keepfit.store.run import start
from tests import bundled


def coming(pipeline, target):
    """The judging rows of the carried table, as a snapshot."""
    table = bundled.rows().slice(bundled.TRAIN)
    table = table.set_column(table.column_names.index("diagnosis"), "diagnosis", pa.array(target(table["diagnosis"])))
    folder = pipeline.store / "stages/ingest/coming"
    (folder / "rows").mkdir(parents=True)
    pq.write_table(table, folder / "rows/part-00000.parquet")
    files.write_json(folder / "schema.json", {"columns": [{"name": name} for name in table.column_names]})
    return Snapshot(
        path="stages/ingest/coming", digest="c", rows=len(table), test_rows=0, without_target=0, unread=0,
        duplicates=0, shared=0, unreadable={}, classes=(),
    )  # fmt: skip


def test_rows_of_a_class_that_no_model_knows_are_left_out_and_each_way_is_measured_on_the_others(pipeline):
    good, fair = pipeline.bundle("good"), pipeline.bundle("fair", bundled.FAIR)
    snapshot = coming(pipeline, lambda cells: ["unclear" if n < 7 else c for n, c in enumerate(cells.to_pylist())])
    run = start(pipeline.config)
    rows = answered(run, snapshot, (good, fair), schema_of(pipeline.store / good.folder))
    assert (len(rows.labels), rows.gone) == (243, 7)
    pool, measure = Pool(), Measure(pipeline.config, schema_of(pipeline.store / good.folder))
    for _ in range(2):
        pool.add(rows, {"followed": good, "never": fair, "always": good})
    figures = measure.figures(pool.labels, pool.answers)
    right = {way: float(np.mean(given.argmax(axis=1) == pool.labels)) for way, given in pool.answers.items()}
    assert (len(pool.labels), pool.gone, figures) == (486, 14, right)
    ahead = measure.difference(pool.labels, pool.answers["never"], pool.answers["followed"])
    assert ahead.low > 0
    assert np.isclose(ahead.difference, figures["followed"] - figures["never"])


def test_without_rows_there_are_no_figures(pipeline):
    measure, none = Measure(pipeline.config, {}), np.empty((0, 2), np.float32)
    assert measure.figures(np.empty(0), {"never": none}) == {}
    assert measure.difference(np.empty(0), none, none) is None


def test_a_period_whose_rows_are_of_one_class_has_no_ranking(pipeline):
    bundle = pipeline.write("release: {metric: roc_auc}\n").bundle("good")
    measure = Measure(pipeline.config, schema_of(pipeline.store / bundle.folder))
    labels, answers = np.zeros(50, np.int32), np.tile(np.array([[0.7, 0.3]], np.float32), (50, 1))
    assert measure.figures(labels, {"never": answers}) == {}
    assert measure.difference(labels, answers, answers) is None


def test_a_class_that_an_old_model_does_not_know_has_no_probability():
    answers = np.array([[0.3, 0.7]], np.float32)
    found = ANSWER.aligned(answers, {"classes": ["a", "c"]}, {"classes": ["a", "b", "c"]})
    assert found.tolist() == np.array([[0.3, 0.0, 0.7]], np.float32).tolist()
