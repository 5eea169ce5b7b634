"""A batch scored with the model in service."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import State, flow
from prefect.states import Completed

from flows.notifying import failures_told
from flows.outcome import mark, run_name
from flows.server import with_server
from keepfit import config
from keepfit.serving.scoring import Asked
from tasks.service import score as answer


@with_server
@flow(name="score", flow_run_name=run_name, persist_result=False)
def score(
    pipeline: Path = Path("pipeline.yaml"),
    rows: str = "",
    out: str = "",
    sql: str = "",
    table: str = "",
    database: str = "",
    keep: tuple[str, ...] = (),
) -> State[Any]:
    """Score a batch with the model in service.

    Killed, a run of the same parameters goes on from where it was; of the same rows and the same model it is done
    once. The message of the state it ends in tells the rows, the rows a second and the version of the model.

    Args:
        pipeline: The pipeline's YAML file, as the worker sees it.
        rows: The rows: a file, folder, glob or zip, relative to the YAML; it may hold ${VAR}.
        out: Where the answers go: a .parquet file, or a folder, relative to the YAML.
        sql: The rows, as a query in the place of rows.
        table: A database table for the answers, in the place of out.
        database: The address for sql and table, with its secrets as ${VAR}; that of the YAML's source when left out.
        keep: Columns of the rows to put beside the answers; those that are no features when left out.
    """
    settings = config.load(pipeline)
    asked = Asked(
        rows=settings.resolve(rows) if rows else None,
        sql=sql or None,
        out=settings.resolve(out) if out else None,
        table=table or None,
        database=database or None,
        keep=tuple(keep) or None,
    )
    with failures_told(settings):
        found = answer(settings, asked)
    mark(settings.name, "scored" if found.is_new else "nothing new", found.json(), tag="score")
    return Completed(message=str(found), data=found)
