"""What the server does by itself when a run is dead.

It waits for the absence of a sign (Prefect calls it proactive): on the presence of one it would act while a run is
still ending.
"""

from __future__ import annotations

from datetime import timedelta

from prefect.client.schemas.objects import StateType
from prefect.events.schemas.automations import AutomationCore
from prefect.events.schemas.events import ResourceSpecification

from flows.operating.deployments import OURS
from flows.operating.triggers import ENDS, MOVES, RUN, absence, becomes, presence, tagged

HEARTBEAT = 30
"""Seconds between two signs of life of a run; the least that Prefect takes."""
SILENCE = timedelta(seconds=100)
"""A run that gave no sign of life for so long is dead: three were missed, for a busy server loses one."""
START = timedelta(minutes=30)
"""A run that a worker took, and that has not begun so long after, has no worker any more. Pulling an image takes less,
and one that begins later all the same is Running again."""
PAUSE = timedelta(seconds=20)
"""Between a run's death and the next try: its process has ended by then, and its lock is free."""
TRIES = 3
SOON = timedelta(hours=1)
"""A run that dies so often within this time before it begins dies of something that does not pass."""
DEAD, AGAIN = "keepfit: runs that died", "keepfit: runs that died run again"
UNBEGUN, GIVEN_UP = "keepfit: runs that never began", "keepfit: runs that die before they begin are given up"
ABANDONED = f"It died {TRIES} times without beginning in between, and is given up: the worker's log tells of what."
_AGAIN = ("retrain", "score", "backfill")
"""The flows that are run again. A training in another pool is started anew by the run that waits for it."""
_FLOWS = ResourceSpecification.model_validate({"prefect.resource.role": "flow", "prefect.resource.name": list(_AGAIN)})
_TAKEN = {"Pending", "Submitting", "InfrastructurePending"}


def of_runs() -> list[AutomationCore]:
    """Those that look after dead runs, for a whole server."""
    return [_dead(), _unbegun(), _again(), _given_up()]


def _dead() -> AutomationCore:
    silent = f"It gave no sign of life for {SILENCE.total_seconds():.0f} seconds: its process, or its machine, is gone."
    signs = {"heartbeat", "Suspended", "Paused", *MOVES, *ENDS}
    return AutomationCore(
        name=DEAD,
        description="A run of keepfit without a sign of life is marked Crashed.",
        # A run may die before its first heartbeat.
        trigger=absence({"heartbeat", "Running"}, signs, SILENCE, tagged(OURS)),
        actions=[becomes(StateType.CRASHED, silent)],
    )


def _unbegun() -> AutomationCore:
    """No worker takes up what another one took, and it would hold its place in the pool for good."""
    silent = (
        f"A worker took it, and it did not begin within {START.total_seconds() / 60:.0f} minutes: the worker is gone."
    )
    return AutomationCore(
        name=UNBEGUN,
        description="A run of keepfit that a worker took and that does not begin is marked Crashed.",
        trigger=absence(_TAKEN, {"heartbeat", *MOVES, *ENDS} - _TAKEN, START, tagged(OURS)),
        actions=[becomes(StateType.CRASHED, silent)],
    )


def _again() -> AutomationCore:
    return AutomationCore(
        name=AGAIN,
        description=f"A run that crashed goes on from where it was, {TRIES - 1} times at most.",
        trigger=absence(
            {"Crashed"},
            {*MOVES, *ENDS} - {"Crashed"},
            PAUSE,
            tagged(OURS),
            _FLOWS,
            # Not 0: what dies before it is ever Running, as by a broken installation, would be tried for ever.
            match={"prefect.run-count": [str(tries) for tries in range(1, TRIES)]},
        ),
        actions=[becomes(StateType.SCHEDULED, "It died, and goes on from where it was.", "AwaitingRetry")],
    )


def _given_up() -> AutomationCore:
    """Ends what `AGAIN` would try for ever: a try that dies before it is Running is not counted as a run."""
    return AutomationCore(
        name=GIVEN_UP,
        description=f"A run that dies {TRIES} times without beginning in between has failed, and is not tried again.",
        trigger=presence({f"{RUN}Crashed"}, {"prefect.resource.id": f"{RUN}*"}, tagged(OURS), _FLOWS).model_copy(
            update={
                "for_each": {"prefect.resource.id", "prefect.run-count"},
                "threshold": TRIES,
                "within": SOON,
            }
        ),
        actions=[becomes(StateType.FAILED, ABANDONED)],  # Prefect lets nothing that has ended become Crashed
    )
