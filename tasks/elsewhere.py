"""The training of a run in another work pool: this side starts it there, follows it, and uses what it made.

Which training it is says its key, not the run: a parent that was killed, and the next run of the schedule, find the one
under way and wait for it. The child works on the same store and notes its stage in the parent's record.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterTags,
    FlowRunFilter,
    FlowRunFilterTags,
    LogFilter,
    LogFilterFlowRunId,
)
from prefect.client.schemas.objects import FlowRun, State
from prefect.client.schemas.sorting import LogSort
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound, PrefectException
from prefect.runtime import flow_run
from prefect.settings import PREFECT_API_URL
from prefect.states import Cancelling

from keepfit.errors import ConfigError, KeepfitError, MachineError, TransientError, named
from keepfit.stages.training import train
from keepfit.store import keys, progress
from keepfit.store.artifacts import Artifact, Learnable, Start, Trained
from keepfit.store.events import Event
from keepfit.store.run import Run
from keepfit.store.stage import made_elsewhere, parts_of

HERE, AUTO = "here", "auto"
GPU = "pool:gpu"
"""The tag of a training deployment in a pool of GPUs."""
LOOK = 1.0
"""Seconds between two looks at the training."""
QUIET = 3
"""Looks without a new line after which a training that has ended has said all."""
PATIENCE = 900.0
"""Seconds that a server may be away while it restarts."""

_logger = logging.getLogger("keepfit")


def pool_of(run: Run) -> str:
    """The pool that trains this run; empty where it is trained in this process.

    Raises ConfigError for a pool that no training was deployed to, with those that there are.
    """
    wanted = run.config.train_on
    if wanted == HERE or (wanted == AUTO and not PREFECT_API_URL.value()):
        return ""
    with get_client(sync_client=True) as client:
        if wanted == AUTO:
            tagged = DeploymentFilter(tags=DeploymentFilterTags(all_=[GPU]))
            return next((found.name for found in client.read_deployments(deployment_filter=tagged)), "")
        try:
            client.read_deployment_by_name(f"train/{wanted}")
        except ObjectNotFound as error:
            raise ConfigError(
                f'train_on is "{wanted}", and this Prefect server has no deployment train/{wanted}.',
                allowed=f"{HERE} trains in this process, {AUTO} in the pool of GPUs where there is one.",
                todo=f"Deploy it: keepfit deploy PIPELINE; or run with --train-on {HERE}.",
            ) from error
    return wanted


def train_in(pool: str, run: Run, prepared: Learnable, start: Start | None) -> Trained:
    """What a worker of another pool has learned, or learns now.

    Raises the error that the training ended with there, TransientError where it died, MachineError where a person
    cancelled it.
    """
    parts = parts_of(train, run, prepared, start)
    found = made_elsewhere(run, "train", Trained, parts)
    if found is not None:
        return found
    with get_client(sync_client=True) as client:
        given = {"prepared": prepared, "start": start}
        child = _under_way(client, run, given, pool, f"training:{keys.key_of('train', parts)}")
        try:
            state = _followed(client, child, run, pool)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) or _is_cancelled(client):
                client.set_flow_run_state(child, Cancelling())
            raise
    if not state.is_completed():
        raise _failed(run, state, pool)
    trained, damage = run.store.find("train", run.outcome("train").key, Trained)
    if trained is None:
        raise MachineError(
            f"the training in the pool {pool} ended, and its output is not in this store. {damage}".strip(),
            todo="Let both workers see the same folder under the same path.",
            where=str(run.store.root),
        )
    return trained


def _under_way(client: SyncPrefectClient, run: Run, given: Mapping[str, Artifact | None], pool: str, tag: str) -> UUID:
    """The training with this tag that has not ended; a new one where there is none."""
    known = client.read_flow_runs(flow_run_filter=FlowRunFilter(tags=FlowRunFilterTags(all_=[tag])), limit=200)
    for one in known:
        if one.state is None or not one.state.is_final():
            return one.id
    artifacts = {name: one and one.model_dump(mode="json") for name, one in given.items()}
    parameters = {"pipeline": str(run.config.file), "run": run.id, **artifacts}
    started: Any = run_deployment(
        f"train/{pool}",
        parameters={**parameters, "settings": run.config.overrides},
        timeout=0,
        tags=[tag, run.config.name],
        flow_run_name=run.config.name,
        idempotency_key=f"{tag}-{len(known)}",
    )
    child: FlowRun = started
    return child.id


def _followed(client: SyncPrefectClient, child: UUID, run: Run, pool: str) -> State[Any]:
    """Repeat what the training logs until it has ended; the state that it ended in."""
    lines, heard = 0, time.monotonic()
    while True:
        try:
            state = client.read_flow_run(child).state
            lines += _repeat(client, child, lines)
            heard = time.monotonic()
        except (httpx.HTTPError, PrefectException) as error:
            if time.monotonic() - heard > PATIENCE:
                raise TransientError(f"the Prefect server does not answer: {error}.") from error
            state = None
        if state is not None and state.is_final():
            _repeat_the_rest(client, child, lines)
            return state
        _tell(run, pool, waiting=state is not None and not state.is_running())
        time.sleep(LOOK)


def _repeat(client: SyncPrefectClient, child: UUID, seen: int) -> int:
    """Log here what was logged there since; how many lines it was."""
    wanted = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[child]))
    lines = client.read_logs(wanted, limit=200, offset=seen, sort=LogSort.TIMESTAMP_ASC)
    for line in lines:
        if line.name == _logger.name:
            _logger.log(line.level, "%s", line.message)
    return len(lines)


def _repeat_the_rest(client: SyncPrefectClient, child: UUID, seen: int) -> None:
    """Its last lines come after its last state: what it logs is sent every two seconds."""
    quiet = 0
    while quiet < QUIET:
        time.sleep(LOOK)
        more = _repeat(client, child, seen)
        seen, quiet = seen + more, 0 if more else quiet + 1


def _tell(run: Run, pool: str, *, waiting: bool) -> None:
    """How far it is, for whoever watches this side; the child itself notes it in the run's folder."""
    said = progress.read(run.folder)
    if waiting:
        run.listener(Event("train", "step", f"waiting for a worker of the pool {pool}"))
    elif said is not None and said.stage == "train":
        run.listener(Event("train", "step", f"in {pool}: {said.message}", said.done))


def _is_cancelled(client: SyncPrefectClient) -> bool:
    """Whether a person cancelled this run, and did not only end its worker."""
    state = client.read_flow_run(flow_run.id).state
    return state is not None and (state.is_cancelling() or state.is_cancelled())


def _failed(run: Run, state: State[Any], pool: str) -> KeepfitError:
    """The error that a training ended with elsewhere, as one of ours; it was tried again there where that may help."""
    failure, said = run.record().failure, f"in the pool {pool}"
    if state.is_crashed():
        return TransientError(f"the training {said} died: {state.message}.", todo="It goes on from its checkpoint.")
    if state.is_cancelled():
        return MachineError(f"the training {said} was cancelled.", todo="Run again: it goes on from its checkpoint.")
    if failure is None:
        return MachineError(f"the training {said} failed: {state.message}", todo="See its own run in Prefect's UI.")
    run.add(failure=None)
    kind = named(failure.kind)
    return (MachineError if kind.retryable else kind)(f"{said}: {failure.message}")
