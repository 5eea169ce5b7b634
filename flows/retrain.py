"""THE MAP: one run of a pipeline, from the source's rows to a verdict on the model learned from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import State, flow

from flows.approval import decided
from flows.form import Form, Mode, Promote
from flows.outcome import checked, conclude, failed, measured, request, run_name
from flows.server import with_server
from keepfit import config
from keepfit.stages.training import possible
from keepfit.store.run import begin
from tasks.stages import evaluate, export, ingest, preprocess, release, train, validate
from tasks.wrapper import do


@with_server
@flow(name="retrain", flow_run_name=run_name, persist_result=False)
def retrain(
    pipeline: Path = Path("pipeline.yaml"),
    mode: Mode = "normal",
    promote: Promote = "auto",
    reason: str = "",
    train_on: str = "",
    minutes: int = 0,
    notes: str = "",
    settings: dict[str, str] | None = None,
) -> State[Any]:
    """Retrain one pipeline and release the new model if it is better.

    Finished stages are reused and a killed training goes on from its last checkpoint, so running again is
    always safe. The verdict is the message of the state it ends in, and a tag such as verdict:hold.

    Args:
        pipeline: The pipeline's YAML file, as the worker sees it.
        mode: normal uses again what has not changed; full retrain makes everything anew; evaluate only measures the
            model in service on the rows as they are now; dry run ends when the rows are validated.
        promote: auto goes by the verdict; hold keeps the model in service, whatever the verdict; force puts the new one
            in service, whatever the verdict.
        reason: Why; force asks for it. It is journalled.
        train_on: Where to train: here, auto, or a work pool's name. Empty: as the YAML says.
        minutes: Stop training after so many minutes and judge what was learned. 0: as the YAML says.
        notes: Anything that the run's record shall keep.
        settings: Settings in place of the YAML's, such as {"training.seed": "1"}; the record keeps them.
    """
    form = Form(mode, promote, reason, train_on, minutes, notes)
    wanted = possible(config.load(pipeline, form.overrides(settings)))
    with begin(wanted, failed, request(form), fresh=form.fresh) as run:
        snapshot = do(ingest, run)
        validated = do(validate, run, snapshot)
        if mode == "dry run":
            return checked(run, validated)
        prepared = do(preprocess, run, validated)
        if mode == "evaluate only":
            return measured(run, prepared)
        trained = do(train, run, prepared.learnable)
        evaluated = do(evaluate, run, trained, prepared)
        bundle = do(export, run, trained, prepared, evaluated)
        decision = decided(run, form.decision, bundle, evaluated, prepared)
        released = do(release, run, bundle, evaluated, prepared, decision)
        return conclude(run, released)
