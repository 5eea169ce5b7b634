"""A whole pipeline, with the contradictions between its sections checked once."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Union

from pydantic import Field, PrivateAttr, field_validator, model_validator

from keepfit import redact
from keepfit.config import sets, training
from keepfit.config.clock import Duration
from keepfit.config.implied import implied
from keepfit.config.operation import Approval, Monitoring, Notify, Retention, Schedule, Scoring
from keepfit.config.sections import (
    Evaluation,
    Feature,
    Model,
    Preprocessing,
    Problem,
    Release,
    Section,
    Training,
    Validation,
)
from keepfit.config.source import HISTORY, SERIES, Source
from keepfit.config.tuning import Tuning
from keepfit.errors import ConfigError

LEARNED = "problem.learned"
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")

if TYPE_CHECKING:
    AnyFeature = Feature
    AnyProblem = Problem
    AnyModel = Model
else:  # one section a kind, a problem and a family
    AnyFeature = Annotated[Union[sets.FEATURES.sections()], Field(discriminator="kind")]  # noqa: UP007
    AnyProblem = Annotated[Union[sets.PROBLEMS.sections()], Field(discriminator="kind")]  # noqa: UP007
    AnyModel = Annotated[Union[sets.MODELS.sections()], Field(discriminator="family")]  # noqa: UP007


class Pipeline(Section):
    """What one pipeline.yaml says. Values hold ${VAR} unresolved, so that no secret reaches a record."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")
    """Names the pipeline in the registry and the UI."""
    source: Source
    """Where the rows come from."""
    target: str
    """The column to predict; left out where the problem is asked of whole rows."""
    problem: AnyProblem = Field(default_factory=lambda: sets.PROBLEMS.module(sets.PROBLEMS.names()[0]).Settings())
    """What is asked of the target: one of its classes, or its value; by name, or a section with it and more."""
    features: dict[str, AnyFeature]
    """The columns to predict from: their kind, or a section with it and more."""
    validation: Validation = Validation()
    preprocessing: Preprocessing = Preprocessing()
    model: AnyModel
    """The network to train: its family, and settings of that family."""
    training: Training = Training()
    tuning: Tuning = Tuning()
    evaluation: Evaluation = Evaluation()
    release: Release = Release()
    schedule: Schedule | None = None
    """When it runs by itself, once deployed; a cron line alone will do."""
    scoring: Scoring | None = None
    """Which rows the model in service answers by itself, and when."""
    monitoring: Monitoring | None = None
    """When the rows that come are looked at by themselves."""
    train_on: str = Field(default="here", pattern=r"^[^/%&<>]{1,200}$")
    """Where it trains: here, where the other stages run; a Prefect work pool, by its name; or auto, the pool of GPUs
    where one was deployed."""
    approval: Approval = "never"
    """When a person is asked before a model goes into service; always asks about one that is not better, too."""
    approval_within: Duration = "7d"
    """How long the run waits for the answer; without one the model in service stays."""
    notify: Notify | None = None
    """Who is told how a run ended."""
    retention: Retention = Retention()
    store: str = ".keepfit"
    """Folder for everything a run writes, relative to the YAML."""
    _file: Path = PrivateAttr(default=Path("pipeline.yaml"))
    _overrides: dict[str, str] = PrivateAttr(default_factory=dict)

    @field_validator("features", mode="before")
    @classmethod
    def _short_forms(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {k: {"kind": v} if isinstance(v, str) else v for k, v in value.items()}
        return value

    @field_validator("schedule", mode="before")
    @classmethod
    def _cron_alone(cls, value: Any) -> Any:
        return {"cron": value} if isinstance(value, str) else value

    @field_validator("problem", mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"kind": value} if isinstance(value, str) else value

    @model_validator(mode="before")
    @classmethod
    def _implied(cls, value: Any) -> Any:
        return implied(value) if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _consistent(self) -> Pipeline:
        if not self.features:
            raise ValueError("features is empty: name at least one column to predict from")
        if self.problem.reads_itself:
            if [*self.features] != [self.target]:
                raise ValueError(
                    f'problem {self.problem.kind} asks "{self.target}" of itself, and features has '
                    f"{', '.join(self.features)}: name the target there, and it alone"
                )
        elif self.target in self.features:
            raise ValueError(f'the target "{self.target}" is also a feature: take it out of features')
        if twice := sorted({self.target, *self.features}.intersection(self.problem.parts)):
            raise ValueError(f'"{twice[0]}" is a column that the target is made of, and cannot be anything else')
        self._check_windows()
        self._check_rows()
        if problem := self.problem.problem(self.features) or self.model.problem(self.features):
            raise ValueError(problem)
        training.check(self.training, self.problem, self.model, self.features)
        return self

    def _check_rows(self) -> None:
        """Raise ValueError where a family does not do what the problem needs of whole rows."""
        needed, rows = self.problem.reads_rows, self.model.rows
        if needed in rows or not (needed or rows):
            return
        families = {name: sets.MODELS.module(name).Settings.rows for name in sets.MODELS.names()}
        able = ", ".join(name for name, done in families.items() if (needed in done if needed else done))
        which = able if needed else f"another one than {able}"
        raise ValueError(f"model.family {self.model.family} does not learn {self.problem.kind}: it takes {which}")

    def _check_windows(self) -> None:
        """Raise ValueError where windows of series and what is asked of them do not go together."""
        window, split = self.source.window, self.preprocessing.split
        if self.problem.reads_windows != (window is not None):
            other = "takes none: leave source.window out" if window else "forecasts series: say source.window"
            raise ValueError(f"problem {self.problem.kind} {other}")
        if window is not None and (split.by, split.column) != ("time", window.time):
            raise ValueError(
                "windows of series are split by their time, or the model would know what it is asked: say "
                f"preprocessing: {{split: {{by: time, column: {window.time}}}}}"
            )
        if window is not None and HISTORY not in self.features:
            raise ValueError(f"a forecast is made from the values before it: features needs {{{HISTORY}: sequence}}")
        if self.source.points is not None and SERIES not in self.features:
            raise ValueError(f"source.points makes series of points: features needs {{{SERIES}: sequence}}")

    @property
    def metric(self) -> str:
        """What champion and challenger are compared on."""
        return self.release.metric or self.problem.compared[0]

    @property
    def rules(self) -> Release:
        """When a model may go into service, the problem's own bounds among the gates."""
        return self.release.model_copy(update={"gates": {**self.problem.bounds, **self.release.gates}})

    @property
    def judging(self) -> dict[str, Any]:
        """What the YAML says of the problem that matters to judging alone."""
        return self.problem.model_dump(mode="json", include={*self.problem.judging}, exclude_defaults=True)

    @property
    def composed(self) -> dict[str, tuple[str, ...]]:
        """Feature → the columns of the source that it is made of, for those that are made of several."""
        return {name: feature.parts for name, feature in self.features.items() if feature.parts}

    @property
    def needed(self) -> frozenset[str]:
        """The columns of the source that features are read from."""
        found = frozenset(part for name, feature in self.features.items() for part in feature.parts or (name,))
        made = self.source.window or self.source.points
        return made.source_columns(found) if made else found

    @property
    def file(self) -> Path:
        """The YAML this was read from, absolute."""
        return self._file

    @property
    def overrides(self) -> dict[str, str]:
        """The settings that count for this run in place of the YAML's."""
        return self._overrides

    @property
    def folder(self) -> Path:
        """The folder that relative paths in the YAML start from."""
        return self._file.parent

    def resolve(self, text: str) -> Path:
        """A path from the YAML, absolute, with ${VAR} filled in from the environment.

        What stands for a whole path is no secret: a message must name the file. Anything else is.
        """
        path = Path(filled(text, str(self.file), is_path=True))
        try:
            return self.folder / path.expanduser()
        except RuntimeError as error:  # ~name of nobody
            raise ConfigError(f'"{text}" names no file: {error}', where=str(self.file)) from error

    def reveal(self, text: str) -> str:
        """`text` with ${VAR} filled in from the environment, and never written or printed from here on.

        Raises ConfigError where one is not set.
        """
        return filled(text, str(self.file))

    def address(self, text: str) -> str:
        """The same of a database's or server's address, whose password is a secret too."""
        revealed = self.reveal(text)
        redact.address(revealed)
        return revealed

    def members(self, *parts: str) -> list[str]:
        """The modules of the open sets' members in use: `features.cells` names that one of each kind of column."""
        used = {
            "features": (sets.FEATURES, {feature.kind for feature in self.features.values()}),
            "problems": (sets.PROBLEMS, {self.problem.kind}),
            "models": (sets.MODELS, {self.model.family}),
        }
        named = [(*used[name], part) for name, _, part in (part.partition(".") for part in parts)]
        own = self.model.modules() if "models.net" in parts else ()
        every = ((kept, member, part) for kept, members, part in named for member in sorted(members))
        there = [kept.where(member, part) for kept, member, part in every if not part or kept.has(member, part)]
        return [*there, *own]

    def read(self, *paths: str) -> dict[str, Any]:
        """The named parts, such as "training" or "features.*.kind", flattened to dotted keys and plain values.

        This is what a stage's key is made of, and what its reason to run names. The features come in the YAML's order.
        `LEARNED` names what of the problem decides what is learned.
        """
        flat: dict[str, Any] = {"features": list(self.features)} if any(p.startswith("features") for p in paths) else {}
        whole = self.model_dump(mode="json")
        for path in paths:
            if path == LEARNED:
                _flatten("problem", {k: v for k, v in whole["problem"].items() if k not in self.problem.judging}, flat)
            else:
                _descend("", path.split("."), whole, flat)
        return flat


def filled(text: str, where: str, *, is_path: bool = False) -> str:
    """`text` with ${VAR} filled in from the environment, and redacted from here on, unless it stands for a whole path.

    Raises ConfigError, naming `where` it stands, for one that is not set.
    """

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in os.environ:
            raise ConfigError(
                f"${{{name}}} stands there and the environment has no {name}.",
                todo=f"Set it: export {name}=…",
                where=where,
            )
        found = os.environ[name]
        if not (is_path and "/" in found):
            redact.secret(found, f"${{{name}}}")
        return found

    return _VARIABLE.sub(value, text)


def _descend(prefix: str, steps: list[str], value: Any, into: dict[str, Any]) -> None:
    if not steps:
        _flatten(prefix, value, into)
        return
    named = steps[:1] if steps[0] in value else ()  # a member may be without this setting
    for name in value if steps[0] == "*" else named:
        _descend(f"{prefix}.{name}" if prefix else name, steps[1:], value[name], into)


def _flatten(prefix: str, value: Any, into: dict[str, Any]) -> None:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            _flatten(f"{prefix}.{key}", inner, into)
    else:
        into[prefix] = value
