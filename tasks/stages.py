"""The seven verbs, in the order of the pipeline. The logic is in the library, which knows nothing of Prefect."""

import keepfit.evaluation
import keepfit.export
import keepfit.ingest
import keepfit.preprocessing
import keepfit.release
import keepfit.training
import keepfit.validation
from tasks.wrapper import as_task

HOUR = 3600

ingest = as_task(keepfit.ingest.ingest, timeout=6 * HOUR)
validate = as_task(keepfit.validation.validate, timeout=2 * HOUR)
preprocess = as_task(keepfit.preprocessing.preprocess, timeout=2 * HOUR)
train = as_task(keepfit.training.train, timeout=48 * HOUR)
evaluate = as_task(keepfit.evaluation.evaluate, timeout=2 * HOUR)
export = as_task(keepfit.export.export, timeout=HOUR)
release = as_task(keepfit.release.release, timeout=HOUR)
