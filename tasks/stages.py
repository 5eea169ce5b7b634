"""The seven verbs, in the order of the pipeline. The logic is in the library, which knows nothing of Prefect."""

import keepfit.stages.evaluation
import keepfit.stages.export
import keepfit.stages.ingest
import keepfit.stages.preprocessing
import keepfit.stages.release
import keepfit.stages.training
import keepfit.stages.validation
from keepfit.store.artifacts import Learnable, Trained
from keepfit.store.run import Run
from tasks.wrapper import as_task

HOUR = 3600


def train_where_asked(run: Run, prepared: Learnable) -> Trained:
    """Train in this process, or in the work pool that the YAML or the run's form names; from what was settled here."""
    from keepfit.stages.training.start import start_of
    from tasks.elsewhere import pool_of, train_in

    pool = pool_of(run) if run.config.train_on != "here" else ""
    start = start_of(run, prepared)
    return train_in(pool, run, prepared, start) if pool else keepfit.stages.training.train(run, prepared, start)


ingest = as_task(keepfit.stages.ingest.ingest, timeout=6 * HOUR)
validate = as_task(keepfit.stages.validation.validate, timeout=2 * HOUR)
preprocess = as_task(keepfit.stages.preprocessing.preprocess, timeout=2 * HOUR)
train = as_task(train_where_asked, timeout=48 * HOUR, name="train")
train_here = as_task(keepfit.stages.training.train, timeout=48 * HOUR)
evaluate = as_task(keepfit.stages.evaluation.evaluate, timeout=2 * HOUR)
export = as_task(keepfit.stages.export.export, timeout=HOUR)
release = as_task(keepfit.stages.release.release, timeout=HOUR)
