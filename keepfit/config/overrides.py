"""Settings of one run in place of the YAML's: dotted keys with values as YAML writes them, such as training.seed=1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml
from ruamel.yaml.comments import CommentedMap

from keepfit.errors import ConfigError

Overrides = Mapping[str, str]
"""training.seed → "1"."""


def parsed(given: Iterable[str]) -> dict[str, str]:
    """`training.seed=1` and its like. Raises ConfigError for one without a key or a value."""
    found = {}
    for one in given:
        key, equals, value = one.partition("=")
        if not equals or not all(key.strip().split(".")):
            raise ConfigError(f'--set got "{one}".', allowed="A key and its value, such as --set training.seed=1.")
        found[key.strip()] = value.strip()
    return found


def put_into(tree: CommentedMap, overrides: Overrides) -> None:
    """Put each value where its key leads, making sections that are not there; kinds in short form become sections.

    Raises ConfigError for a value that is no YAML, or a key that leads through a value.
    """
    for key, text in overrides.items():
        *way, last = key.split(".")
        place: Any = tree
        for step in way:
            if not isinstance(place.get(step), dict):
                place[step] = _section(place.get(step), key)
            place = place[step]
        place[last] = _value(key, text)


def _section(value: Any, key: str) -> CommentedMap:
    if value is None:
        return CommentedMap()
    if isinstance(value, str):  # a kind, a problem, a cron line: what the section names first is its kind
        return CommentedMap(kind=value)
    raise ConfigError(f"--set {key}: that leads through a value, and no section.", todo="Write a key of the YAML.")


def _value(key: str, text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f'--set {key}: "{text}" is no value of YAML.', todo="Quote it.") from error


def named(error: ConfigError, overrides: Overrides) -> ConfigError:
    """The same error, said of the options: the file by itself is sound."""
    options = " ".join(f"--set {key}={value}" for key, value in overrides.items())
    return ConfigError(error.found, allowed=error.allowed, todo=error.todo, where=options)
