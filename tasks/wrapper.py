"""One wrapper that turns a stage function into a task, and its `reused` into the state a person sees."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.states import Completed
from prefect.tasks import exponential_backoff

from keepfit.errors import KeepfitError, ours
from keepfit.store.events import Event
from keepfit.store.run import Run

P = ParamSpec("P")
R = TypeVar("R")


def as_task(stage: Callable[Concatenate[Run, P], R], *, timeout: float, name: str = "") -> Task[Concatenate[Run, P], R]:
    """A task named after the stage function, or as said; tried again only on errors that say it may help.

    It ends in the state `Reused`, with the run that made the output, when there was nothing to do.
    Prefect keeps neither results nor a cache: the store does, by content.
    """

    name = name or stage.__name__

    @wraps(stage)
    def body(run: Run, /, *args: P.args, **kwargs: P.kwargs) -> Any:
        artifact = _told(run, name, lambda: stage(run, *args, **kwargs))
        outcome = run.outcome(name)
        ended = "Reused" if outcome.reused else "Completed"
        return Completed(name=ended, message=outcome.reason, data=artifact)

    return _retried(body, name, timeout)


def of_service(work: Callable[P, R], *, timeout: float) -> Task[P, R]:
    """The same for work with a model in service, which belongs to no run."""

    @wraps(work)
    def body(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return work(*args, **kwargs)
        except Exception as error:
            told = ours(error)
            raise told from (error if told is not error else error.__cause__)

    return _retried(body, work.__name__, timeout)


def _retried(body: Callable[P, R], name: str, timeout: float) -> Task[P, R]:
    return Task(
        body,
        name=name,
        cache_policy=NO_CACHE,
        persist_result=False,
        timeout_seconds=timeout,
        retries=3,
        retry_delay_seconds=exponential_backoff(backoff_factor=5),
        retry_jitter_factor=0.5,
        retry_condition_fn=_worth_a_retry,
    )


def _told(run: Run, name: str, stage: Callable[[], R]) -> R:
    """Whatever goes wrong is one of our errors, in words that hold no secret; one that is tried again is told."""
    try:
        return stage()
    except Exception as error:
        told = ours(error)
        if told.retryable:
            run.tell(Event(name, "note", f"{told} It is tried again, three times at most."))
        raise told from (error if told is not error else error.__cause__)


def do(task: Task[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a task inside a flow and get its artifact, not the state it ended in."""
    state: Any = task(*args, return_state=True, **kwargs)
    result: R = state.result()
    return result


def _worth_a_retry(_task: Any, _task_run: Any, state: Any) -> bool:
    error = state.result(raise_on_failure=False)
    return isinstance(error, KeepfitError) and error.retryable
