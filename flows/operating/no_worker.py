"""A work pool whose last worker is gone is told: its runs do not begin, and so tell nobody.

The server sends the message itself where a notification block is named. Any other address is told by alert/NAME, a run,
for secrets stay where the workers are; in the pool without a worker it waits until there is one again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.events.actions import ActionTypes, SendNotification
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.exceptions import ObjectNotFound

from flows.notifying import BLOCK, title
from flows.operating.triggers import starting
from keepfit.config import Pipeline
from keepfit.errors import ConfigError

ALONE = timedelta(seconds=60)
"""A pool that has been without a worker for so long is told. The server takes a worker for gone after 90 seconds; this
is for one that has just been started again, or whose server has."""
_POOL = "prefect.work-pool."
_NAME = "prefect.resource.name"


def of_pools(client: SyncPrefectClient, config: Pipeline, pools: Sequence[str], alert: str) -> AutomationCore:
    """The automation by which those in `notify` are told of pools without a worker; the deployment alert by its id.

    Raises ConfigError for a notification block that the server does not have.
    """
    named, others = apart(config)
    pool = f"{{{{ labels['{_NAME}'] }}}}"
    actions: list[ActionTypes] = [_sent(config, block, pool) for block in blocks(client, config, named)]
    if others:
        actions.append(starting(alert, {"pool": pool}))
    return AutomationCore(
        name=name_of(config.name),
        description=f"A pool without a worker, where runs of {config.name} do not begin, is told to those in notify.",
        trigger=_unattended(pools),
        actions=actions,
    )


def name_of(pipeline: str) -> str:
    """What the automation is called."""
    return f"keepfit: a pool of {pipeline} without a worker is told"


def said(pool: str) -> tuple[str, str]:
    """What a person is told, and what to do."""
    return (
        f"The work pool {pool} has no worker: runs there do not begin.",
        f"Start one: prefect worker start --pool {pool}",
    )


def _unattended(pools: Sequence[str]) -> EventTrigger:
    """Fires for each of the pools that has no worker and gets none in time; one that is paused is meant to rest."""
    return EventTrigger(
        posture=Posture.Proactive,
        after={f"{_POOL}not-ready"},
        expect={f"{_POOL}ready", f"{_POOL}paused"},
        for_each={"prefect.resource.id", _NAME},
        match=ResourceSpecification.model_validate({"prefect.resource.id": f"{_POOL}*", _NAME: [*pools]}),
        within=ALONE,
        threshold=1,
    )


def _sent(config: Pipeline, block: UUID, pool: str) -> SendNotification:
    return SendNotification(block_document_id=block, subject=title(config, "failed"), body="\n\n".join(said(pool)))


def apart(config: Pipeline) -> tuple[list[str], list[str]]:
    """The addresses in `notify` that are blocks of the server, and the others."""
    addresses = config.notify.to if config.notify else ()
    named = [address for address in addresses if address.startswith(BLOCK)]
    return named, [address for address in addresses if address not in named]


def blocks(client: SyncPrefectClient, config: Pipeline, named: Sequence[str]) -> list[UUID]:
    """The ids of notification blocks. Raises ConfigError for one that the server does not have."""
    found = []
    for address in named:
        kind, _, name = address.removeprefix(BLOCK).partition("/")
        try:
            found.append(client.read_block_document_by_name(name, kind).id)
        except ObjectNotFound as error:
            raise ConfigError(
                f'notify names "{address}", and the Prefect server has no such block.',
                allowed="A block is named by its type and its own name: block:slack-webhook/ops.",
                todo="Make it in the UI, under Blocks, and deploy again.",
                where=str(config.file),
            ) from error
    return found
