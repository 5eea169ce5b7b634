"""Which settings a search may vary, and whether those of the YAML are such."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError
from ruamel.yaml.comments import CommentedMap

from keepfit.config.pipeline import Pipeline
from keepfit.config.sections import Section
from keepfit.config.tuning import Value
from keepfit.config.wording import should_be
from keepfit.config.yaml_reading import place, plain
from keepfit.errors import ConfigError, nearest
from keepfit.quoting import shown

_SECTIONS = ("model", "training", "preprocessing")
_FIXED = frozenset(f"training.{name}" for name in (
    "seed", "device", "precision", "threads", "processes", "checkpoint_seconds", "max_seconds",
))  # fmt: skip
"""Of the machine, or of chance: none of them is better than another one."""
_ANY = "NAME"


def tunable(config: Pipeline) -> list[str]:
    """Every setting that may be varied, by its path; NAME stands for one that a network of a person's own brings."""
    return [path for section in _SECTIONS for path in _of(section, getattr(config, section))]


def _of(section: str, values: Section) -> Iterator[str]:
    for name in type(values).model_fields:
        value, path = getattr(values, name), f"{section}.{name}"
        if isinstance(value, dict):
            yield f"{path}.{_ANY}"
        elif path not in _FIXED and not isinstance(value, Section):
            yield path


def check(config: Pipeline, tree: CommentedMap) -> None:
    """Raise ConfigError, naming its line, for a setting that cannot be searched, or cannot have one of its values."""
    known = tunable(config)
    for path, setting in config.tuning.settings.items():
        where = place(config.file, tree, ("tuning", "settings", path))
        if path not in known and f"{path.rpartition('.')[0]}.{_ANY}" not in known:
            raise ConfigError(
                f'tuning.settings: "{path}" is no setting that can be searched.',
                allowed=f"Allowed here: {', '.join(known)}.",
                todo=nearest(path, known),
                where=where,
            )
        for value in setting.ends:
            _try(plain(tree, config.file), path, value, where)


def _try(values: dict[str, Any], path: str, value: Value, where: str) -> None:
    try:
        Pipeline.model_validate(put(values, path, value))
    except ValidationError as error:
        first = error.errors()[0]
        words = should_be(first) or f"{first['msg'].removeprefix('Value error, ')}."
        raise ConfigError(f"tuning.settings: {path} cannot be {shown(value)}.", allowed=words, where=where) from error


def put(values: dict[str, Any], path: str, value: Value) -> dict[str, Any]:
    """The same tree of plain values with one of them changed."""
    *way, last = path.split(".")
    found = at = dict(values)
    for step in way:
        at[step] = dict(at.get(step) or {})
        at = at[step]
    at[last] = value
    return found
