"""`keepfit deploy`: pipelines onto a Prefect server."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from prefect.client.orchestration import SyncPrefectClient, get_client

from flows.operating import automations, no_worker
from flows.operating.deployments import Deployment, alerts, of_pipeline, of_pool
from flows.operating.registering import check_names, gone, ours, register
from flows.surroundings import check_named
from keepfit import config
from keepfit.config import Pipeline
from keepfit.errors import ConfigError
from tasks.elsewhere import AUTO, GPU, HERE

FILE = "pipeline.yaml"


def deploy(paths: Sequence[Path], pool: str, gpu_pool: str = "", *, prune: bool = False) -> Iterator[str]:
    """Register the pipelines in these files and folders: a sentence for each deployment.

    All are read before the first is registered. Raises ConfigError for what cannot be deployed, and where no server is
    named, MachineError where it does not answer.
    """
    files, folders = found(paths)
    pipelines = [config.load(file) for file in files]
    check_named()
    with get_client(sync_client=True) as client:
        check_names(client, pipelines)
        for one in filter(alerts, pipelines):
            no_worker.blocks(client, one, no_worker.apart(one)[0])
        for training in _trainings(client, pipelines, gpu_pool):
            yield f"train/{training.name}: {register(client, training)}"
        pools = sorted(there.name for there in ours(client, "train"))
        wanted = [deployment for one in pipelines for deployment in of_pipeline(one, pool, pools)]
        for deployment in wanted:
            yield f"{deployment.flow}/{deployment.name}: {register(client, deployment)}"
        for one in pipelines:
            yield from _automations(client, one)
        yield from _left(client, wanted, pipelines, folders, prune=prune)


def found(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """The pipelines' files, and those of the paths that are folders, absolute. What begins with a dot is passed over.

    Raises ConfigError for a folder without any.
    """
    files: list[Path] = []
    folders = [path.expanduser().resolve() for path in paths if path.expanduser().is_dir()]
    for path in paths:
        place = path.expanduser().resolve()
        inside = _inside(place) if place in folders else [place]
        if not inside:
            raise ConfigError(
                f"there is no {FILE} in this folder, nor in those inside it.",
                todo="keepfit init DATA --target COLUMN writes one.",
                where=str(place),
            )
        files += [file for file in inside if file not in files]
    return files, folders


def _inside(folder: Path) -> list[Path]:
    files = []
    for place, names, inside in os.walk(folder):
        names[:] = sorted(name for name in names if not name.startswith("."))
        files += [Path(place, FILE)] if FILE in inside else []
    return files


def _trainings(client: SyncPrefectClient, pipelines: Sequence[Pipeline], gpu_pool: str) -> list[Deployment]:
    """The deployments of the training: in the pool that is named, and in those that the pipelines name."""
    there = {one.name: GPU in one.tags for one in ours(client, "train")}
    named = {one.train_on for one in pipelines} - {HERE, AUTO}
    pools = {**dict.fromkeys(named, False), **there, **({gpu_pool: True} if gpu_pool else {})}
    return [of_pool(name, gpu=gpu) for name, gpu in sorted(pools.items())]


def _automations(client: SyncPrefectClient, one: Pipeline) -> Iterator[str]:
    """Those of a pipeline: events start it, the wait for an answer ends where a person is asked, what died is told."""
    there = client.read_deployment_by_name(f"retrain/{one.name}")
    ids = {flow: _id(client, flow, one) for flow in ("retrain", "score", "monitor")}
    wanted, unwanted = [automations.of_events(one, ids["retrain"])], []
    if one.approval == "never":
        unwanted.append(automations.answer_name)
    else:
        wanted.append(automations.of_answer(one, ids["retrain"]))
    if one.monitoring and one.monitoring.after_scoring:
        wanted.append(automations.of_scored(one, ids["monitor"]))
    else:
        unwanted.append(automations.scored_name)
    if alerts(one):
        alert = _id(client, "alert", one)
        pools = [there.work_pool_name or "", *_trains_in(client, one)]
        of = (automations.of_alert, automations.of_given_up)
        wanted += [*(made(one, [*ids.values()], alert) for made in of), no_worker.of_pools(client, one, pools, alert)]
    else:
        unwanted += [automations.alert_name, automations.given_up_name, no_worker.name_of]
    for named in unwanted:
        automations.drop(client, named(one.name))
    for automation in wanted:
        yield f'automation "{automation.name}": {automations.keep(client, automation)}'


def _id(client: SyncPrefectClient, flow: str, one: Pipeline) -> str:
    return str(client.read_deployment_by_name(f"{flow}/{one.name}").id)


def _trains_in(client: SyncPrefectClient, one: Pipeline) -> list[str]:
    """The pools in which a pipeline trains, apart from that of its runs."""
    if one.train_on == AUTO:
        return sorted(there.name for there in ours(client, "train") if GPU in there.tags)
    return [] if one.train_on == HERE else [one.train_on]


def _left(
    client: SyncPrefectClient,
    wanted: Sequence[Deployment],
    pipelines: Sequence[Pipeline],
    folders: Sequence[Path],
    *,
    prune: bool,
) -> Iterator[str]:
    """What is on the server and gone from the files: taken away with `prune`, else only named."""
    for there, name in gone(client, wanted, pipelines, folders):
        if not prune:
            yield f"{name}: gone from the files, and still deployed; --prune takes it away"
            continue
        client.delete_deployment(there.id)
        if name.startswith("retrain/"):
            for named in (*automations.NAMES, no_worker.name_of):
                automations.drop(client, named(there.name))
        yield f"{name}: taken away"
