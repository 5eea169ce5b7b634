"""Which deployments a pipeline has: one a flow, with its schedule, its form, and words on what it does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

from cronsim import CronSim

from flows.operating.schema import asked
from keepfit.config import Pipeline
from keepfit.config.clock import Clock, duration
from keepfit.config.operation import Monitoring, Scoring
from keepfit.quoting import cut
from tasks.elsewhere import GPU

OURS = "keepfit"
"""The tag of every deployment that keepfit made, and so of its runs."""
_ONCE = ("retrain", "watch", "monitor", "prune")
"""Flows of which a second run is not wanted: it would find what the first does. Those of the others wait."""
_PRUNE = Clock(cron="30 4 * * 0")
_ANCHOR = "2020-01-01T00:00:00Z"
"""Every interval counts from here, so that deploying again moves nothing: every 6h is at 0, 6, 12 and 18 o'clock."""
_DOES = {
    "retrain": "Retrains **{name}** and puts the new model in service if it is better.",
    "score": "Answers new rows with the model of **{name}** that is in service.",
    "monitor": "Looks how rows and answers of **{name}** compare with those it was trained on.",
    "backfill": "Tells what retraining **{name}** in the past would have been worth; nothing in service is touched.",
    "watch": "Looks whether the source of **{name}** changed, and starts retrain/{name} if so.",
    "prune": "Takes from the store of **{name}** what nothing needs any more.",
    "alert": "Tells those in `notify` of a run of **{name}** that crashed, or of a pool without a worker.",
}


class When(NamedTuple):
    """When a deployment runs by itself."""

    schedule: dict[str, Any]
    """As Prefect's API takes it."""
    words: str


@dataclass(frozen=True)
class Deployment:
    """One deployment as it shall stand on the server."""

    flow: str
    name: str
    pool: str
    description: str
    schema: dict[str, Any]
    tags: tuple[str, ...]
    parameters: dict[str, Any] = field(default_factory=dict)
    schedule: dict[str, Any] | None = None
    active: bool = True
    """Whether its schedule is switched on when it is deployed for the first time."""
    scheduled: dict[str, Any] = field(default_factory=dict)
    """The parameters of the runs that its schedule starts, beside those of all."""
    one: bool = True
    """Whether it has one run at a time."""

    @property
    def entrypoint(self) -> str:
        """The flow, as a module and a name in it."""
        return f"flows.{self.flow}.{self.flow}"

    @property
    def strategy(self) -> str:
        """What becomes of a run that comes while another is under way."""
        return "CANCEL_NEW" if self.flow in _ONCE else "ENQUEUE"


def of_pipeline(config: Pipeline, pool: str, pools: Sequence[str]) -> list[Deployment]:
    """The deployments of a pipeline whose runs start in `pool`; its form lets a person choose one of `pools`."""
    unwanted = {flow for flow, asked in (("watch", _looks(config)), ("alert", alerts(config))) if not asked}
    return [_of(flow, config, pool, pools) for flow in _DOES if _is_there(flow) and flow not in unwanted]


def of_pool(pool: str, *, gpu: bool) -> Deployment:
    """The deployment by which runs are trained in another pool, as many at once as the pool allows."""
    return Deployment(
        flow="train",
        name=pool,
        pool=pool,
        description="Trains for runs that wait in another pool. They start it by themselves.",
        schema=asked(_flow("train"), {}, ()),
        tags=(OURS, GPU) if gpu else (OURS,),
        one=False,
    )


def _of(flow: str, config: Pipeline, pool: str, pools: Sequence[str]) -> Deployment:
    filled = {"pipeline": str(config.file)}
    when, clock = _when(flow, config), _given(flow, config)
    return Deployment(
        flow=flow,
        name=config.name,
        pool=pool,
        description=described(flow, config),
        schema=asked(_flow(flow), filled, pools),
        tags=(OURS, f"pipeline:{config.name}"),
        parameters=filled,
        schedule=when.schedule if when else None,
        active=not (clock and clock.paused),
        scheduled=scheduled(flow, config) if when else {},
    )


