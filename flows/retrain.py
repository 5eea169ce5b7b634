"""THE MAP: one run of a pipeline, from the source's rows to a verdict on the model learned from them."""

from __future__ import annotations

from pathlib import Path

from prefect import State, flow

from flows.outcome import conclude, failed, run_name
from flows.server import with_server
from keepfit import config
from keepfit.stages.training import possible
from keepfit.store.artifacts import Released
from keepfit.store.run import begin
from tasks.stages import evaluate, export, ingest, preprocess, release, train, validate
from tasks.wrapper import do


@with_server
@flow(name="retrain", flow_run_name=run_name, persist_result=False)
def retrain(pipeline: Path, force: str | None = None) -> State[Released]:
    """Retrain one pipeline and release the new model if it is better.

    Finished stages are reused and a killed training goes on from its last checkpoint, so running again is
    always safe. The verdict is the message of the state it ends in, and a tag such as verdict:hold.

    Args:
        pipeline: The pipeline's YAML file, as the worker sees it.
        force: Put the new model in service whatever the verdict, for this reason; the reason is journalled.
    """
    with begin(possible(config.load(pipeline)), failed) as run:
        snapshot = do(ingest, run)
        validated = do(validate, run, snapshot)
        prepared = do(preprocess, run, validated)
        trained = do(train, run, prepared.learnable)
        evaluated = do(evaluate, run, trained, prepared)
        bundle = do(export, run, trained, prepared, evaluated)
        released = do(release, run, bundle, evaluated, prepared, force)
        return conclude(run, released)
