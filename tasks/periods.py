"""What a backfill does besides the seven stages."""

from __future__ import annotations

from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.states import Completed

from keepfit.stages.ingest.within import within
from tasks.stages import HOUR
from tasks.wrapper import as_task

ingest_before = as_task(within, timeout=HOUR, name="ingest")


@task(name="period", task_run_name="{at}", cache_policy=NO_CACHE, persist_result=False)
def skipped(at: str, came_to: str) -> Any:
    """A period that is done: it ends in the state `Skipped`, with what it came to."""
    return Completed(name="Skipped", message=came_to, data=at)