def _is_there(flow: str) -> bool:
    return find_spec(f"flows.{flow}") is not None


def _looks(config: Pipeline) -> bool:
    return config.schedule is not None and config.schedule.new_data is not None


def alerts(config: Pipeline) -> bool:
    """Whether anybody wants to know of a run that crashed and does not go on."""
    return config.notify is not None and "failed" in config.notify.on


def _flow(name: str) -> Any:
    return getattr(import_module(f"flows.{name}"), name)


def _when(flow: str, config: Pipeline) -> When | None:
    """When a flow runs by itself; None for one that a person, a program or another flow starts."""
    given = _given(flow, config)
    if flow == "watch" and config.schedule is not None:
        return _every(config.schedule.new_data, config.schedule.timezone)
    return _clock(given) if given is not None else None


def _given(flow: str, config: Pipeline) -> Clock | None:
    """The section with the clock of a flow."""
    clocks = {
        "retrain": config.schedule,
        "watch": config.schedule,
        "score": config.scoring,
        "monitor": config.monitoring,
        "prune": _PRUNE,
    }
    return clocks.get(flow)


def scheduled(flow: str, config: Pipeline) -> dict[str, Any]:
    """What a run of a flow is asked that starts by itself, as the YAML says."""
    given = _given(flow, config)
    return given.asked if isinstance(given, Scoring | Monitoring) else {}


def _clock(given: Clock) -> When | None:
    if not given.cron:
        return _every(given.every, given.timezone)
    said = CronSim(given.cron, datetime.now(UTC)).explain()
    schedule = {"cron": given.cron, "timezone": given.timezone, "day_or": True}
    return When(schedule, f"{said[0].lower()}{said[1:]} ({given.timezone})")


def _every(text: str | None, zone: str) -> When | None:
    if text is None:
        return None
    schedule = {"interval": duration(text).total_seconds(), "anchor_date": _ANCHOR, "timezone": zone}
    return When(schedule, f"every {text}")


def described(flow: str, config: Pipeline) -> str:
    """What a person reads of a deployment: what it does, with which columns, from where, when, and who is asked."""
    kinds = Counter(feature.kind for feature in config.features.values())
    columns = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    lines = [
        _DOES[flow].format(name=config.name),
        "",
        f"- predicts `{cut(config.target)}` ({config.problem.kind}) from {len(config.features)} columns: {columns}",
        f"- rows from {_source(config)}",
        f"- runs {_runs(flow, config)}",
    ]
    if flow == "retrain":
        lines += [f"- trains {_where(config)}", f"- a person is asked: {_approval(config)}"]
    return "\n".join([*lines, f"- `{config.file}`"])


def _source(config: Pipeline) -> str:
    source = config.source
    if source.sql is not None:
        return f"`{cut(' '.join(source.sql.split()), 200)}`"
    paths = (source.path,) if isinstance(source.path, str) else source.path or ()
    return ", ".join(f"`{cut(path, 200)}`" for path in paths[:3]) + (" and more" if len(paths) > 3 else "")


def _runs(flow: str, config: Pipeline) -> str:
    when = _when(flow, config)
    words = [when.words] if when else []
    if flow == "retrain" and config.schedule and config.schedule.new_data:
        words.append(f"when the source changed, looked at every {config.schedule.new_data}")
    if flow == "monitor" and config.monitoring and config.monitoring.after_scoring:
        words.append("when new rows were scored")
    return ", and ".join(words) or "when it is asked for"


def _where(config: Pipeline) -> str:
    places = {"here": "where the other stages run", "auto": "in the pool of GPUs, where there is one"}
    return places.get(config.train_on, f"in the pool {config.train_on}")


def _approval(config: Pipeline) -> str:
    if config.approval == "never":
        return "never"
    of = "about every new model" if config.approval == "always" else "before a better model goes in service"
    return f"{of}, and has {config.approval_within} to answer"
