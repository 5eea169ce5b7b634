"""Values put into the text of a YAML file; every other letter of it stays, comments and order too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from keepfit.config.tunable import put
from keepfit.config.tuning import Value, written
from keepfit.errors import ConfigError

_BLOCK = ("|", ">")
"""Styles of a text that goes over several lines."""


def edited(text: str, values: Mapping[str, Value], file: Path) -> str:
    """The text with each value where its path leads, in a section that is made where there is none.

    Raises ConfigError, naming the lines to write by hand, where the file is written so that this would change more.
    """
    try:
        wanted, changed = yaml.safe_load(text) or {}, text
        for path, value in values.items():
            wanted = put(wanted, path, value)
            changed = _put(changed, path.split("."), written(value))
        if yaml.safe_load(changed) == wanted:
            return changed
    except (yaml.YAMLError, AttributeError, TypeError):
        pass
    lines = ", ".join(f"{path}: {written(value)}" for path, value in values.items())
    raise ConfigError(
        "it is written in a way that cannot be edited without changing more.",
        todo=f"Write this by hand: {lines}.",
        where=str(file),
    )


def _put(text: str, steps: list[str], value: str) -> str:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if node is None:  # comments alone
        return f"{text}{_lines(steps, value, 0)}\n"
    for place, step in enumerate(steps):
        inner = next((one for key, one in node.value if key.value == step), None)
        if inner is None:
            return _added(text, node, steps[place:], value)
        if place + 1 < len(steps) and not isinstance(inner, yaml.MappingNode):  # a section with nothing in it
            begin, end = inner.start_mark.index, inner.end_mark.index
            return f"{text[:begin]}\n{_lines(steps[place + 1 :], value, 2 * (place + 1))}{text[end:]}"
        node = inner
    space = "" if text[node.start_mark.index - 1].isspace() else " "  # behind the colon of a key without a value
    return f"{text[: node.start_mark.index]}{space}{value}{text[node.end_mark.index :]}"


def _added(text: str, mapping: yaml.MappingNode, steps: list[str], value: str) -> str:
    """The text with a further key in a mapping: behind the last of its lines whose end is sure."""
    if mapping.flow_style:
        at = mapping.value[-1][1].end_mark.index if mapping.value else mapping.start_mark.index + 1
        whole = "".join(f"{step}: {{" for step in steps[:-1]) + f"{steps[-1]}: {value}" + "}" * (len(steps) - 1)
        return f"{text[:at]}{', ' if mapping.value else ''}{whole}{text[at:]}"
    column = mapping.value[0][0].start_mark.column
    added = _lines(steps, value, column)
    if column == 0:
        return f"{text.rstrip()}\n{added}\n"
    ends = [one.end_mark.index for _, one in mapping.value if _ends_where_it_says(one)]
    if not ends:
        first = mapping.value[0][0].start_mark.index
        return f"{text[:first]}{added.lstrip()}\n{' ' * column}{text[first:]}"
    end = text.find("\n", ends[-1])
    return f"{text}\n{added}\n" if end < 0 else f"{text[:end]}\n{added}{text[end:]}"


def _ends_where_it_says(node: yaml.Node) -> bool:
    """Whether nothing but a comment follows on the line of its end."""
    return bool(node.flow_style) if isinstance(node, yaml.CollectionNode) else node.style not in _BLOCK


def _lines(steps: list[str], value: str, column: int) -> str:
    """Keys within each other, a line each."""
    keys = [f"{' ' * (column + 2 * depth)}{step}:" for depth, step in enumerate(steps)]
    return "\n".join(keys) + f" {value}"
