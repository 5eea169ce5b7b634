"""`keepfit bootstrap` and `keepfit deploy`: pipelines on a Prefect server."""

from __future__ import annotations

from pathlib import Path

from keepfit.cli.saying import say


def bootstrap(*, gpu_pool: str = "") -> None:
    """Prepare a Prefect server: work pools, and automations that look after runs which died. Safe to repeat.

    Parameters
    ----------
    gpu_pool
        Also make a work pool of this name, whose workers run where the GPUs are.
    """
    from flows.operating.bootstrap import bootstrap as prepare

    for sentence in prepare(gpu_pool):
        say(sentence)
    say("Next: start a worker where runs shall take place,  prefect worker start --pool keepfit")
    if gpu_pool:
        say(f"      and one where the GPUs are,  prefect worker start --pool {gpu_pool}")
    say("      and deploy pipelines,  keepfit deploy PIPELINE")


def deploy(*pipelines: Path, pool: str = "keepfit", gpu_pool: str = "", prune: bool = False) -> None:
    """Put pipelines on the Prefect server, each with its schedule and its form. Safe to repeat.

    Parameters
    ----------
    pipelines
        The pipelines' YAML files, or folders that are searched for pipeline.yaml.
    pool
        The work pool where runs take place.
    gpu_pool
        A work pool whose workers run where the GPUs are; train_on: auto trains there.
    prune
        Also take away deployments whose pipeline is gone from these files and folders.
    """
    from flows.operating.deploying import deploy as register
    from keepfit.errors import ConfigError

    if not pipelines:
        raise ConfigError("there is nothing to deploy.", todo="Name a pipeline.yaml, or a folder of pipelines.")
    for sentence in register(pipelines, pool, gpu_pool, prune=prune):
        say(sentence)
